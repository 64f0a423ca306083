// SPDX-License-Identifier: MIT
// One layer array of a WaveNet: sizes, per-layer lists, gating, feature-wise modulation. Weights
// are taken in the order rechannel; per layer conv, mixin, layer1x1, head1x1, modulations; head.

#include "model/nam.h"

#include "backline/limits.h"

#include <inttypes.h>
#include <string.h>

// A part that can be switched off: layer1x1, head1x1, a modulation.
typedef struct part {
    bool active, shift;
    uint32_t out, groups;
} part;

// What all layers of an array share.
typedef struct shape {
    const bl_json *json;
    uint32_t condition, channels, bottleneck, groups_input, groups_mixin;
    part layer1x1, head1x1, film[BL_FILM_PLACES];
} shape;

static const char *const film_keys[BL_FILM_PLACES] = {
    [BL_FILM_CONV_PRE] = "conv_pre_film",
    [BL_FILM_CONV_POST] = "conv_post_film",
    [BL_FILM_MIXIN_PRE] = "input_mixin_pre_film",
    [BL_FILM_MIXIN_POST] = "input_mixin_post_film",
    [BL_FILM_ACTIVATION_PRE] = "activation_pre_film",
    [BL_FILM_ACTIVATION_POST] = "activation_post_film",
    [BL_FILM_LAYER1X1_POST] = "layer1x1_post_film",
    [BL_FILM_HEAD1X1_POST] = "head1x1_post_film",
};

static part read_film(const bl_json *json, bl_film_place place)
{
    const bl_json film = bl_json_member(json, film_keys[place]);
    part made = {.groups = 1};
    if (!bl_json_is_given(&film) || bl_json_is(&film, BL_JSON_FALSE)) {
        return made;
    }
    if (!bl_json_is(&film, BL_JSON_OBJECT)) {
        bl_json_expect(&film, "an object, false or null");
    }
    made.active = bl_json_get_bool_or(&film, "active", true);
    made.shift = bl_json_get_bool_or(&film, "shift", true);
    made.groups = bl_json_get_u32_or(&film, "groups", 1, BL_LIMIT_CHANNELS, 1);
    return made;
}

static shape read_shape(const bl_json *json, uint32_t condition, const bl_wavenet_array *array)
{
    shape s = {.json = json,
               .condition = condition,
               .channels = array->channels,
               .bottleneck = array->bottleneck,
               .layer1x1 = {.active = true, .groups = 1}};
    s.groups_input = bl_json_get_u32_or(json, "groups_input", 1, BL_LIMIT_CHANNELS, 1);
    s.groups_mixin = bl_json_get_u32_or(json, "groups_input_mixin", 1, BL_LIMIT_CHANNELS, 1);
    const bl_json layer1x1 = bl_json_member(json, "layer1x1");
    if (bl_json_is_present(&layer1x1)) {
        s.layer1x1.active = bl_json_get_bool(&layer1x1, "active");
        s.layer1x1.groups = bl_json_get_u32(&layer1x1, "groups", 1, BL_LIMIT_CHANNELS);
    }
    const bl_json head1x1 = bl_json_member(json, "head1x1");
    if (bl_json_is_present(&head1x1) && bl_json_get_bool(&head1x1, "active")) {
        s.head1x1.active = true;
        s.head1x1.out = bl_json_get_u32(&head1x1, "out_channels", 1, BL_LIMIT_CHANNELS);
        s.head1x1.groups = bl_json_get_u32(&head1x1, "groups", 1, BL_LIMIT_CHANNELS);
    }
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        s.film[place] = read_film(json, (bl_film_place)place);
    }
    if (!s.layer1x1.active && s.bottleneck != s.channels) {
        const bl_json place = bl_json_member(json, "bottleneck");
        bl_json_fail(&place, BL_STATUS_SHAPE,
                     "found %" PRIu32 ", expected %" PRIu32
                     ", the channels, because layer1x1 is not active",
                     s.bottleneck, s.channels);
    }
    return s;
}

// A modulation needs the part behind which it stands.
static void check_film(const shape *s, bl_film_place place, const part *needed, const char *name)
{
    const bl_json film = bl_json_member(s->json, film_keys[place]);
    if (s->film[place].active && !needed->active) {
        bl_json_fail(&film, BL_STATUS_SHAPE,
                     "found an active modulation, expected %s to be active too", name);
    }
}

// The value for one layer: an element where the member is a list, else the member itself. `list`
// stays the parent of the element.
static bl_json layer_value(const bl_json *list, uint32_t layer)
{
    return bl_json_is_list(list) ? bl_json_element(list, layer) : *list;
}

