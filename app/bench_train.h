// SPDX-License-Identifier: MIT
// `backline bench --train`: how fast this machine trains. Thread: MAIN.

#ifndef BACKLINE_APP_BENCH_TRAIN_H
#define BACKLINE_APP_BENCH_TRAIN_H

#include "backline/status.h"

#include <stdbool.h>
#include <stdint.h>

/// Measures the configs in turns, each with one thread and with one per core, about `seconds` each,
/// and prints a table or a JSON document.
bl_status bl_bench_train(const char *const *paths, uint32_t count, double seconds, bool json,
                         bl_error *error);

#endif
