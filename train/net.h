// SPDX-License-Identifier: MIT
// The trainable form of a WaveNet: forward and backward over long segments of several lanes. A
// lane's rows keep the history of its previous segment, so that no receptive field is computed
// twice. One lane per thread at a time; the net itself is read-only between two packs.

#ifndef BACKLINE_TRAIN_NET_H
#define BACKLINE_TRAIN_NET_H

#include "backline/status.h"
#include "model/arch.h"
#include "train/kernels.h"

#include <stddef.h>
#include <stdint.h>

typedef struct bl_train_net bl_train_net;
typedef struct bl_train_lane bl_train_lane;

/// Plans forward and backward for `shape`, whose weight pointers all point into
/// `base[0..parameter_count)`: only their offsets are used, so that parameters, gradients and
/// moments are flat arrays in the same order. Kernels may be NULL: the best. `shape` is not kept.
/// Fails with BL_STATUS_UNSUPPORTED for gating, FiLM, groups, head1x1 and post heads.
/// Thread: any but RT. Owns: the caller.
bl_status bl_train_net_create(const bl_wavenet *shape, const float *base, size_t parameter_count,
                              const bl_train_kernels *kernels, bl_train_net **net, bl_error *error);

/// Thread: any, after its lanes. NULL is allowed.
void bl_train_net_destroy(bl_train_net *net);

/// Takes new parameters, `parameter_count` of them. Thread: one, with no lane running.
void bl_train_net_pack(bl_train_net *net, const float *parameters);

size_t bl_train_net_parameter_count(const bl_train_net *net);

/// Frames by which the output lags the input: lookahead of a centred net, else 0.
uint32_t bl_train_net_delay_frames(const bl_train_net *net);

/// Past frames that one output depends on, without the present one.
uint32_t bl_train_net_memory_frames(const bl_train_net *net);

/// A lane for segments of `frames`, a multiple of BL_TRAIN_TILE. NULL if memory is short.
/// Thread: any. Owns: the caller, who destroys it before the net.
bl_train_lane *bl_train_lane_create(const bl_train_net *net, size_t frames);

/// NULL is allowed.
void bl_train_lane_destroy(bl_train_lane *lane);

/// Forgets the past: zeros everywhere. To start inside a recording run bl_train_lane_forward over
/// bl_train_net_memory_frames first.
void bl_train_lane_reset(bl_train_lane *lane);

/// Runs the next segment: `in` has the lane's frames. Returns the output, as many, valid until the
/// next call. Thread: one per lane.
const float *bl_train_lane_forward(bl_train_lane *lane, const float *in);

/// After a forward: adds the loss's gradient of this segment's output `delta` (the lane's frames)
/// to `gradient` (parameter_count). Nothing flows into the previous segment.
void bl_train_lane_backward(bl_train_lane *lane, const float *delta, float *gradient);

#endif
