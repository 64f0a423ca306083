// SPDX-License-Identifier: MIT
// A recording played round and round into the chain instead of the guitar. Wholly in memory; the
// first pass is the file bit for bit, later ones enter through a short crossfade, so no seam
// clicks.

#ifndef BACKLINE_APP_DEMO_H
#define BACKLINE_APP_DEMO_H

#include "backline/status.h"

#include <stdint.h>

typedef struct bl_demo bl_demo;

/// Loads channel 0 of a file and resamples it. Thread: any but RT. Owns: the caller.
bl_status bl_demo_load(const char *path, double sample_rate_hz, bl_demo **demo, bl_error *error);

/// The same from samples in memory, which are copied.
bl_status bl_demo_create(const float *samples, uint64_t frames, double sample_rate_hz,
                         bl_demo **demo, bl_error *error);

/// Thread: any but RT. NULL is allowed.
void bl_demo_destroy(bl_demo *demo);

/// The next `frames` samples. Thread: RT.
void bl_demo_read(bl_demo *demo, float *out, uint32_t frames);

#endif
