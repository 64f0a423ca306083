// SPDX-License-Identifier: MIT
// Loudness by libebur128, which wants its channels interleaved.

#include "loudness.h"

#include "backline/limits.h"

#include <assert.h>
#include <ebur128.h>
#include <math.h>
#include <stdlib.h>

struct bl_loudness {
    ebur128_state *meter;
    uint32_t channels;
};

bl_status bl_loudness_create(uint32_t channels, double sample_rate_hz, bl_loudness **loudness,
                             bl_error *error)
{
    bl_loudness *made = calloc(1, sizeof *made);
    ebur128_state *meter =
        ebur128_init(channels, (unsigned long)lround(sample_rate_hz), EBUR128_MODE_I);
    if (made == NULL || meter == NULL) {
        free(made);
        if (meter != NULL) {
            ebur128_destroy(&meter);
        }
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to measure loudness");
    }
    if (channels == 1) {
        ebur128_set_channel(meter, 0, EBUR128_DUAL_MONO);
    }
    *made = (bl_loudness){meter, channels};
    *loudness = made;
    return BL_STATUS_OK;
}

void bl_loudness_destroy(bl_loudness *loudness)
{
    if (loudness != NULL) {
        ebur128_destroy(&loudness->meter);
        free(loudness);
    }
}

bool bl_loudness_add(bl_loudness *loudness, const float *const *channels, uint32_t frames)
{
    float woven[BL_INNER_FRAMES * BL_OUTPUTS_MAX];
    for (uint32_t i = 0; i < frames; i++) {
        for (uint32_t c = 0; c < loudness->channels; c++) {
            woven[i * loudness->channels + c] = channels[c][i];
        }
    }
    return ebur128_add_frames_float(loudness->meter, woven, frames) == EBUR128_SUCCESS;
}

double bl_loudness_lufs(bl_loudness *const *parts, size_t count)
{
    ebur128_state *meters[BL_LOUDNESS_PARTS];
    double lufs = 0.0;
    assert(count <= BL_LOUDNESS_PARTS);
    for (size_t i = 0; i < count; i++) {
        meters[i] = parts[i]->meter;
    }
    return ebur128_loudness_global_multiple(meters, count, &lufs) == EBUR128_SUCCESS ? lufs
                                                                                     : -HUGE_VAL;
}
