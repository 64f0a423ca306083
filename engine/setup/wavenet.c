// SPDX-License-Identifier: MIT
// Building WaveNets: packing weights, sizing histories and scratch, and settling, which finds the
// steady state of silence in one pass: each history is filled with what one column of its input
// becomes before the next layer reads it.

#include "rt/wavenet.h"

#include "setup/isa.h"
#include "setup/pack.h"
#include "setup/slim.h"
#include "setup/stage.h"
#include "setup/wavenet_stage.h"

#include <string.h>

typedef struct builder {
    const bl_wavenet *from;
    const bl_net_request *request;
    bl_arena *arena;
    bl_wavenet_net *net;
    bl_wavenet_sizes sizes;
} builder;

static bool has_extras(const bl_wavenet_layer *layer)
{
    bool found = layer->head1x1.out != 0;
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        found = found || layer->film[place].active;
    }
    return found;
}

// Whether the network is one that this form can run at all.
static bl_status check(const bl_wavenet *from, const char *name, bl_error *error)
{
    if (from->array_count == 0) {
        return bl_error_set(error, BL_STATUS_SHAPE,
                            "%s: a WaveNet without layer arrays; at least one is needed", name);
    }
    for (uint32_t a = 0; a < from->array_count; a++) {
        const bl_wavenet_array *array = &from->arrays[a];
        if (array->layer_count == 0) {
            return bl_error_set(error, BL_STATUS_SHAPE,
                                "%s: layer array %u has no layers; at least one is needed", name,
                                a);
        }
        const uint32_t heard = a > 0 ? from->arrays[a - 1].head.out : array->head.in;
        if (array->head.in != heard) {
            return bl_error_set(error, BL_STATUS_SHAPE,
                                "%s: layer array %u adds %u channels to the %u that the head of "
                                "the one before gives; both must be the same",
                                name, a, array->head.in, heard);
        }
        if (array->head_from_residual && from->array_count > 1) {
            return bl_error_set(error, BL_STATUS_UNSUPPORTED,
                                "%s: a head on the residual stream works with one layer array "
                                "only, found %u",
                                name, from->array_count);
        }
        // Skips and conditions of centred layers would have to wait for each other.
        for (uint32_t i = 0; !from->causal && i < array->layer_count; i++) {
            const bl_wavenet_layer *layer = &array->layers[i];
            if (!array->head_from_residual || layer->mixin.out != 0 || has_extras(layer)) {
                return bl_error_set(error, BL_STATUS_UNSUPPORTED,
                                    "%s: only the plain residual network can be centred; make it "
                                    "causal",
                                    name);
            }
        }
    }
    return BL_STATUS_OK;
}

static bool take_rows(builder *b, float **rows, uint32_t count)
{
    *rows = bl_arena_take(b->arena, count, BL_NET_STRIDE * sizeof **rows);
    return *rows != NULL;
}

static bool build_head(builder *b, const bl_wavenet_array *array, bool last,
                       bl_wavenet_section *section)
{
    const double gain = last ? (double)b->from->head_scale : 1.0;
    section->head_from_residual = array->head_from_residual;
    section->head_dilation = array->head.dilation;
    const uint32_t reach = (array->head.kernel - 1) * array->head.dilation;
    if (array->head.kernel > 1 &&
        !bl_history_make(array->head.in, reach, b->arena, &section->head_history)) {
        return false;
    }
    return take_rows(b, &section->sum, array->head.in) &&
           bl_map_pack(&array->head, gain, b->net->kernels, b->arena, &section->head);
}

static bool build_section(builder *b, uint32_t index, bl_wavenet_section *section)
{
    const bl_wavenet_array *array = &b->from->arrays[index];
    const bool last = index + 1 == b->from->array_count;
    section->stage_count = array->layer_count;
    section->stages = bl_arena_take(b->arena, array->layer_count, sizeof *section->stages);
    if (section->stages == NULL) {
        return false;
    }
    const bl_stage_recipe recipe = {
        .kernels = b->net->kernels,
        .array = array,
        .causal = b->from->causal,
        .hears_input = index == 0 && b->from->in_channels == 1,
        .condition_is_input = b->from->condition_dsp == NULL,
    };
    for (uint32_t i = 0; i < array->layer_count; i++) {
        const bool stream_read = i + 1 < array->layer_count || !last || array->head_from_residual;
        if (!bl_wavenet_stage_build(&recipe, i, stream_read, b->arena, &section->stages[i],
                                    &b->sizes)) {
            return false;
        }
        b->net->net.latency_frames += section->stages[i].lag;
    }
    if (section->stages[0].expand.out == 0 &&
        !bl_map_pack_matrix(&array->rechannel, b->net->kernels, b->arena, &section->rechannel)) {
        return false;
    }
    return build_head(b, array, last, section);
}

