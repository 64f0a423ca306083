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
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// Part of every key: raise it when the same files would give another figure.
static const char method[] = "loudness 3";

/// Far below the output ceiling, which would hide how loud a rig is.
#define MEASURE_LEVEL_DB (-40.0)
#define MEASURE_SCALE 100.0F ///< undoes it

enum { PARTS = BL_LOUDNESS_PARTS };

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

/// What a measured loudness was measured of.
typedef struct content {
    content_key files; ///< model, cab, riff, whatever the knobs
    content_key all;   ///< with the knobs
    bool readable;     ///< else there are no keys
} content;

static bool make_keys(const bl_chain_config *config, const bl_trim_wish *wish, content *keys)
{
    char riff[BL_PATH_MAX];
    content_key key = {BL_HASH_BEGIN};
    add_bytes(&key, method, sizeof method);
    if (!bl_path_share("riff.wav", riff) || !add_file(&key, wish->model) ||
        !add_file(&key, wish->config) || !add_file(&key, wish->cab) || !add_file(&key, riff)) {
        return false;
    }
    keys->files = key;
    add_number(&key, config->sample_rate_hz);
    add_number(&key, config->quality);
    add_number(&key, config->calibration_db);
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        if (p != BL_PARAMETER_LEVEL && p != BL_PARAMETER_HOWL_GUARD) {
            add_number(&key, config->parameters[p]);
        }
    }
    keys->all = key;
    return true;
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

/// One part of the riff, played by a thread of its own: the player waits for the sound. Always as
/// many parts, so that the figure does not depend on the machine.
typedef struct part {
    const bl_audio *riff;
    uint64_t from, to; ///< frames that count
    bl_chain *chain;
    bl_loudness *loudness;
    const atomic_bool *given_up; ///< see bl_trim_wish
    bool done;
} part;

/// The chain hears this much before its part: what it remembers longer is not worth 0.1 LU.
#define LEAD_S 1.0

static bool measure_block(const part *p, uint64_t at, uint32_t frames)
{
    float left[BL_INNER_FRAMES] = {0.0F}, right[BL_INNER_FRAMES] = {0.0F};
    bl_chain_process(p->chain, p->riff->samples + at, (float *[]){left, right}, frames);
    for (uint32_t i = 0; i < frames; i++) { // back to what it is: the meter's gate is absolute
        left[i] *= MEASURE_SCALE;
        right[i] *= MEASURE_SCALE;
    }
    return at < p->from || bl_loudness_add(p->loudness, (const float *[]){left, right}, frames);
}

static void *play(void *argument)
{
    part *p = argument;
    const uint64_t lead = (uint64_t)(LEAD_S * p->riff->sample_rate_hz);
    bl_voice_prepare_thread();
    p->done = true;
    for (uint64_t at = p->from > lead ? p->from - lead : 0; at < p->to && p->done;) {
        const uint64_t end = at < p->from ? p->from : p->to;
        const uint32_t frames = end - at < BL_INNER_FRAMES ? (uint32_t)(end - at) : BL_INNER_FRAMES;
        p->done = measure_block(p, at, frames) && (p->given_up == NULL || !*p->given_up);
        at += frames;
    }
    return NULL;
}

/// All parts at once. What has no thread is played here. False if memory is short.
static bool play_parts(part *parts)
{
    pthread_t threads[PARTS];
    bool started[PARTS] = {false}, done = true;
    for (int i = 1; i < PARTS; i++) {
        started[i] = pthread_create(&threads[i], NULL, play, &parts[i]) == 0;
    }
    for (int i = 0; i < PARTS; i++) {
        if (started[i]) {
            pthread_join(threads[i], NULL);
        } else {
            play(&parts[i]);
        }
        done = done && parts[i].done;
    }
    return done;
}

