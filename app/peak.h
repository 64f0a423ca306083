// SPDX-License-Identifier: MIT
// The loop that no kernel can beat: multiply-adds on registers alone.

#ifndef BACKLINE_APP_PEAK_H
#define BACKLINE_APP_PEAK_H

#include <stdint.h>

/// Does `rounds` rounds of multiply-adds and returns how many each round has. Thread: any.
uint64_t bl_peak_run(uint64_t rounds);

#endif
