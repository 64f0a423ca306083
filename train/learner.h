// SPDX-License-Identifier: MIT
// All networks of one model, trained together on the same segments: one, or one per width. Hides
// what kind they are. The manners are those of train/net.h.

#ifndef BACKLINE_TRAIN_LEARNER_H
#define BACKLINE_TRAIN_LEARNER_H

#include "backline/config.h"
#include "backline/status.h"
#include "model/arch.h"

#include <stddef.h>
#include <stdint.h>

enum { BL_LEARNER_OUTPUTS_MAX = BL_CONFIG_LIST_MAX };

typedef struct bl_learner bl_learner;
typedef struct bl_learner_bench bl_learner_bench;

/// Plans training of `arch`, whose weights all lie in `base[0..parameter_count)`; neither is kept.
/// Fails with BL_STATUS_UNSUPPORTED for what has no gradient. Thread: any but RT. Owns: the caller.
bl_status bl_learner_create(const bl_arch *arch, const float *base, size_t parameter_count,
                            bl_learner **learner, bl_error *error);

/// After its benches. NULL is allowed.
void bl_learner_destroy(bl_learner *learner);

/// Outputs: one per network, the model's own last.
uint32_t bl_learner_outputs(const bl_learner *learner);

/// Takes new parameters. Thread: one, with no bench running.
void bl_learner_pack(bl_learner *learner, const float *parameters);

/// As in train/net.h, over all networks: the same delay for each, the longest memory.
uint32_t bl_learner_delay_frames(const bl_learner *learner);
uint32_t bl_learner_memory_frames(const bl_learner *learner);
size_t bl_learner_past_size(const bl_learner *learner);

/// NULL if memory is short. Thread: any. Owns: the caller.
bl_learner_bench *bl_learner_bench_create(const bl_learner *learner, size_t frames);

/// NULL is allowed.
void bl_learner_bench_destroy(bl_learner_bench *bench);

/// Runs the next segment of a lane; `out` gets one pointer per output, valid until the next call.
/// Thread: one per bench.
void bl_learner_bench_forward(bl_learner_bench *bench, float *past, const float *in,
                              const float *out[BL_LEARNER_OUTPUTS_MAX]);

/// Right after a forward: adds to `gradient` what output `which` contributes.
void bl_learner_bench_backward(bl_learner_bench *bench, uint32_t which, const float *delta,
                               float *gradient);

#endif
