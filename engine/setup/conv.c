// SPDX-License-Identifier: MIT
// Building convolutions and dense layers, with the batch normalisation and the activation that
// follow them.

#include "rt/conv.h"

#include "setup/isa.h"
#include "setup/pack.h"
#include "setup/stage.h"

#include <stdlib.h>

static void settle(bl_net *net, const float *in, float *out, uint32_t frames)
{
    (void)out, (void)frames;
    bl_conv_net *conv = (bl_conv_net *)net;
    if (conv->history.rows != NULL) {
        bl_conv_net_hear(conv, in, 1);
        bl_history_settle(&conv->history);
    }
    net->reset(net);
}

// Packs `conv` followed by y = scale x + shift. False: memory is short.
static bool pack_normalised(const bl_conv *conv, const bl_sequence_stage *affine,
                            const bl_kernels *kernels, bl_arena *arena, bl_map *map)
{
    const size_t row = (size_t)conv->in / conv->groups * conv->kernel;
    float *w = malloc((size_t)conv->out * row * sizeof *w);
    float *b = malloc(conv->out * sizeof *b);
    bool packed = w != NULL && b != NULL;
    for (size_t o = 0; packed && o < conv->out; o++) {
        const double scale = (double)affine->scale[o];
        for (size_t i = 0; i < row; i++) {
            w[o * row + i] = (float)(scale * (double)conv->w[o * row + i]);
        }
        const double bias = conv->b != NULL ? (double)conv->b[o] : 0.0;
        b[o] = (float)(scale * bias + (double)affine->shift[o]);
    }
    if (packed) {
        bl_conv normalised = *conv;
        normalised.w = w;
        normalised.b = b;
        packed = bl_map_pack(&normalised, 1.0, kernels, arena, map);
    }
    free(w);
    free(b);
    return packed;
}

bl_stage bl_conv_build(const bl_conv *conv, const bl_conv_tail *tail, const bl_net_request *request,
                       bl_arena *arena)
{
    const bl_stage short_of_memory = {.net = NULL};
    const bl_kernels *kernels = bl_isa_kernels(request->isa);
    bl_conv_net *made = bl_arena_take(arena, 1, sizeof *made);
    const char *name = bl_arena_print(arena, "%s %s %ux%u", kernels->name,
                                      conv->kernel == 1 ? "dense" : "conv", conv->in, conv->out);
    if (made == NULL || name == NULL) {
        return short_of_memory;
    }
    *made = (bl_conv_net){
        .net = {.process = bl_conv_net_process,
                .reset = bl_conv_net_reset,
                .in_channels = conv->in,
                .out_channels = conv->out,
                .kernel = name},
        .kernels = kernels,
        .dilation = conv->dilation * (request->stretch > 1 ? request->stretch : 1),
    };
    if (tail->activation != NULL) {
        made->activation = tail->activation->activation;
    }
    const bool packed = tail->affine != NULL
                            ? pack_normalised(conv, tail->affine, kernels, arena, &made->map)
                            : bl_map_pack(conv, 1.0, kernels, arena, &made->map);
    const uint32_t reach = (conv->kernel - 1) * made->dilation;
    if (!packed || (conv->kernel > 1 && !bl_history_make(conv->in, reach, arena, &made->history))) {
        return short_of_memory;
    }
    return (bl_stage){.net = &made->net, .settle = settle};
}
