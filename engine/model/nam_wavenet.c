// SPDX-License-Identifier: MIT
// WaveNet: condition network, layer arrays, post-stack head, and the last weight, which is the
// head scale whatever `head_scale` says.

#include "model/nam.h"

#include "backline/limits.h"

#include <inttypes.h>
#include <string.h>

// The condition network, if any; the channels of the condition.
static uint32_t read_condition(bl_nam *nam, bl_wavenet *net)
{
    const bl_json json = bl_json_member(&nam->config, "condition_dsp");
    if (!bl_json_is_given(&json)) {
        return net->in_channels;
    }
    bl_nam inner;
    net->condition_dsp = bl_nam_read_object(&json, &inner);
    if (net->condition_dsp == NULL) {
        return 1;
    }
    if (inner.sample_rate_hz != nam->sample_rate_hz) {
        const bl_json rate = bl_json_member(&json, "sample_rate");
        if (!inner.sample_rate_known) {
            bl_json_fail(&rate, BL_STATUS_VALUE,
                         "found nothing, which means %g Hz, expected %g Hz as the model around it",
                         inner.sample_rate_hz, nam->sample_rate_hz);
        }
        bl_json_fail(&rate, BL_STATUS_VALUE, "found %g Hz, expected %g Hz as the model around it",
                     inner.sample_rate_hz, nam->sample_rate_hz);
    }
    if (inner.in_channels > net->in_channels) {
        bl_json_fail(&json, BL_STATUS_SHAPE,
                     "found %" PRIu32 " channels in, expected at most %" PRIu32
                     " as the model around it",
                     inner.in_channels, net->in_channels);
    }
    nam->in_channels = inner.in_channels;
    nam->parameters += inner.parameters;
    return inner.out_channels;
}

static uint32_t read_channels(const bl_json *json, const char *key, uint32_t min, uint32_t max,
                              const char *why)
{
    const bl_json member = bl_json_member(json, key);
    const uint32_t found = bl_json_to_u32(&member, 1, BL_LIMIT_CHANNELS);
    if (found < min || found > max) {
        bl_json_fail(&member, BL_STATUS_SHAPE, "found %" PRIu32 ", expected %s%" PRIu32 ", %s",
                     found, min < max ? "at most " : "", max, why);
    }
    return found;
}

// Widths that may be chosen: ascending, the last one full. Without a list every width may be.
static void read_widths(const bl_json *json, bl_wavenet_array *array)
{
    bl_load *load = json->load;
    const bl_json kwargs = bl_json_member(json, "kwargs");
    const bl_json list = bl_json_member(&kwargs, "allowed_channels");
    const bool given = bl_json_is_given(&list);
    const uint32_t count = given ? bl_json_to_list(&list, 1, BL_LIMIT_CHANNELS) : array->channels;
    uint32_t *widths = bl_load_take(load, count, sizeof *widths);
    for (uint32_t i = 0; i < count && bl_load_ok(load); i++) {
        const bl_json width = bl_json_element(&list, i);
        const uint32_t above = i > 0 ? widths[i - 1] : 0;
        widths[i] = given ? bl_json_to_u32(&width, 1, array->channels) : i + 1;
        if (widths[i] <= above || (i + 1 == count && widths[i] != array->channels)) {
            bl_json_fail(&width, BL_STATUS_VALUE,
                         "found %" PRIu32 ", expected ascending widths up to %" PRIu32
                         ", the channels",
                         widths[i], array->channels);
        }
    }
    array->allowed = widths;
    array->allowed_count = count;
}

static bool has_groups(const bl_wavenet_layer *layer)
{
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        if (layer->film[place].matrix.groups > 1) {
            return true;
        }
    }
    return layer->conv.groups > 1 || layer->mixin.groups > 1 || layer->layer1x1.groups > 1 ||
           layer->head1x1.groups > 1;
}

static void read_slimmable(const bl_json *json, bl_wavenet_array *array)
{
    const bl_json slimmable = bl_json_member(json, "slimmable");
    if (!bl_json_is_given(&slimmable) || !bl_load_ok(json->load)) {
        return;
    }
    const bl_json method = bl_json_member(&slimmable, "method");
    if (strcmp(bl_json_to_text(&method), "slice_channels_uniform") != 0) {
        bl_json_expect(&method, "slice_channels_uniform");
    }
    if (has_groups(&array->layers[0]) || array->head.kernel != 1) {
        bl_json_fail(&slimmable, BL_STATUS_UNSUPPORTED,
                     "found groups or a head of several taps, expected neither in a model whose "
                     "width can be chosen");
    }
    read_widths(&slimmable, array);
}

// The accumulators of an array start from what the head before gives.
static void check_skips(const bl_json *json, const bl_wavenet_array *array, uint32_t heard)
{
    const bool matrix = array->layers != NULL && array->layers[0].head1x1.out > 0;
    const bl_json part = bl_json_member(json, "head1x1");
    const bl_json place =
        bl_json_member(matrix ? &part : json, matrix ? "out_channels" : "bottleneck");
    if (bl_load_ok(json->load) && array->head.in != heard) {
        bl_json_fail(&place, BL_STATUS_SHAPE,
                     "found %" PRIu32 ", expected %" PRIu32 ", the head_size of the layers before",
                     array->head.in, heard);
    }
}

