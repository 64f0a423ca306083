// SPDX-License-Identifier: MIT
// Chains with gate, tone, cuts and ceiling, and one or two parameters away from their defaults.

#ifndef TESTS_SUPPORT_STAGES_H
#define TESTS_SUPPORT_STAGES_H

#include "backline/chain.h"
#include "backline/limits.h"

#include "support/cmocka_all.h"

enum { STAGES_RATE = 48000 };

/// Without a model, with stages.
static inline bl_chain_config stages_config(void)
{
    bl_chain_config config = bl_chain_config_default();
    config.stages = true;
    return config;
}

static inline bl_chain *stages_chain(const bl_chain_config *config)
{
    bl_chain *chain = NULL;
    bl_error error = {0};
    if (bl_chain_create(config, &chain, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return chain;
}

/// Runs `frames` frames in blocks of at most `block`.
static inline void stages_run(bl_chain *chain, const float *in, float *out, uint32_t frames,
                              uint32_t block)
{
    for (uint32_t at = 0; at < frames; at += block) {
        bl_chain_process(chain, in + at, (float *[]){out + at},
                         frames - at < block ? frames - at : block);
    }
}

#endif
