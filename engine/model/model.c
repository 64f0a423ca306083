// SPDX-License-Identifier: MIT
// Models: from bytes of any format to one constant object behind a reference count. The readers of
// the formats fill a bl_content; what follows from the architecture is added here.

#include "backline/model.h"

#include "backline/file.h"
#include "backline/limits.h"
#include "model/aidax.h"
#include "model/json.h"
#include "model/measure.h"
#include "model/nam.h"
#include "model/native.h"
#include "model/safetensors.h"
#include "model/size_class.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bl_model {
    atomic_size_t references; ///< any thread -> any thread
    bl_store *store;
    bl_content content;
    const char *file;
    const float *weights; ///< the flat list it was made of, or NULL
};

// The file's name without folder and ending.
static void set_name_from_path(bl_model_info *info, const char *path)
{
    char name[sizeof info->name * 2];
    const char *slash = strrchr(path, '/');
    snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name) {
        *dot = '\0';
    }
    bl_content_set_name(info, name);
}

// What follows from the architecture, and the limit that only the whole network shows.
static void complete_info(bl_load *load, bl_content *content)
{
    bl_model_info *info = &content->info;
    const bl_arch *arch = content->arch;
    assert(arch != NULL); // a reader without one has kept a failure
    const bl_arch_measure measure = bl_arch_get_measure(arch);
    if (measure.receptive_field_samples > BL_LIMIT_RECEPTIVE_FIELD) {
        bl_load_fail(load, BL_STATUS_LIMIT,
                     "found a receptive field of %" PRIu64 " samples, expected at most %d",
                     measure.receptive_field_samples, BL_LIMIT_RECEPTIVE_FIELD);
        return;
    }
    const uint64_t prewarm_macs = bl_arch_get_prewarm_macs(arch);
    if (prewarm_macs > BL_LIMIT_PREWARM_MACS) {
        bl_load_fail(load, BL_STATUS_LIMIT,
                     "found recurrent layers that take %" PRIu64
                     " multiply-adds before the first sample, expected at most %" PRIu64
                     "; use a model of fewer cells or layers",
                     prewarm_macs, BL_LIMIT_PREWARM_MACS);
        return;
    }
    if (content->is_native) {
        static const char *const names[] = {"wavenet_amp", "WaveNet", "SlimmableContainer", "LSTM"};
        snprintf(info->architecture, sizeof info->architecture, "%s",
                 names[content->config.model.type]);
    }
    snprintf(info->size_class, sizeof info->size_class, "%s", bl_arch_size_class(arch));
    info->mac_per_sample = measure.mac_per_sample;
    info->receptive_field_samples = (uint32_t)measure.receptive_field_samples;
    info->lookahead_samples = (uint32_t)measure.lookahead_samples;
    info->added_latency_samples = info->lookahead_samples;
    info->causal = arch->kind != BL_ARCH_WAVENET || arch->u.wavenet.causal;
    if (info->name[0] == '\0') {
        set_name_from_path(info, load->file);
    }
}

static void read_json(bl_load *load, const uint8_t *bytes, size_t size, bl_content *content)
{
    bl_json_document document;
    bl_json_document_init(&document, load, bytes, size, false);
    const bl_json root = bl_json_root(load, &document);
    if (!bl_load_ok(load)) {
        goto done;
    }
    if (bl_aidax_is(&root)) {
        bl_aidax_read(&root, content);
    } else if (bl_proteus_is(&root)) {
        bl_proteus_read(&root, content);
    } else {
        bl_nam_read(&root, content);
    }
done:
    bl_json_document_finish(&document);
}

// The content decides the format. A JSON text may begin with white space or a byte order mark.
static void read_content(bl_load *load, const uint8_t *bytes, size_t size,
                         const bl_config *overrides, bl_content *content)
{
    static const uint8_t before_json[] = {0xef, 0xbb, 0xbf, ' ', '\t', '\r', '\n'};
    size_t start = 0;
    while (start < size && memchr(before_json, bytes[start], sizeof before_json) != NULL) {
        start++;
    }
    if (size == 0) {
        bl_load_fail(load, BL_STATUS_FORMAT, "found an empty file, expected a model");
    } else if (bl_safetensors_is(bytes, size)) {
        bl_native_read(load, bytes, size, overrides, content);
    } else if (start < size && (bytes[start] == '{' || bytes[start] == '[')) {
        read_json(load, bytes, size, content);
    } else {
        bl_load_fail(load, BL_STATUS_FORMAT,
                     "byte 0: found neither a JSON text nor a safetensors header, expected a model "
                     "(.safetensors, .nam, .aidax or .json); it may be damaged or another kind of "
                     "file");
    }
}

// A model with one reference out of what `fill` reads.
static bl_status create(bl_load *load, bl_content *content, bl_model **model)
{
    if (bl_load_ok(load)) {
        complete_info(load, content);
    }
    const char *file = bl_load_copy_text(load, load->file);
    bl_model *made = bl_load_take(load, 1, sizeof *made);
    if (made == NULL) {
        bl_store_destroy(load->store);
        return load->status;
    }
    made->content = *content;
    made->store = load->store;
    made->file = file;
    atomic_init(&made->references, 1);
    *model = made;
    return BL_STATUS_OK;
}

