// SPDX-License-Identifier: MIT
// The frame of a keras-style document: in_shape, layers, gains in dB, direct path, rate, metadata.

#include "model/aidax.h"

#include "backline/limits.h"
#include "backline/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ASSUMED_RATE_HZ 48000.0

// Gains at or below this are silence, as AIDA-X has it.
#define SILENCE_DB (-90.0)

bool bl_aidax_is(const bl_json *root)
{
    const bl_json layers = bl_json_member(root, "layers");
    const bl_json architecture = bl_json_member(root, "architecture");
    return bl_json_is_present(&layers) && !bl_json_is_present(&architecture);
}

static float read_gain(const bl_json *root, const char *key)
{
    const bl_json json = bl_json_member(root, key);
    if (!bl_json_is_given(&json)) {
        return 1.0f;
    }
    const double gain_db = bl_json_to_double(&json, -1000.0, 200.0);
    return gain_db > SILENCE_DB ? (float)pow(10.0, gain_db / 20.0) : 0.0f;
}

// Numbers of the metadata stand there as numbers or as texts.
static bool read_number(const bl_json *json, double *number)
{
    if (bl_json_is(json, BL_JSON_NUMBER)) {
        *number = json->value.u.number;
        return true;
    }
    return bl_json_is(json, BL_JSON_TEXT) && bl_text_parse_number(json->value.u.text, number);
}

static void read_rate(const bl_json *root, const bl_json *metadata, bl_model_info *info)
{
    const bl_json inner = bl_json_member(metadata, "samplerate");
    const bl_json outer = bl_json_member(root, "samplerate");
    const bl_json *rate = bl_json_is_given(&inner) ? &inner : &outer;
    info->sample_rate_hz = ASSUMED_RATE_HZ;
    info->sample_rate_known = bl_json_is_given(rate);
    if (info->sample_rate_known &&
        (!read_number(rate, &info->sample_rate_hz) || !(info->sample_rate_hz >= BL_RATE_MIN_HZ) ||
         !(info->sample_rate_hz <= BL_RATE_MAX_HZ))) {
        bl_json_expect(rate, "a sample rate in Hz");
    }
}

// "lstm 16, dense 1", as much as fits.
static void name_layers(const bl_json *layers, uint32_t count, bl_model_info *info)
{
    size_t used = 0;
    for (uint32_t i = 0; i < count && used < sizeof info->architecture; i++) {
        const bl_json layer = bl_json_element(layers, i);
        const bl_json type = bl_json_member(&layer, "type");
        const bl_json shape = bl_json_member(&layer, "shape");
        const bl_json last = bl_json_element(&shape, (size_t)shape.value.count - 1);
        const bl_json_value *width = bl_json_is_list(&shape) ? &last.value : &shape.value;
        used += (size_t)snprintf(info->architecture + used, sizeof info->architecture - used,
                                 "%s%.16s %.0f", i > 0 ? ", " : "", bl_json_to_text(&type),
                                 width->u.number);
    }
}

static void check_input(const bl_json *root)
{
    const bl_json shape = bl_json_member(root, "in_shape");
    const uint32_t count = bl_json_to_list(&shape, 1, 8);
    const bl_json last = bl_json_element(&shape, count > 0 ? count - 1 : 0);
    if (bl_json_to_u32(&last, 1, BL_LIMIT_CHANNELS) != 1) {
        bl_json_expect(&last, "1; models with knobs of their own are not supported");
    }
}

void bl_aidax_read(const bl_json *root, bl_content *content)
{
    enum { STAGES_PER_LAYER = 2 }; // the layer and its activation
    bl_load *load = root->load;
    const bl_json metadata = bl_json_member(root, "metadata");
    const bl_json layers = bl_json_member(root, "layers");
    bl_model_info *info = &content->info;
    check_input(root);
    const uint32_t count = bl_json_to_list(&layers, 1, BL_LIMIT_LAYERS);
    read_rate(root, &metadata, info);
    bl_arch *arch = bl_load_take(load, 1, sizeof *arch);
    if (arch == NULL) {
        return;
    }
    arch->sample_rate_hz = info->sample_rate_hz;
    bl_stack stack = bl_stack_create(load, arch, STAGES_PER_LAYER * count, 1);
    for (uint32_t i = 0; i < count && bl_load_ok(load); i++) {
        const bl_json layer = bl_json_element(&layers, i);
        bl_aidax_read_layer(&stack, &layer);
    }
    const bl_json skip = bl_json_member(root, "in_skip");
    arch->u.sequence.skip = bl_json_is_given(&skip) && bl_json_to_u32(&skip, 0, 1) == 1;
    arch->u.sequence.in_gain = read_gain(root, "in_gain");
    arch->u.sequence.out_gain = read_gain(root, "out_gain");
    bl_stack_finish(&stack, root, content);
    if (!bl_load_ok(load)) {
        return;
    }
    const bl_json name = bl_json_member(&metadata, "name");
    const bl_json esr = bl_json_member(&metadata, "esr");
    if (bl_json_is(&name, BL_JSON_TEXT)) {
        bl_content_set_name(info, name.value.u.text);
    }
    info->has_esr = read_number(&esr, &info->esr);
    snprintf(info->format, sizeof info->format, "aidax");
    name_layers(&layers, count, info);
    content->arch = arch;
}
