// SPDX-License-Identifier: MIT
// The frame of a .nam object: version, architecture, weights, rate, metadata.

#include "model/nam.h"

#include "backline/limits.h"
#include "model/reference.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VERSION_OLDEST = 5, VERSION_NEWEST = 7 }; // minor numbers of major 0

#define ASSUMED_RATE_HZ 48000.0

typedef void read_config(bl_nam *nam, bl_arch *arch);

typedef struct architecture {
    const char *name;
    read_config *read;
} architecture;

static const architecture architectures[] = {
    {"WaveNet", bl_nam_read_wavenet},
    {"LSTM", bl_nam_read_lstm},
    {"ConvNet", bl_nam_read_convnet},
    {"Linear", bl_nam_read_linear},
    {"SlimmableContainer", bl_nam_read_container},
};

const float *bl_nam_take(bl_nam *nam, uint64_t count)
{
    const uint64_t begin = nam->wanted;
    nam->wanted += count;
    return nam->wanted <= nam->found ? nam->weights + begin : NULL;
}

static void check_groups(uint32_t in, uint32_t out, uint32_t groups, const bl_json *place)
{
    if (in % groups != 0 || out % groups != 0) {
        bl_json_fail(place, BL_STATUS_SHAPE,
                     "found %" PRIu32 " groups, expected a number that divides the %" PRIu32
                     " channels in and the %" PRIu32 " out",
                     groups, in, out);
    }
}

bl_matrix bl_nam_take_matrix(bl_nam *nam, uint32_t in, uint32_t out, uint32_t groups, bool bias,
                             const bl_json *place)
{
    check_groups(in, out, groups, place);
    bl_matrix matrix = {.in = in, .out = out, .groups = groups};
    matrix.w = bl_nam_take(nam, (uint64_t)out * (in / groups));
    matrix.b = bias ? bl_nam_take(nam, out) : NULL;
    return matrix;
}

bl_conv bl_nam_take_conv(bl_nam *nam, const bl_conv *shape, bool bias, const bl_json *place)
{
    bl_conv conv = *shape;
    check_groups(conv.in, conv.out, conv.groups, place);
    conv.w = bl_nam_take(nam, (uint64_t)conv.out * (conv.in / conv.groups) * conv.kernel);
    conv.b = bias ? bl_nam_take(nam, conv.out) : NULL;
    return conv;
}

// Reads one of the three numbers of a version; false if there is no digit.
static bool read_digits(const char **text, uint32_t *number)
{
    const char *start = *text;
    for (*number = 0; **text >= '0' && **text <= '9'; (*text)++) {
        *number = *number < 100000 ? *number * 10 + (uint32_t)(**text - '0') : *number;
    }
    return *text > start;
}

// 0.5.0 to 0.7.0 whole, 0.7.N with a warning, the rest refused.
static void check_version(const bl_json *object)
{
    const bl_json json = bl_json_member(object, "version");
    const char *version = bl_json_to_text(&json), *text = version;
    uint32_t major = 0, minor = 0, patch = 0;
    const bool good = read_digits(&text, &major) && *text++ == '.' && read_digits(&text, &minor) &&
                      *text++ == '.' && read_digits(&text, &patch) && *text == '\0';
    if (good && (major > 0 || minor > VERSION_NEWEST)) {
        bl_json_expect(&json,
                       "a version from \"0.5.0\" to \"0.7.0\"; a newer Backline may play it");
    } else if (good && minor < VERSION_OLDEST) {
        bl_json_expect(&json, "a version from \"0.5.0\" to \"0.7.0\"; it is too old, have it "
                              "written again by a newer trainer");
    } else if (!good) {
        bl_json_expect(&json, "a version from \"0.5.0\" to \"0.7.0\"");
    } else if (minor == VERSION_NEWEST && patch > 0) {
        char sentence[BL_LOAD_WARNING_MAX];
        snprintf(sentence, sizeof sentence,
                 "version %.16s is newer than 0.7.0; what is new in it may be missing from the "
                 "sound",
                 version);
        bl_json_warn(object, sentence);
    }
}

static void read_rate(const bl_json *object, bl_nam *nam)
{
    const bl_json rate = bl_json_member(object, "sample_rate");
    nam->sample_rate_known = bl_json_is_given(&rate);
    nam->sample_rate_hz = nam->sample_rate_known
                              ? bl_json_to_double(&rate, BL_RATE_MIN_HZ, BL_RATE_MAX_HZ)
                              : ASSUMED_RATE_HZ;
}

