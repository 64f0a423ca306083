// SPDX-License-Identifier: MIT
// Plays a model through an engine, for counting its instructions under callgrind, one part after
// the other: bench-play MODEL (PERIOD PERIODS music|silence|denormal)...

#include "backline/engine.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIOD_MAX = 8192 };

// The sample at `t` of a signal named as above.
static float sample(const char *signal, uint64_t t)
{
    if (strcmp(signal, "silence") == 0) {
        return 0.0F;
    }
    const double phase = (double)t * 0.01;
    const double chord = 0.1 * (sin(phase) + sin(phase * 1.5) + sin(phase * 2.02));
    return (float)(strcmp(signal, "denormal") == 0 ? chord * 1e-38 : chord);
}

/// Where callgrind is told to write its counts: before each part.
__attribute__((noinline)) static void part_begins(void)
{
    __asm__ volatile("");
}

static void play(bl_engine *engine, uint32_t period, uint32_t periods, const char *signal)
{
    static float samples[PERIOD_MAX];
    uint64_t t = 0;
    part_begins();
    for (uint32_t p = 0; p < periods; p++) {
        for (uint32_t i = 0; i < period; i++, t++) {
            samples[i] = sample(signal, t);
        }
        bl_engine_process(engine, samples, samples, period);
    }
}

// Plays all parts; false if one is not understood.
static bool play_parts(bl_engine *engine, char **arguments, int count)
{
    for (int i = 0; i + 2 < count; i += 3) {
        const long period = strtol(arguments[i], NULL, 10);
        const long periods = strtol(arguments[i + 1], NULL, 10);
        if (period < 1 || period > PERIOD_MAX || periods < 1 || periods > 1000000) {
            return false;
        }
        play(engine, (uint32_t)period, (uint32_t)periods, arguments[i + 2]);
    }
    return count > 0 && count % 3 == 0;
}

int main(int argc, char **argv)
{
    bl_engine_config engine_config = bl_engine_config_default();
    engine_config.ramp_ms = 0.0;
    engine_config.crossfade_ms = 0.0;
    engine_config.start_muted = false;
    bl_chain_config chain_config = bl_chain_config_default();
    bl_engine *engine = NULL;
    bl_chain *chain = NULL;
    bl_error error = {.text = "which model?"};
    bool done = false;
    if (argc > 1 && bl_model_load(argv[1], NULL, &chain_config.model, &error) == BL_STATUS_OK &&
        bl_engine_create(&engine_config, &engine, &error) == BL_STATUS_OK &&
        bl_chain_create(&chain_config, &chain, &error) == BL_STATUS_OK) {
        bl_chain_destroy(bl_engine_swap(engine, chain));
        done = play_parts(engine, argv + 2, argc - 2);
    } else {
        fprintf(stderr, "bench-play: %s\n", error.text);
    }
    bl_engine_destroy(engine);
    bl_model_release(chain_config.model);
    return done ? 0 : 1;
}
