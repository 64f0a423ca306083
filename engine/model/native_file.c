// SPDX-License-Identifier: MIT
// The safetensors form. Files that Backline wrote carry their config; of a plain
// state dict of wavenet_amp the shapes decide, and what they cannot say comes from `overrides` or
// the defaults.

#include "model/native.h"

#include "backline/limits.h"
#include "backline/text.h"
#include "model/safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool read_number(const bl_json *metadata, const char *key, double min, double max,
                        double *number)
{
    const bl_json member = bl_json_member(metadata, key);
    double found = 0.0;
    if (!bl_json_is_present(&member)) {
        return false;
    }
    if (!bl_text_parse_number(bl_json_to_text(&member), &found) || found < min || found > max) {
        char expected[80];
        snprintf(expected, sizeof expected, "a number from %g to %g as text", min, max);
        bl_json_expect(&member, expected);
        return false;
    }
    *number = found;
    return true;
}

static void read_metadata(const bl_json *metadata, bl_content *content)
{
    bl_load *load = metadata->load;
    bl_model_info *info = &content->info;
    const bl_json text = bl_json_member(metadata, "config");
    const char *config = bl_json_to_text(&text);
    if (!bl_load_ok(load)) {
        return;
    }
    char place[BL_ERROR_TEXT_MAX / 2];
    snprintf(place, sizeof place, "%s: __metadata__.config", load->file);
    load->status = bl_config_parse(config, strlen(config), place, &content->config, load->error);
    info->sample_rate_hz = content->config.data.sample_rate_hz;
    read_number(metadata, "sample_rate_hz", BL_RATE_MIN_HZ, BL_RATE_MAX_HZ, &info->sample_rate_hz);
    info->sample_rate_known = true;
    info->has_esr = read_number(metadata, "esr", 0.0, 1e9, &info->esr);
    info->has_loudness = read_number(metadata, "loudness_db", -1e3, 1e3, &info->loudness_db);
    info->has_input_level =
        read_number(metadata, "input_level_dbu", -1e3, 1e3, &info->input_level_dbu);
    info->has_output_level =
        read_number(metadata, "output_level_dbu", -1e3, 1e3, &info->output_level_dbu);
    const bl_json name = bl_json_member(metadata, "name");
    if (bl_json_is_present(&name)) {
        snprintf(info->name, sizeof info->name, "%s", bl_json_to_text(&name));
    }
    snprintf(info->format, sizeof info->format, BL_NATIVE_FORMAT);
}

// Channels, kernel and layers as the tensors have them.
static void read_shapes(bl_load *load, const bl_safetensors *file, bl_config_model *model)
{
    const bl_tensor *input = bl_safetensors_find(file, "input_conv.weight");
    const bl_tensor *block = bl_safetensors_find(file, "blocks.0.conv.weight");
    if (input == NULL || block == NULL || input->dimensions != 3 || block->dimensions != 3) {
        bl_load_fail(load, BL_STATUS_FORMAT,
                     "%s: found %s, expected a tensor of shape [channels, 1, 1] and "
                     "blocks.0.conv.weight of shape [channels, channels, taps], as a state dict "
                     "of wavenet_amp has them",
                     input == NULL || input->dimensions != 3 ? "input_conv.weight"
                                                             : "blocks.0.conv.weight",
                     input == NULL || block == NULL ? "nothing" : "another number of dimensions");
        return;
    }
    model->type = BL_CONFIG_WAVENET_AMP;
    model->channels = input->shape[0];
    model->kernel_size = block->shape[2];
    model->num_layers = 0;
    char name[40];
    do {
        model->num_layers++;
        snprintf(name, sizeof name, "blocks.%" PRIu32 ".conv.weight", model->num_layers);
    } while (bl_safetensors_find(file, name) != NULL);
}

