// SPDX-License-Identifier: MIT
// The trainable form of a WaveNet: forward and backward over long segments. A lane is a place in
// the recording whose segments follow one another; its past is kept, so that no receptive field is
// computed twice. One bench per thread; the net itself is read-only between two packs.

#ifndef BACKLINE_TRAIN_NET_H
#define BACKLINE_TRAIN_NET_H

#include "backline/status.h"
#include "model/arch.h"
#include "train/kernels.h"

#include <stddef.h>
#include <stdint.h>

typedef struct bl_train_net bl_train_net;
typedef struct bl_train_bench bl_train_bench;

/// Plans forward and backward for `shape`, whose weight pointers all point into
/// `base[0..parameter_count)`: only their offsets are used, so that parameters, gradients and
/// moments are flat arrays in the same order. Kernels may be NULL: the best. `shape` is not kept.
/// Fails with BL_STATUS_UNSUPPORTED for gating, FiLM, groups, head1x1 and post heads.
/// Thread: any but RT. Owns: the caller.
bl_status bl_train_net_create(const bl_wavenet *shape, const float *base, size_t parameter_count,
                              const bl_train_kernels *kernels, bl_train_net **net, bl_error *error);

/// Thread: any, after its benches. NULL is allowed.
void bl_train_net_destroy(bl_train_net *net);

/// Takes new parameters, `parameter_count` of them. Thread: one, with no bench running.
void bl_train_net_pack(bl_train_net *net, const float *parameters);

size_t bl_train_net_parameter_count(const bl_train_net *net);

/// Frames by which the output lags the input: lookahead of a centred net, else 0.
uint32_t bl_train_net_delay_frames(const bl_train_net *net);

/// Past frames that one output depends on, without the present one.
uint32_t bl_train_net_memory_frames(const bl_train_net *net);

/// Floats of a lane's past: what its next segment needs of the segments before. All zeros: nothing
/// came before. To start inside a recording run forward over bl_train_net_memory_frames first.
size_t bl_train_net_past_size(const bl_train_net *net);

/// Room to work on segments of `frames`, a multiple of BL_TRAIN_TILE, one segment at a time; any
/// number of lanes may take turns in it. NULL if memory is short. Thread: any. Owns: the caller,
/// who destroys it before the net.
bl_train_bench *bl_train_bench_create(const bl_train_net *net, size_t frames);

/// NULL is allowed.
void bl_train_bench_destroy(bl_train_bench *bench);

/// Runs the next segment of the lane with `past`, which moves on: `in` has the bench's frames.
/// Returns the output, as many, valid until the next call. Thread: one per bench.
const float *bl_train_bench_forward(bl_train_bench *bench, float *past, const float *in);

/// Right after a forward: adds the loss's gradient of this segment's output `delta` (the bench's
/// frames) to `gradient` (parameter_count). Nothing flows into the previous segment.
void bl_train_bench_backward(bl_train_bench *bench, const float *delta, float *gradient);

#endif
