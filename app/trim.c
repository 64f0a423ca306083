// SPDX-License-Identifier: MIT
// Measuring and remembering trims. One small file in the cache folder for each thing measured, so
// that programs side by side cannot harm each other's.

#include "trim.h"

#include "hash.h"
#include "loudness.h"
#include "paths.h"

#include "backline/audio.h"
#include "backline/file.h"
#include "backline/limits.h"
#include "backline/text.h"
#include "backline/voice.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// Part of every key: raise it when the same files would give another figure.
static const char method[] = "loudness 1";

/// Far below the output ceiling, which would hide how loud a rig is.
#define MEASURE_LEVEL_DB (-40.0)

/// What a measured loudness depends on, as a number.
typedef struct content_key {
    uint64_t hash;
} content_key;

static void add_bytes(content_key *key, const void *bytes, size_t size)
{
    key->hash = bl_hash_add(bl_hash_add(key->hash, bytes, size), &size, sizeof size);
}

static void add_number(content_key *key, double value)
{
    char text[BL_TEXT_NUMBER_MAX];
    bl_text_format_number(value, text);
    add_bytes(key, text, strlen(text));
}

static bool add_file(content_key *key, const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (path[0] != '\0' &&
        bl_file_read(path, BL_LIMIT_FILE_BYTES, &bytes, &size, NULL) != BL_STATUS_OK) {
        return false;
    }
    add_bytes(key, bytes, size);
    free(bytes);
    return true;
}

static bool make_key(const bl_chain_config *config, const bl_trim_wish *wish, const char *riff,
                     content_key *key)
{
    *key = (content_key){BL_HASH_BEGIN};
    add_bytes(key, method, sizeof method);
    add_number(key, config->sample_rate_hz);
    add_number(key, config->quality);
    add_number(key, config->calibration_db);
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        if (p != BL_PARAMETER_LEVEL && p != BL_PARAMETER_HOWL_GUARD) {
            add_number(key, config->parameters[p]);
        }
    }
    return add_file(key, wish->model) && add_file(key, wish->config) && add_file(key, wish->cab) &&
           add_file(key, riff);
}

static bool cache_path(content_key key, char path[BL_PATH_MAX])
{
    char file[64];
    snprintf(file, sizeof file, "loudness/%016" PRIx64, key.hash);
    return bl_path_user(BL_PATH_CACHE, file, path);
}

static bool recall(content_key key, double *lufs)
{
    char path[BL_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (!cache_path(key, path) ||
        bl_file_read(path, BL_TEXT_NUMBER_MAX, &bytes, &size, NULL) != BL_STATUS_OK) {
        return false;
    }
    const bool known = bl_text_parse_number((const char *)bytes, lufs);
    free(bytes);
    return known;
}

/// What cannot be kept is measured again.
static void keep(content_key key, double lufs)
{
    char path[BL_PATH_MAX], text[BL_TEXT_NUMBER_MAX];
    bl_text_format_number(lufs, text);
    if (cache_path(key, path) && bl_path_make_folder(path)) {
        bl_file_write(path, text, strlen(text), NULL);
    }
}

/// Plays the riff through `chain`. False if memory is short.
static bool play(bl_chain *chain, const bl_audio *riff, bl_loudness *loudness)
{
    const float scale = (float)pow(10.0, -MEASURE_LEVEL_DB / 20.0);
    float left[BL_INNER_FRAMES] = {0.0F}, right[BL_INNER_FRAMES] = {0.0F};
    bl_voice_prepare_thread();
    for (uint64_t at = 0; at < riff->frames; at += BL_INNER_FRAMES) {
        const uint64_t rest = riff->frames - at;
        const uint32_t frames = rest < BL_INNER_FRAMES ? (uint32_t)rest : BL_INNER_FRAMES;
        bl_chain_process(chain, riff->samples + at, (float *[]){left, right}, frames);
        for (uint32_t i = 0; i < frames; i++) { // back to what it is: the meter's gate is absolute
            left[i] *= scale;
            right[i] *= scale;
        }
        if (!bl_loudness_add(loudness, (const float *[]){left, right}, frames)) {
            return false;
        }
    }
    return true;
}

static bool measure(const bl_chain_config *config, const char *riff_path, double *lufs)
{
    bl_chain_config quiet = *config;
    quiet.parameters[BL_PARAMETER_LEVEL] = MEASURE_LEVEL_DB;
    bl_audio riff = {0};
    bl_chain *chain = NULL;
    bl_loudness *loudness = NULL;
    bool done = bl_audio_load(riff_path, 0, &riff, NULL) == BL_STATUS_OK &&
                bl_audio_resample(&riff, config->sample_rate_hz, NULL) == BL_STATUS_OK &&
                bl_chain_create(&quiet, &chain, NULL) == BL_STATUS_OK &&
                bl_loudness_create(bl_chain_channels(chain), config->sample_rate_hz, &loudness,
                                   NULL) == BL_STATUS_OK &&
                play(chain, &riff, loudness);
    *lufs = done ? bl_loudness_lufs(loudness) : 0.0;
    bl_loudness_destroy(loudness);
    bl_chain_destroy(chain);
    bl_audio_finish(&riff);
    return done;
}

/// The rig's loudness, from the cache if it is known there.
static bool find_loudness(const bl_chain_config *config, const bl_trim_wish *wish, double *lufs)
{
    char riff[BL_PATH_MAX];
    content_key key;
    if (!bl_path_share("riff.wav", riff) || !make_key(config, wish, riff, &key)) {
        return false;
    }
    if (recall(key, lufs)) {
        return true;
    }
    if (!measure(config, riff, lufs)) {
        return false;
    }
    if (isfinite(*lufs)) {
        keep(key, *lufs);
    }
    return true;
}

static double bounded(double db)
{
    return fmin(fmax(db, -BL_TRIM_MOST_DB), BL_TRIM_MOST_DB);
}

void bl_trim_find(bl_chain_config *config, const bl_trim_wish *wish, bl_trim *trim)
{
    const bl_model_info *info = config->model != NULL ? bl_model_get_info(config->model) : NULL;
    *trim = (bl_trim){.source = BL_TRIM_OFF};
    if (wish->calibrate && info != NULL && info->has_input_level) {
        trim->calibration_db = bounded(wish->interface_dbu - info->input_level_dbu);
    }
    config->calibration_db = trim->calibration_db;
    config->trim_db = 0.0;
    if (wish->match_loudness && find_loudness(config, wish, &trim->loudness_lufs)) {
        const bool audible = isfinite(trim->loudness_lufs);
        trim->source = audible ? BL_TRIM_MEASURED : BL_TRIM_OFF;
        trim->trim_db = audible ? bounded(BL_TRIM_TARGET_LUFS - trim->loudness_lufs) : 0.0;
    } else if (wish->match_loudness && info != NULL && info->has_loudness) {
        trim->source = BL_TRIM_HINT;
        trim->trim_db = bounded(BL_TRIM_TARGET_LUFS - info->loudness_db);
    }
    config->trim_db = trim->trim_db;
}
