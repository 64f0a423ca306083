// SPDX-License-Identifier: MIT
// Loader, builder and one block of sound for foreign bytes. Big models are not built: that costs
// time, not correctness.

#include "fuzz_model.h"

#include "backline/model.h"
#include "backline/voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAC_MAX = 4096, RECEPTIVE_FIELD_MAX = 16384 };

static void play(bl_model *model)
{
    bl_error error = {0};
    bl_voice *voice = NULL;
    const bl_status status = bl_voice_create(model, NULL, &voice, &error);
    PROMISE(status == error.status);
    if (status == BL_STATUS_OK) {
        float block[BL_INNER_FRAMES];
        for (int i = 0; i < BL_INNER_FRAMES; i++) {
            block[i] = (float)(i % 7) / 7.0f;
        }
        bl_voice_process(voice, block, block, BL_INNER_FRAMES);
        bl_voice_reset(voice);
        bl_voice_process(voice, block, block, 3);
        bl_voice_destroy(voice);
    }
}

void fuzz_model(const uint8_t *bytes, size_t size, const char *name)
{
    bl_error error = {0};
    bl_model *model = NULL;
    const bl_status status = bl_model_parse(bytes, size, name, NULL, &model, &error);
    PROMISE(status == error.status);
    PROMISE((status == BL_STATUS_OK) == (model != NULL));
    if (status != BL_STATUS_OK) {
        PROMISE(strncmp(error.text, name, strlen(name)) == 0);
        return;
    }
    const bl_model_info *info = bl_model_get_info(model);
    PROMISE(info->sample_rate_hz >= BL_RATE_MIN_HZ && info->sample_rate_hz <= BL_RATE_MAX_HZ);
    if (info->mac_per_sample <= MAC_MAX && info->receptive_field_samples <= RECEPTIVE_FIELD_MAX) {
        play(model);
    }
    bl_model_release(model);
}