static bool measure(const bl_chain_config *config, const char *riff_path,
                    const atomic_bool *given_up, double *lufs)
{
    bl_chain_config quiet = *config;
    quiet.parameters[BL_PARAMETER_LEVEL] = MEASURE_LEVEL_DB;
    bl_audio riff = {0};
    part parts[PARTS] = {{0}};
    bl_loudness *heard[PARTS];
    bool done = bl_audio_load_at(riff_path, 0, config->sample_rate_hz, &riff, NULL) == BL_STATUS_OK;
    for (int i = 0; done && i < PARTS; i++) {
        part *p = &parts[i];
        p->riff = &riff;
        p->given_up = given_up;
        p->from = riff.frames * (uint64_t)i / PARTS;
        p->to = riff.frames * (uint64_t)(i + 1) / PARTS;
        done = bl_chain_create(&quiet, &p->chain, NULL) == BL_STATUS_OK &&
               bl_loudness_create(bl_chain_channels(p->chain), config->sample_rate_hz, &p->loudness,
                                  NULL) == BL_STATUS_OK;
        heard[i] = p->loudness;
    }
    done = done && play_parts(parts);
    *lufs = done ? bl_loudness_lufs(heard, PARTS) : 0.0;
    for (int i = 0; i < PARTS; i++) {
        bl_loudness_destroy(parts[i].loudness);
        bl_chain_destroy(parts[i].chain);
    }
    bl_audio_finish(&riff);
    return done;
}

static double bounded(double db)
{
    return fmin(fmax(db, -BL_TRIM_MOST_DB), BL_TRIM_MOST_DB);
}

static void take_measured(double lufs, bl_trim *trim)
{
    const bool audible = isfinite(lufs);
    trim->loudness_lufs = lufs;
    trim->source = audible ? BL_TRIM_MEASURED : BL_TRIM_OFF;
    trim->trim_db = audible ? bounded(BL_TRIM_TARGET_LUFS - lufs) : 0.0;
}

/// What is known without playing: how loud the rig was before, else with other knobs, else what the
/// model file says. True if that is all; else `keys` is set.
static bool look_up(bl_chain_config *config, const bl_trim_wish *wish, bl_trim *trim, content *keys)
{
    double lufs;
    const bl_model_info *info = config->model != NULL ? bl_model_get_info(config->model) : NULL;
    *trim = (bl_trim){.source = BL_TRIM_OFF};
    if (wish->calibrate && info != NULL && info->has_input_level) {
        trim->calibration_db = bounded(wish->interface_dbu - info->input_level_dbu);
    }
    config->calibration_db = trim->calibration_db;
    if (!wish->match_loudness) {
        return true;
    }
    keys->readable = make_keys(config, wish, keys);
    if (keys->readable && recall(keys->all, &lufs)) {
        take_measured(lufs, trim);
        return true;
    }
    if (keys->readable && recall(keys->files, &lufs)) {
        trim->source = BL_TRIM_HINT;
        trim->trim_db = bounded(BL_TRIM_TARGET_LUFS - lufs);
    } else if (info != NULL && info->has_loudness) {
        trim->source = BL_TRIM_HINT;
        trim->trim_db = bounded(BL_TRIM_TARGET_LUFS - info->loudness_db);
    }
    return false;
}

bool bl_trim_guess(bl_chain_config *config, const bl_trim_wish *wish, bl_trim *trim)
{
    content keys;
    const bool known = look_up(config, wish, trim, &keys);
    if (!known && trim->source == BL_TRIM_OFF) {
        trim->source = BL_TRIM_GUESSED;
        trim->trim_db = config->model != NULL ? BL_TRIM_EXPECTED_DB : 0.0;
    }
    config->trim_db = trim->trim_db;
    return known;
}

void bl_trim_find(bl_chain_config *config, const bl_trim_wish *wish, bl_trim *trim)
{
    char riff[BL_PATH_MAX];
    content keys;
    double lufs;
    if (!look_up(config, wish, trim, &keys) && keys.readable && bl_path_share("riff.wav", riff) &&
        measure(config, riff, wish->given_up, &lufs)) {
        take_measured(lufs, trim);
        if (isfinite(lufs)) {
            keep(keys.all, lufs);
            keep(keys.files, lufs);
        }
    }
    config->trim_db = trim->trim_db;
}