static const architecture *find_architecture(const bl_json *json)
{
    const char *name = bl_json_to_text(json);
    for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++) {
        if (strcmp(name, architectures[i].name) == 0) {
            return &architectures[i];
        }
    }
    bl_json_expect(json, "WaveNet, LSTM, ConvNet, Linear or SlimmableContainer");
    return NULL;
}

bl_arch *bl_nam_read_object(const bl_json *object, bl_nam *nam)
{
    bl_load *load = object->load;
    *nam = (bl_nam){.load = load, .in_channels = 1, .out_channels = 1};
    check_version(object);
    const bl_json name = bl_json_member(object, "architecture");
    const architecture *kind = find_architecture(&name);
    nam->config = bl_json_member(object, "config");
    if (!bl_json_is(&nam->config, BL_JSON_OBJECT)) {
        bl_json_expect(&nam->config, "an object");
    }
    const bl_json weights = bl_json_member(object, "weights");
    uint32_t found = 0;
    nam->weights = bl_json_to_floats(&weights, BL_LIMIT_WEIGHTS, &found);
    nam->found = found;
    read_rate(object, nam);
    bl_arch *arch = bl_load_take(load, 1, sizeof *arch);
    if (arch == NULL) {
        return NULL;
    }
    arch->sample_rate_hz = nam->sample_rate_hz;
    kind->read(nam, arch);
    // The models of a container have weights of their own; its list may hold anything.
    if (nam->wanted != nam->found && arch->kind != BL_ARCH_CONTAINER) {
        bl_json_fail(&weights, BL_STATUS_SHAPE,
                     "found %" PRIu64 " numbers, expected %" PRIu64 " for this config", nam->found,
                     nam->wanted);
    }
    nam->parameters += nam->wanted;
    return bl_load_ok(load) ? arch : NULL;
}

// An optional number: absent and null mean that the file does not say.
static bool read_level(const bl_json *object, const char *key, double *level)
{
    const bl_json json = bl_json_member(object, key);
    if (!bl_json_is_given(&json)) {
        return false;
    }
    *level = bl_json_to_double(&json, -1e6, 1e6);
    return true;
}

static void read_metadata(const bl_json *root, bl_model_info *info)
{
    const bl_json metadata = bl_json_member(root, "metadata");
    if (!bl_json_is_given(&metadata)) {
        return;
    }
    if (!bl_json_is(&metadata, BL_JSON_OBJECT)) {
        bl_json_expect(&metadata, "an object");
    }
    const bl_json name = bl_json_member(&metadata, "name");
    if (bl_json_is(&name, BL_JSON_TEXT)) {
        bl_content_set_name(info, name.value.u.text);
    }
    info->has_loudness = read_level(&metadata, "loudness", &info->loudness_db);
    info->has_input_level = read_level(&metadata, "input_level_dbu", &info->input_level_dbu);
    info->has_output_level = read_level(&metadata, "output_level_dbu", &info->output_level_dbu);
    const bl_json training = bl_json_member(&metadata, "training");
    const bl_json esr = bl_json_member(&training, "validation_esr");
    info->has_esr = bl_json_is(&esr, BL_JSON_NUMBER);
    info->esr = info->has_esr ? esr.value.u.number : 0.0;
}

void bl_nam_read(const bl_json *root, bl_content *content)
{
    bl_model_info *info = &content->info;
    bl_nam nam;
    content->arch = bl_nam_read_object(root, &nam);
    if (content->arch == NULL) {
        return;
    }
    if (nam.in_channels != 1 || nam.out_channels != 1) {
        bl_json_fail(&nam.config, BL_STATUS_UNSUPPORTED,
                     "found %" PRIu32 " channels in and %" PRIu32
                     " out, expected one of each: Backline plays mono models",
                     nam.in_channels, nam.out_channels);
        return;
    }
    read_metadata(root, info);
    const bl_json version = bl_json_member(root, "version");
    const bl_json architecture_name = bl_json_member(root, "architecture");
    snprintf(info->format, sizeof info->format, "nam %.16s", bl_json_to_text(&version));
    snprintf(info->architecture, sizeof info->architecture, "%s",
             bl_json_to_text(&architecture_name));
    info->parameters = nam.parameters;
    info->sample_rate_hz = nam.sample_rate_hz;
    info->sample_rate_known = nam.sample_rate_known;
    bl_reference_unfold(root->load, content);
}
