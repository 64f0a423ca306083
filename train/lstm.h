// SPDX-License-Identifier: MIT
// The trainable form of one LSTM layer with a dense head: forward, and backward through the time of
// one segment (truncated backpropagation). The same manners as train/net.h: lanes keep their past,
// one bench per thread, the net is read-only between two packs.

#ifndef BACKLINE_TRAIN_LSTM_H
#define BACKLINE_TRAIN_LSTM_H

#include "backline/status.h"
#include "model/arch.h"
#include "train/kernels.h"

#include <stddef.h>

typedef struct bl_train_lstm bl_train_lstm;
typedef struct bl_train_lstm_bench bl_train_lstm_bench;

/// Plans `shape`, whose weights all lie in `base`; see bl_train_net_create. Fails with
/// BL_STATUS_UNSUPPORTED for anything but one LSTM of one input and one dense output.
/// Thread: any but RT. Owns: the caller.
bl_status bl_train_lstm_create(const bl_sequence *shape, const float *base,
                               const bl_train_kernels *kernels, bl_train_lstm **lstm,
                               bl_error *error);

/// NULL is allowed.
void bl_train_lstm_destroy(bl_train_lstm *lstm);

/// Takes new parameters. Thread: one, with no bench running.
void bl_train_lstm_pack(bl_train_lstm *lstm, const float *parameters);

/// Floats of a lane's past: h and c. All zeros: nothing came before.
size_t bl_train_lstm_past_size(const bl_train_lstm *lstm);

/// Frames after which the state has forgotten where it started, near enough.
uint32_t bl_train_lstm_memory_frames(const bl_train_lstm *lstm);

/// Room for segments of `frames`. NULL if memory is short.
bl_train_lstm_bench *bl_train_lstm_bench_create(const bl_train_lstm *lstm, size_t frames);

/// NULL is allowed.
void bl_train_lstm_bench_destroy(bl_train_lstm_bench *bench);

/// As bl_train_bench_forward and bl_train_bench_backward.
const float *bl_train_lstm_bench_forward(bl_train_lstm_bench *bench, float *past, const float *in);
void bl_train_lstm_bench_backward(bl_train_lstm_bench *bench, const float *delta, float *gradient);

#endif