static bl_gating read_gating(const bl_json *json, uint32_t layer)
{
    static const char *const names[] = {
        [BL_GATING_NONE] = "none", [BL_GATING_GATED] = "gated", [BL_GATING_BLENDED] = "blended"};
    const bl_json list = bl_json_member(json, "gating_mode");
    if (!bl_json_is_given(&list)) {
        return bl_json_get_bool_or(json, "gated", false) ? BL_GATING_GATED : BL_GATING_NONE;
    }
    const bl_json mode = layer_value(&list, layer);
    const char *name = bl_json_to_text(&mode);
    for (int i = BL_GATING_NONE; i <= BL_GATING_BLENDED; i++) {
        if (strcmp(name, names[i]) == 0) {
            return (bl_gating)i;
        }
    }
    bl_json_expect(&mode, "none, gated or blended");
    return BL_GATING_NONE;
}

// Old files have `gated` and always a sigmoid; `secondary_activation` belongs to `gating_mode`.
static bl_activation read_secondary(const bl_json *json, uint32_t layer, uint32_t channels)
{
    const bl_json mode = bl_json_member(json, "gating_mode");
    const bl_json list = bl_json_member(json, "secondary_activation");
    const bl_json activation = layer_value(&list, layer);
    if (!bl_json_is_given(&mode) || !bl_json_is_given(&activation)) {
        return (bl_activation){.kind = BL_ACTIVATION_SIGMOID};
    }
    return bl_nam_read_activation(&activation, channels);
}

static bl_film take_film(bl_nam *nam, const shape *s, bl_film_place place, uint32_t channels)
{
    const part *film = &s->film[place];
    bl_film made = {.active = film->active, .shift = film->active && film->shift};
    if (film->active) {
        const bl_json json = bl_json_member(s->json, film_keys[place]);
        const bl_json groups = bl_json_member(&json, "groups");
        made.matrix = bl_nam_take_matrix(nam, s->condition, (film->shift ? 2 : 1) * channels,
                                         film->groups, true, &groups);
    }
    return made;
}

static void take_layer(bl_nam *nam, const shape *s, bl_conv conv, bl_wavenet_layer *layer)
{
    const bl_json input = bl_json_member(s->json, "groups_input");
    const bl_json mixin = bl_json_member(s->json, "groups_input_mixin");
    const bl_json layer1x1 = bl_json_member(s->json, "layer1x1");
    const bl_json head1x1 = bl_json_member(s->json, "head1x1");
    conv.in = s->channels;
    conv.out = (layer->gating != BL_GATING_NONE ? 2 : 1) * s->bottleneck;
    conv.groups = s->groups_input;
    layer->conv = bl_nam_take_conv(nam, &conv, true, &input);
    layer->mixin = bl_nam_take_matrix(nam, s->condition, conv.out, s->groups_mixin, false, &mixin);
    if (s->layer1x1.active) {
        layer->layer1x1 = bl_nam_take_matrix(nam, s->bottleneck, s->channels, s->layer1x1.groups,
                                             true, &layer1x1);
    }
    if (s->head1x1.active) {
        layer->head1x1 = bl_nam_take_matrix(nam, s->bottleneck, s->head1x1.out, s->head1x1.groups,
                                            true, &head1x1);
    }
    const uint32_t film_channels[BL_FILM_PLACES] = {
        [BL_FILM_CONV_PRE] = s->channels,      [BL_FILM_CONV_POST] = conv.out,
        [BL_FILM_MIXIN_PRE] = s->condition,    [BL_FILM_MIXIN_POST] = conv.out,
        [BL_FILM_ACTIVATION_PRE] = conv.out,   [BL_FILM_ACTIVATION_POST] = s->bottleneck,
        [BL_FILM_LAYER1X1_POST] = s->channels, [BL_FILM_HEAD1X1_POST] = s->head1x1.out,
    };
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        layer->film[place] = take_film(nam, s, (bl_film_place)place, film_channels[place]);
    }
}

// A list must have one element for each dilation.
static void check_list(const bl_json *json, const char *key, uint32_t layers)
{
    const bl_json list = bl_json_member(json, key);
    if (bl_json_is_list(&list) && list.value.count != layers) {
        bl_json_fail(&list, BL_STATUS_SHAPE,
                     "found a list of %" PRIu32 ", expected %" PRIu32 ", one for each dilation",
                     list.value.count, layers);
    }
}