static bool build_post(builder *b)
{
    const bl_post_head *from = &b->from->post_head;
    b->net->post_count = from->count;
    b->net->post = bl_arena_take(b->arena, from->count, sizeof *b->net->post);
    if (b->net->post == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < from->count; i++) {
        bl_post_stage *post = &b->net->post[i];
        post->activation = from->activations[i];
        post->dilation = from->convs[i].dilation;
        if (!bl_map_pack(&from->convs[i], 1.0, b->net->kernels, b->arena, &post->conv) ||
            !bl_history_make(from->convs[i].in, (from->convs[i].kernel - 1) * post->dilation,
                             b->arena, &post->history)) {
            return false;
        }
    }
    return true;
}

static bool build_scratch(builder *b)
{
    bl_wavenet_scratch *scratch = &b->net->scratch;
    const bl_wavenet_sizes *sizes = &b->sizes;
    return take_rows(b, &scratch->stream, sizes->stream) &&
           take_rows(b, &scratch->entry, sizes->stream) && take_rows(b, &scratch->z, sizes->z) &&
           take_rows(b, &scratch->film, sizes->film) && take_rows(b, &scratch->side, sizes->side);
}

static bool build_sections(builder *b)
{
    bl_wavenet_net *net = b->net;
    net->section_count = b->from->array_count;
    net->sections = bl_arena_take(b->arena, net->section_count, sizeof *net->sections);
    for (uint32_t i = 0; net->sections != NULL && i < net->section_count; i++) {
        if (!build_section(b, i, &net->sections[i])) {
            return false;
        }
    }
    return net->sections != NULL && build_post(b) && build_scratch(b);
}

static bool settle(bl_wavenet_net *net, bl_arena *arena)
{
    float *in = bl_arena_take(arena, net->net.in_channels, BL_NET_STRIDE * sizeof *in);
    float *out = bl_arena_take(arena, net->net.out_channels, BL_NET_STRIDE * sizeof *out);
    if (in == NULL || out == NULL) {
        return false;
    }
    net->settling = true;
    net->net.process(&net->net, in, out, 1);
    net->settling = false;
    net->net.reset(&net->net);
    return true;
}

// Whether instances for just these sizes serve the layers.
static const char *served_by(const builder *b)
{
    const bl_kernels *kernels = b->net->kernels;
    uint32_t layers = 0, fixed = 0;
    for (uint32_t s = 0; s < b->net->section_count; s++) {
        const bl_wavenet_section *section = &b->net->sections[s];
        layers += section->stage_count;
        for (uint32_t i = 0; kernels->is_fixed_size != NULL && i < section->stage_count; i++) {
            fixed += kernels->is_fixed_size(section->stages[i].run) ? 1 : 0;
        }
    }
    return fixed == layers ? "fixed size" : fixed > 0 ? "partly fixed size" : "any size";
}

static const char *kernel_name(const builder *b)
{
    const bl_wavenet_array *first = &b->from->arrays[0];
    return bl_arena_print(b->arena, "%s wavenet %ux%u, %s", b->net->kernels->name, first->channels,
                          first->layers[0].conv.kernel, served_by(b));
}

static void describe(builder *b)
{
    const bl_wavenet *from = b->from;
    bl_net *net = &b->net->net;
    net->process = bl_wavenet_net_process;
    net->reset = bl_wavenet_net_reset;
    net->in_channels = from->in_channels;
    net->out_channels = from->post_head.count > 0
                            ? from->post_head.convs[from->post_head.count - 1].out
                            : from->arrays[from->array_count - 1].head.out;
    b->net->kernels = bl_isa_kernels(b->request->isa);
}

bl_status bl_wavenet_build(const bl_wavenet *wavenet, const bl_net_request *request,
                           bl_arena *arena, bl_net **net, bl_error *error)
{
    const char *name = request->name;
    builder b = {.from = wavenet, .request = request, .arena = arena};
    bl_status status = check(wavenet, name, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    b.net = bl_arena_take(arena, 1, sizeof *b.net);
    if (b.net == NULL) {
        goto no_memory;
    }
    describe(&b);
    if (wavenet->condition_dsp != NULL) {
        bl_net_request condition = *request;
        condition.quality = BL_CONDITION_QUALITY;
        status =
            bl_net_build(wavenet->condition_dsp, &condition, arena, &b.net->condition_net, error);
        if (status != BL_STATUS_OK) {
            return status;
        }
        if (!take_rows(&b, &b.net->condition, b.net->condition_net->out_channels)) {
            goto no_memory;
        }
    }
    if (!build_sections(&b) || !settle(b.net, arena)) {
        goto no_memory;
    }
    b.net->net.kernel = kernel_name(&b);
    if (b.net->net.kernel == NULL) {
        goto no_memory;
    }
    *net = &b.net->net;
    return BL_STATUS_OK;

no_memory:
    return bl_error_set(error, BL_STATUS_NO_MEMORY,
                        "%s: not enough memory for its %u layer arrays; use a smaller model", name,
                        wavenet->array_count);
}
