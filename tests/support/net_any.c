// SPDX-License-Identifier: MIT
// A WaveNet that uses anything the format allows, for tests.

#include "support/net_fixture.h"

static bool chance(fixture *made, double probability)
{
    return fixture_random(made) < probability;
}

static bl_activation any_activation(fixture *made)
{
    return fixture_activation(
        made, (bl_activation_kind)fixture_pick(made, BL_ACTIVATION_TANH, BL_ACTIVATION_SOFTMAX));
}

static bl_film any_film(fixture *made, double probability, uint32_t condition, uint32_t rows)
{
    bl_film film = {.active = chance(made, probability), .shift = chance(made, 0.5)};
    if (film.active) {
        film.matrix = fixture_matrix(made, condition, film.shift ? 2 * rows : rows, 1, true);
    }
    return film;
}

static void add_films(fixture *made, double probability, uint32_t condition,
                      const bl_wavenet_array *array, bl_wavenet_layer *layer)
{
    const uint32_t rows = layer->conv.out;
    const uint32_t sizes[BL_FILM_PLACES] = {
        array->channels,   rows, condition, rows, rows, array->bottleneck, layer->layer1x1.out,
        layer->head1x1.out};
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        if (sizes[place] != 0) {
            layer->film[place] = any_film(made, probability, condition, sizes[place]);
        }
    }
}

static void fill_layers(fixture *made, uint32_t condition, uint32_t groups, bool matrix,
                        uint32_t head1x1, bl_wavenet_array *array)
{
    const double films = chance(made, 0.5) ? 0.3 : 0.0;
    array->layers = fixture_take(made, array->layer_count, sizeof *array->layers);
    for (uint32_t i = 0; i < array->layer_count; i++) {
        bl_wavenet_layer *layer = &array->layers[i];
        layer->gating = (bl_gating)(chance(made, 0.5) ? 0 : fixture_pick(made, 0, 2));
        const uint32_t rows =
            layer->gating == BL_GATING_NONE ? array->bottleneck : 2 * array->bottleneck;
        layer->conv = fixture_conv(made, array->channels, rows, groups, fixture_pick(made, 1, 6),
                                   fixture_pick(made, 1, 40), true);
        layer->mixin = fixture_matrix(made, condition, rows, 1, false);
        layer->activation = any_activation(made);
        layer->secondary = any_activation(made);
        if (matrix) {
            layer->layer1x1 =
                fixture_matrix(made, array->bottleneck, array->channels, groups, true);
        }
        if (head1x1 != 0) {
            layer->head1x1 = fixture_matrix(made, array->bottleneck, head1x1, 1, true);
        }
        add_films(made, films, condition, array, layer);
    }
}

static bl_wavenet *any_net(fixture *made, uint32_t out_channels, const bl_arch *condition_dsp,
                           uint32_t condition, bl_wavenet *net)
{
    const uint32_t count = fixture_pick(made, 1, 3);
    *net = (bl_wavenet){.in_channels = 1,
                        .causal = true,
                        .array_count = count,
                        .head_scale = 0.3f,
                        .condition_dsp = condition_dsp};
    net->arrays = fixture_take(made, count, sizeof *net->arrays);
    uint32_t channels = fixture_pick(made, 1, 17), in = 1;
    for (uint32_t a = 0; a < count; a++) {
        bl_wavenet_array *array = &net->arrays[a];
        const uint32_t groups = channels % 2 == 0 && chance(made, 0.3) ? 2 : 1;
        const bool matrix = chance(made, 0.8);
        array->channels = channels;
        array->layer_count = fixture_pick(made, 1, 3);
        array->bottleneck = matrix ? groups * fixture_pick(made, 1, 9) : channels;
        array->rechannel = fixture_matrix(made, in, channels, 1, false);
        // The accumulators of an array start from the head of the one before.
        const uint32_t head1x1 = a > 0 || chance(made, 0.3) ? channels : 0;
        fill_layers(made, condition, groups, matrix, head1x1, array);
        in = channels;
        channels = a + 1 < count ? fixture_pick(made, 1, 17) : out_channels;
        array->head =
            fixture_conv(made, head1x1 != 0 ? head1x1 : array->bottleneck, channels, 1,
                         fixture_pick(made, 1, 4), fixture_pick(made, 1, 5), chance(made, 0.5));
    }
    return net;
}

static void add_post_head(fixture *made, bl_wavenet *net)
{
    bl_post_head *post = &net->post_head;
    post->count = fixture_pick(made, 1, 3);
    post->activations = fixture_take(made, post->count, sizeof *post->activations);
    post->convs = fixture_take(made, post->count, sizeof *post->convs);
    uint32_t in = net->arrays[net->array_count - 1].head.out;
    for (uint32_t i = 0; i < post->count; i++) {
        const uint32_t out = i + 1 < post->count ? fixture_pick(made, 1, 6) : 1;
        post->activations[i] = any_activation(made);
        post->convs[i] = fixture_conv(made, in, out, 1, fixture_pick(made, 1, 5), 1, true);
        in = out;
    }
}

bl_arch *fixture_any_wavenet(fixture *made)
{
    bl_arch *nested = NULL;
    uint32_t condition = 1;
    if (chance(made, 0.3)) {
        nested = fixture_take(made, 1, sizeof *nested);
        nested->kind = BL_ARCH_WAVENET;
        condition = fixture_pick(made, 1, 3);
        any_net(made, condition, NULL, 1, &nested->u.wavenet);
    }
    bl_arch *arch = fixture_take(made, 1, sizeof *arch);
    arch->kind = BL_ARCH_WAVENET;
    const bool post = chance(made, 0.3);
    any_net(made, post ? fixture_pick(made, 1, 4) : 1, nested, condition, &arch->u.wavenet);
    if (post) {
        add_post_head(made, &arch->u.wavenet);
    }
    return arch;
}