static uint32_t read_kernel(const bl_json *json, uint32_t layer)
{
    const bl_json sizes = bl_json_member(json, "kernel_sizes");
    if (!bl_json_is_present(&sizes)) {
        return bl_json_get_u32(json, "kernel_size", 1, BL_LIMIT_KERNEL);
    }
    const bl_json size = bl_json_element(&sizes, layer);
    return bl_json_to_u32(&size, 1, BL_LIMIT_KERNEL);
}

static void check_kernels(const bl_json *json, uint32_t layers)
{
    const bl_json size = bl_json_member(json, "kernel_size");
    const bl_json sizes = bl_json_member(json, "kernel_sizes");
    if (bl_json_is_present(&size) == bl_json_is_present(&sizes)) {
        bl_json_fail(json, BL_STATUS_FORMAT,
                     "found %s, expected either kernel_size or kernel_sizes",
                     bl_json_is_present(&size) ? "both" : "neither");
    } else if (bl_json_is_present(&sizes)) {
        bl_json_to_list(&sizes, layers, layers);
    }
}

static void take_layers(bl_nam *nam, const bl_json *json, const shape *s, bl_wavenet_array *array)
{
    const bl_json dilations = bl_json_member(json, "dilations");
    const bl_json activations = bl_json_member(json, "activation");
    for (uint32_t i = 0; i < array->layer_count && bl_load_ok(nam->load); i++) {
        bl_wavenet_layer *layer = &array->layers[i];
        const bl_json dilation = bl_json_element(&dilations, i);
        const bl_json activation = layer_value(&activations, i);
        const bl_conv conv = {.kernel = read_kernel(json, i),
                              .dilation = bl_json_to_u32(&dilation, 1, BL_LIMIT_DILATION)};
        layer->activation = bl_nam_read_activation(&activation, s->bottleneck);
        layer->gating = read_gating(json, i);
        if (layer->gating != BL_GATING_NONE) {
            layer->secondary = read_secondary(json, i, s->bottleneck);
        }
        take_layer(nam, s, conv, layer);
    }
}

static void take_head(bl_nam *nam, const bl_json *json, const shape *s, bl_wavenet_array *array)
{
    bl_conv head = {.in = s->head1x1.active ? s->head1x1.out : s->bottleneck,
                    .groups = 1,
                    .kernel = 1,
                    .dilation = 1};
    const bl_json given = bl_json_member(json, "head");
    bool bias = false;
    if (bl_json_is_given(&given)) {
        head.out = bl_json_get_u32(&given, "out_channels", 1, BL_LIMIT_CHANNELS);
        head.kernel = bl_json_get_u32(&given, "kernel_size", 1, BL_LIMIT_KERNEL);
        head.dilation = bl_json_get_u32_or(&given, "head_dilation", 1, BL_LIMIT_DILATION, 1);
        bias = bl_json_get_bool(&given, "bias");
    } else {
        head.out = bl_json_get_u32(json, "head_size", 1, BL_LIMIT_CHANNELS);
        bias = bl_json_get_bool(json, "head_bias");
    }
    array->head = bl_nam_take_conv(nam, &head, bias, &given);
}

void bl_nam_read_array(bl_nam *nam, const bl_json *json, uint32_t in, uint32_t condition,
                       bl_wavenet_array *array)
{
    const bl_json dilations = bl_json_member(json, "dilations");
    array->layer_count = bl_json_to_list(&dilations, 1, BL_LIMIT_LAYERS);
    array->channels = bl_json_get_u32(json, "channels", 1, BL_LIMIT_CHANNELS);
    array->bottleneck =
        bl_json_get_u32_or(json, "bottleneck", 1, BL_LIMIT_CHANNELS, array->channels);
    check_list(json, "activation", array->layer_count);
    check_list(json, "gating_mode", array->layer_count);
    check_list(json, "secondary_activation", array->layer_count);
    check_kernels(json, array->layer_count);
    const shape s = read_shape(json, condition, array);
    check_film(&s, BL_FILM_LAYER1X1_POST, &s.layer1x1, "layer1x1");
    check_film(&s, BL_FILM_HEAD1X1_POST, &s.head1x1, "head1x1");
    array->layers = bl_load_take(nam->load, array->layer_count, sizeof *array->layers);
    if (!bl_load_ok(nam->load)) {
        return;
    }
    const bl_json rechannel = bl_json_member(json, "input_size");
    array->rechannel = bl_nam_take_matrix(nam, in, array->channels, 1, false, &rechannel);
    take_layers(nam, json, &s, array);
    take_head(nam, json, &s, array);
}
