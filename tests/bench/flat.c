// SPDX-License-Identifier: MIT
// Runs a chain with every stage and a cab under callgrind, which writes one record per block:
// flat.sh reads them. Usage: bench-flat TAPS CHANNELS BLOCKS.

#include "backline/chain.h"

#include "support/random.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef __has_include
// cppcheck-suppress preprocessorErrorDirective ; it does not know __has_include
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define COUNTS
#endif
#endif

static float *noise_new(random_source *random, uint32_t count, float peak)
{
    float *samples = malloc(count * sizeof *samples);
    for (uint32_t i = 0; samples != NULL && i < count; i++) {
        samples[i] = random_float(random, -peak, peak);
    }
    return samples;
}

static void run(bl_chain *chain, random_source *random, uint32_t blocks)
{
    float left[BL_INNER_FRAMES] = {0}, right[BL_INNER_FRAMES] = {0};
    for (uint32_t b = 0; b < blocks; b++) {
        float *in = noise_new(random, BL_INNER_FRAMES, 0.01F);
        if (in == NULL) {
            return;
        }
#ifdef COUNTS
        CALLGRIND_ZERO_STATS;
#endif
        bl_chain_process(chain, in, (float *[]){left, right}, BL_INNER_FRAMES);
#ifdef COUNTS
        CALLGRIND_DUMP_STATS;
#endif
        free(in);
    }
}

int main(int argc, char **argv)
{
#ifndef COUNTS
    return 77;
#endif
    if (argc != 4) {
        return 2;
    }
    random_source random = {1};
    const uint32_t taps = (uint32_t)strtoul(argv[1], NULL, 10);
    float *response = noise_new(&random, taps, 0.01F);
    const bl_cab cab = {.taps = {response, response},
                        .channels = (uint32_t)strtoul(argv[2], NULL, 10),
                        .frames = taps,
                        .sample_rate_hz = 48000.0};
    bl_chain_config config = bl_chain_config_default();
    config.stages = true;
    config.cab = &cab;
    config.parameters[BL_PARAMETER_GATE_ON] = 1.0;
    config.parameters[BL_PARAMETER_BASS] = 8.0;
    config.parameters[BL_PARAMETER_LOW_CUT] = 80.0;
    bl_chain *chain = NULL;
    bl_error error = {0};
    if (response == NULL || bl_chain_create(&config, &chain, &error) != BL_STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    run(chain, &random, (uint32_t)strtoul(argv[3], NULL, 10));
    bl_chain_destroy(chain);
    free(response);
    return 0;
}
