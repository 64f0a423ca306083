// SPDX-License-Identifier: MIT
// The demo loop. Layout: `samples` holds one pass, `head` what the first frames of every later pass
// sound like: the file's start fading in over its end fading out.

#include "demo.h"

#include "backline/audio.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FADE_MS 10.0

struct bl_demo {
    float *samples; ///< `frames` of them, then `fade` that only `head` is made of
    float *head;    ///< `fade` of them
    uint64_t frames, fade;
    uint64_t position; ///< RT alone
    bool again;        ///< RT alone: a later pass
};

bl_status bl_demo_create(const float *samples, uint64_t frames, double sample_rate_hz,
                         bl_demo **demo, bl_error *error)
{
    uint64_t fade = (uint64_t)(FADE_MS * 1e-3 * sample_rate_hz);
    if (fade > frames / 4) {
        fade = frames / 4;
    }
    bl_demo *d = calloc(1, sizeof *d);
    float *pass = malloc((size_t)(frames + 1) * sizeof *pass);
    float *head = malloc((size_t)(fade + 1) * sizeof *head);
    if (d == NULL || pass == NULL || head == NULL || frames == 0) {
        free(d);
        free(pass);
        free(head);
        return bl_error_set(error, frames == 0 ? BL_STATUS_VALUE : BL_STATUS_NO_MEMORY,
                            "the demo of %llu samples cannot be held in memory",
                            (unsigned long long)frames);
    }
    memcpy(pass, samples, (size_t)frames * sizeof *pass);
    d->samples = pass;
    d->head = head;
    d->fade = fade;
    d->frames = frames - fade;
    for (uint64_t i = 0; i < fade; i++) {
        const double in = (double)i / (double)fade;
        head[i] = (float)((double)pass[i] * in + (double)pass[d->frames + i] * (1.0 - in));
    }
    *demo = d;
    return BL_STATUS_OK;
}

bl_status bl_demo_load(const char *path, double sample_rate_hz, bl_demo **demo, bl_error *error)
{
    bl_audio audio = {0};
    bl_status status = bl_audio_load_at(path, 0, sample_rate_hz, &audio, error);
    if (status == BL_STATUS_OK) {
        status = bl_demo_create(audio.samples, audio.frames, sample_rate_hz, demo, error);
    }
    bl_audio_finish(&audio);
    return status;
}

void bl_demo_destroy(bl_demo *demo)
{
    if (demo != NULL) {
        free(demo->samples);
        free(demo->head);
        free(demo);
    }
}

void bl_demo_read(bl_demo *demo, float *out, uint32_t frames)
{
    for (uint32_t done = 0; done < frames;) {
        const bool in_head = demo->again && demo->position < demo->fade;
        const uint64_t end = in_head ? demo->fade : demo->frames;
        const float *source = in_head ? demo->head : demo->samples;
        uint64_t n = end - demo->position;
        if (n > frames - done) {
            n = frames - done;
        }
        memcpy(out + done, source + demo->position, (size_t)n * sizeof *out);
        done += (uint32_t)n;
        demo->position += n;
        if (demo->position >= demo->frames) {
            demo->position = 0;
            demo->again = true;
        }
    }
}