static void read_arrays(bl_nam *nam, bl_wavenet *net)
{
    const bl_json list = bl_json_member(&nam->config, "layers");
    const uint32_t condition = read_condition(nam, net);
    net->array_count = bl_json_to_list(&list, 1, BL_LIMIT_ARRAYS);
    net->arrays = bl_load_take(nam->load, net->array_count, sizeof *net->arrays);
    uint32_t layers = 0, channels = net->in_channels;
    for (uint32_t i = 0; i < net->array_count && bl_load_ok(nam->load); i++) {
        bl_wavenet_array *array = &net->arrays[i], *before = i > 0 ? array - 1 : NULL;
        const bl_json json = bl_json_element(&list, i);
        // As in the reference player, the input may have channels that nobody hears.
        const uint32_t in = read_channels(
            &json, "input_size", before != NULL ? channels : 1, channels,
            before != NULL ? "the channels of the layers before" : "the channels of the input");
        const uint32_t heard = read_channels(
            &json, "condition_size", net->condition_dsp != NULL ? condition : 1, condition,
            net->condition_dsp != NULL ? "the channels of condition_dsp"
                                       : "the channels of the input");
        if (before != NULL) {
            read_channels(&json, "channels", before->head.out, before->head.out,
                          "the head_size of the layers before");
        }
        if (before == NULL && in > nam->in_channels) {
            nam->in_channels = in;
        }
        if (net->condition_dsp == NULL && heard > nam->in_channels) {
            nam->in_channels = heard;
        }
        bl_nam_read_array(nam, &json, in, heard, array);
        if (before != NULL) {
            check_skips(&json, array, before->head.out);
        }
        read_slimmable(&json, array);
        channels = array->channels;
        layers += array->layer_count;
    }
    if (layers > BL_LIMIT_LAYERS) {
        bl_json_fail(&list, BL_STATUS_LIMIT, "found %" PRIu32 " layers, expected at most %d",
                     layers, BL_LIMIT_LAYERS);
    }
}

static bool is_slimmable(const bl_wavenet *net)
{
    for (uint32_t i = 0; i < net->array_count; i++) {
        if (net->arrays[i].allowed_count > 0) {
            return true;
        }
    }
    return false;
}

// Per stage: activation, then a biased convolution.
static void read_post_head(bl_nam *nam, bl_wavenet *net)
{
    const bl_json head = bl_json_member(&nam->config, "head");
    if (!bl_json_is_given(&head) || !bl_load_ok(nam->load)) {
        return;
    }
    if (is_slimmable(net)) {
        bl_json_fail(&head, BL_STATUS_UNSUPPORTED,
                     "found a post-stack head, expected none in a model whose width can be chosen");
    }
    const bl_json kernels = bl_json_member(&head, "kernel_sizes");
    const bl_json activation = bl_json_member(&head, "activation");
    const uint32_t count = bl_json_to_list(&kernels, 1, BL_LIMIT_LAYERS);
    const uint32_t channels = bl_json_get_u32(&head, "channels", 1, BL_LIMIT_CHANNELS);
    const uint32_t out = bl_json_get_u32(&head, "out_channels", 1, BL_LIMIT_CHANNELS);
    const bl_json in = bl_json_member(&head, "in_channels");
    if (bl_json_is_given(&in)) {
        read_channels(&head, "in_channels", nam->out_channels, nam->out_channels,
                      "the head_size of the last layers");
    }
    bl_post_head *made = &net->post_head;
    made->activations = bl_load_take(nam->load, count, sizeof *made->activations);
    made->convs = bl_load_take(nam->load, count, sizeof *made->convs);
    for (uint32_t i = 0; i < count && bl_load_ok(nam->load); i++) {
        const bl_json kernel = bl_json_element(&kernels, i);
        const bl_conv conv = {.in = i > 0 ? channels : nam->out_channels,
                              .out = i + 1 < count ? channels : out,
                              .groups = 1,
                              .kernel = bl_json_to_u32(&kernel, 1, BL_LIMIT_KERNEL),
                              .dilation = 1};
        made->activations[i] = bl_nam_read_activation(&activation, conv.in);
        made->convs[i] = bl_nam_take_conv(nam, &conv, true, &head);
    }
    made->count = count;
    nam->out_channels = out;
}

void bl_nam_read_wavenet(bl_nam *nam, bl_arch *arch)
{
    bl_wavenet *net = &arch->u.wavenet;
    arch->kind = BL_ARCH_WAVENET;
    net->causal = true;
    net->in_channels = bl_json_get_u32_or(&nam->config, "in_channels", 1, BL_LIMIT_CHANNELS, 1);
    read_arrays(nam, net);
    if (!bl_load_ok(nam->load)) {
        return;
    }
    net->in_channels = nam->in_channels;
    nam->out_channels = net->arrays[net->array_count - 1].head.out;
    read_post_head(nam, net);
    // Required by the format though the last weight is what counts.
    const bl_json head_scale = bl_json_member(&nam->config, "head_scale");
    bl_json_to_float(&head_scale);
    const float *last = bl_nam_take(nam, 1);
    net->head_scale = last != NULL ? *last : 0.0f;
}