// Opens the store of a load.
static bl_load begin(const char *name, bl_error *error)
{
    bl_load load = {.file = name, .error = error, .store = bl_store_create()};
    if (load.store == NULL) {
        bl_load_fail(&load, BL_STATUS_NO_MEMORY, "not enough memory to load it");
    }
    return load;
}

bl_status bl_model_parse(const uint8_t *bytes, size_t size, const char *name,
                         const bl_config *overrides, bl_model **model, bl_error *error)
{
    bl_load load = begin(name, error);
    bl_content content = {0};
    load.foreign = overrides == NULL; // else the config may be what is wrong
    if (size > BL_LIMIT_FILE_BYTES) {
        bl_load_fail(&load, BL_STATUS_LIMIT, "found %zu bytes, expected at most %d", size,
                     BL_LIMIT_FILE_BYTES);
    }
    load.warning = content.info.warning;
    if (bl_load_ok(&load)) {
        read_content(&load, bytes, size, overrides, &content);
    }
    return create(&load, &content, model);
}

bl_status bl_model_load(const char *path, const bl_config *overrides, bl_model **model,
                        bl_error *error)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    bl_status status = bl_file_read(path, BL_LIMIT_FILE_BYTES, &bytes, &size, error);
    if (status == BL_STATUS_OK) {
        status = bl_model_parse(bytes, size, path, overrides, model, error);
    }
    free(bytes);
    return status;
}

bl_model *bl_model_retain(bl_model *model)
{
    atomic_fetch_add_explicit(&model->references, 1, memory_order_relaxed);
    return model;
}

void bl_model_release(bl_model *model)
{
    // Release: this holder's reads come first. Acquire: the last holder frees after all of them.
    if (model != NULL &&
        atomic_fetch_sub_explicit(&model->references, 1, memory_order_acq_rel) == 1) {
        bl_store_destroy(model->store);
    }
}

const bl_model_info *bl_model_get_info(const bl_model *model)
{
    return &model->content.info;
}

const char *bl_model_get_file(const bl_model *model)
{
    return model->file;
}

const bl_arch *bl_model_get_arch(const bl_model *model)
{
    return model->content.arch;
}

const float *bl_model_get_weights(const bl_model *model)
{
    return model->weights;
}

void bl_model_set_esr(bl_model *model, double esr)
{
    model->content.info.has_esr = true;
    model->content.info.esr = esr;
}

void bl_model_set_loudness(bl_model *model, double loudness_db)
{
    model->content.info.has_loudness = true;
    model->content.info.loudness_db = loudness_db;
}

bl_status bl_model_save(const bl_model *model, const char *path, bl_error *error)
{
    if (!model->content.is_native) {
        return bl_error_set(error, BL_STATUS_UNSUPPORTED,
                            "%s: cannot be written: found a %s model in a form for other programs, "
                            "expected a native one; where Backline trained it, best_model."
                            "safetensors in the training's folder is that",
                            path, model->content.info.architecture);
    }
    return bl_native_save(&model->content, path, error);
}

// The content of a config: with weights a model, without only its facts.
static void describe_config(bl_load *load, const bl_config *config, const float *weights,
                            bl_content *content)
{
    const double rate = config->data.sample_rate_hz;
    if (!(rate >= BL_RATE_MIN_HZ && rate <= BL_RATE_MAX_HZ)) {
        bl_load_fail(load, BL_STATUS_VALUE, "data.sample_rate: found %g Hz, expected %g to %g",
                     rate, BL_RATE_MIN_HZ, BL_RATE_MAX_HZ);
    }
    content->config = *config;
    content->is_native = true;
    content->info.parameters = bl_native_count(load, &config->model);
    content->info.sample_rate_hz = rate;
    content->info.sample_rate_known = true;
    snprintf(content->info.format, sizeof content->info.format, BL_NATIVE_FORMAT);
    if (bl_load_ok(load)) {
        content->arch = bl_native_build(load, &config->model, rate, weights);
    }
}

bl_status bl_model_from_config(const bl_config *config, const float *weights, size_t count,
                               const char *name, bl_model **model, bl_error *error)
{
    bl_load load = begin(name, error);
    bl_content content = {0};
    const uint64_t expected = bl_load_ok(&load) ? bl_native_count(&load, &config->model) : 0;
    if (count != expected) {
        bl_load_fail(&load, BL_STATUS_SHAPE, "found %zu weights, expected %" PRIu64, count,
                     expected);
    }
    float *copy = bl_load_take(&load, count, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = weights[i];
        if (!isfinite(weights[i])) {
            bl_load_fail(&load, BL_STATUS_VALUE, "weight %zu: found %s, expected a number", i,
                         isnan(weights[i]) ? "NaN" : "infinity");
            break;
        }
    }
    describe_config(&load, config, copy, &content);
    const bl_status status = create(&load, &content, model);
    if (status == BL_STATUS_OK) {
        (*model)->weights = copy;
    }
    return status;
}

bl_status bl_model_info_from_config(const bl_config *config, bl_model_info *info, bl_error *error)
{
    bl_load load = begin("config", error);
    bl_content content = {0};
    if (bl_load_ok(&load)) {
        describe_config(&load, config, NULL, &content);
    }
    if (bl_load_ok(&load)) {
        complete_info(&load, &content);
    }
    *info = content.info;
    bl_store_destroy(load.store);
    return load.status;
}