static void read_state_dict(bl_load *load, const bl_safetensors *file, const bl_config *overrides,
                            bl_content *content)
{
    content->config = overrides != NULL ? *overrides : bl_config_default();
    bl_config_model *model = &content->config.model, shapes = *model;
    read_shapes(load, file, &shapes);
    if (overrides == NULL) {
        content->config.data.sample_rate_hz = 44100.0;
        *model = shapes;
        model->causal = true;
        model->dilation_base = 2;
        model->activation = BL_CONFIG_TANH;
    } else if (bl_load_ok(load) &&
               (model->channels != shapes.channels || model->num_layers != shapes.num_layers ||
                model->kernel_size != shapes.kernel_size)) {
        bl_load_fail(load, BL_STATUS_SHAPE,
                     "found %" PRIu32 " channels, %" PRIu32 " layers and %" PRIu32
                     " taps, expected %" PRIu32 ", %" PRIu32 " and %" PRIu32
                     " as the config says; use the config it was trained with",
                     shapes.channels, shapes.num_layers, shapes.kernel_size, model->channels,
                     model->num_layers, model->kernel_size);
    }
    content->info.sample_rate_hz = content->config.data.sample_rate_hz;
    content->info.sample_rate_known = overrides != NULL;
    snprintf(content->info.format, sizeof content->info.format, "safetensors");
}

static void copy_tensor(bl_load *load, const bl_safetensors *file, const bl_native_tensor *expected,
                        float *weights)
{
    const bl_tensor *found = bl_safetensors_find(file, expected->name);
    char expected_shape[64], found_shape[128] = "nothing";
    bl_tensor_write_shape(expected->shape, expected->dimensions, expected_shape,
                          sizeof expected_shape);
    if (found != NULL && found->dimensions == expected->dimensions &&
        memcmp(found->shape, expected->shape, expected->dimensions * sizeof *found->shape) == 0) {
        bl_tensor_read(found, load, weights);
        return;
    }
    if (found != NULL) {
        bl_tensor_write_shape(found->shape, found->dimensions, found_shape, sizeof found_shape);
    }
    bl_load_fail(load, BL_STATUS_SHAPE, "%s: found %s, expected a tensor of shape %s",
                 expected->name, found_shape, expected_shape);
}

// Fills the architecture with the weights of the file.
static void read_weights(bl_load *load, const bl_safetensors *file, const bl_arch *arch)
{
    const uint32_t count = bl_native_list(arch, NULL);
    bl_native_tensor *tensors = bl_load_take(load, count, sizeof *tensors);
    if (tensors == NULL) {
        return;
    }
    bl_native_list(arch, tensors);
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += tensors[i].count;
    }
    float *next = bl_load_take(load, (size_t)total, sizeof *next);
    for (uint32_t i = 0; bl_load_ok(load) && i < count; i++) {
        copy_tensor(load, file, &tensors[i], next);
        *tensors[i].weights = next;
        next += tensors[i].count;
    }
    if (bl_load_ok(load) && file->count != count) {
        bl_load_fail(load, BL_STATUS_SHAPE,
                     "found %zu tensors, expected %" PRIu32 ", as its config says", file->count,
                     count);
    }
}

static const char checkpoint[] = "backline-checkpoint-";

void bl_native_read(bl_load *load, const uint8_t *bytes, size_t size, const bl_config *overrides,
                    bl_content *content)
{
    bl_safetensors file;
    bl_safetensors_init(&file, load, bytes, size);
    const bl_json format = bl_json_member(&file.metadata, "format");
    const char *name = bl_json_is(&format, BL_JSON_TEXT) ? format.value.u.text : "";
    if (!bl_load_ok(load)) {
        goto done;
    }
    if (strcmp(name, BL_NATIVE_FORMAT) == 0) {
        read_metadata(&file.metadata, content);
    } else if (strncmp(name, "backline-", strlen("backline-")) == 0) {
        bl_json_expect(&format, strncmp(name, checkpoint, strlen(checkpoint)) == 0
                                    ? "a model; this is how far a training got, its model is "
                                      "best_model.safetensors beside it"
                                    : "\"" BL_NATIVE_FORMAT "\"; it needs a newer Backline");
    } else {
        read_state_dict(load, &file, overrides, content);
    }
    const bl_config_model *model = &content->config.model;
    // The count is checked before memory for that many weights is taken.
    const uint64_t count = bl_load_ok(load) ? bl_native_count(load, model) : 0;
    const bl_arch *arch =
        count != 0 ? bl_native_shape(load, model, content->info.sample_rate_hz) : NULL;
    if (arch != NULL) {
        read_weights(load, &file, arch);
        content->arch = arch;
        content->info.parameters = count;
        content->is_native = true;
    }
done:
    bl_safetensors_finish(&file);
}
