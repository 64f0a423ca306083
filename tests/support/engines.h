// SPDX-License-Identifier: MIT
// Short hands for tests that drive an engine.

#ifndef TESTS_SUPPORT_ENGINES_H
#define TESTS_SUPPORT_ENGINES_H

#include "backline/engine.h"

#include "support/cmocka_all.h"
#include "support/random.h"

#include <stdbool.h>

/// 48 kHz, 5 ms crossfade, no ramps, not muted: the chain and nothing else.
static inline bl_engine_config bare_config(void)
{
    bl_engine_config config = bl_engine_config_default();
    config.ramp_ms = 0.0;
    config.start_muted = false;
    return config;
}

static inline bl_engine *engine_of(bl_engine_config config)
{
    bl_engine *engine = NULL;
    assert_int_equal(bl_engine_create(&config, &engine, NULL), BL_STATUS_OK);
    return engine;
}

static inline void send_control(bl_engine *engine, bl_control_kind kind, double value)
{
    assert_true(bl_engine_control(engine, &(bl_control){.kind = kind, .value = value}));
}

static inline void fill_noise(float *samples, uint32_t frames, uint64_t seed)
{
    random_source random = {seed};
    for (uint32_t i = 0; i < frames; i++) {
        samples[i] = random_float(&random, -1.0F, 1.0F);
    }
}

static inline void fill_with(float *samples, uint32_t frames, float value)
{
    for (uint32_t i = 0; i < frames; i++) {
        samples[i] = value;
    }
}

/// A period that a server might ask for, or one that only a test would.
static inline uint32_t random_period(random_source *random)
{
    static const uint32_t periods[] = {0,  1,   2,   7,   31,   32,   63,  64,
                                       65, 100, 127, 128, 1000, 1024, 8192};
    return periods[random_below(random, sizeof periods / sizeof *periods)];
}

/// Runs `frames` in random periods.
static inline void process(bl_engine *engine, const float *in, float *out, uint32_t frames,
                           random_source *random)
{
    for (uint32_t at = 0; at < frames;) {
        const uint32_t period = random_period(random), left = frames - at;
        bl_engine_process(engine, in + at, out + at, period < left ? period : left);
        at += period < left ? period : left;
    }
}

/// Takes what waits in the telemetry ring. Returns the last record of `kind`, or zeros.
static inline bl_telemetry last_telemetry(bl_engine *engine, bl_telemetry_kind kind)
{
    bl_telemetry record, last = {.generation = 0};
    while (bl_engine_poll(engine, &record)) {
        last = record.kind == kind ? record : last;
    }
    return last;
}

#endif
