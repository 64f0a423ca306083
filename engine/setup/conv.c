// SPDX-License-Identifier: MIT
// Building convolutions and dense layers: packing weights, sizing histories, settling.

#include "rt/conv.h"

#include "setup/stage.h"

// Rows of a group in tiles of BL_CONV_TILE outputs, the outputs of a tile side by side.
static void pack(const bl_conv *conv, float *weights, float *bias)
{
    const uint32_t group_in = conv->in / conv->groups, group_out = conv->out / conv->groups;
    const size_t row = (size_t)group_in * conv->kernel;
    for (uint32_t g = 0; g < conv->groups; g++) {
        for (uint32_t tile = 0; tile < group_out; tile += BL_CONV_TILE) {
            for (uint32_t o = 0; o < BL_CONV_TILE && tile + o < group_out; o++) {
                const size_t out = (size_t)g * group_out + tile + o;
                for (size_t i = 0; i < row; i++) {
                    weights[i * BL_CONV_TILE + o] = conv->w[out * row + i];
                }
                bias[o] = conv->b != NULL ? conv->b[out] : 0.0F;
            }
            weights += row * BL_CONV_TILE;
            bias += BL_CONV_TILE;
        }
    }
}

static void settle(bl_net *net, const float *in, float *out, uint32_t frames)
{
    (void)out, (void)frames;
    bl_conv_net *conv = (bl_conv_net *)net;
    for (uint32_t c = 0; conv->history != NULL && c < net->in_channels; c++) {
        conv->steady[c] = in[(size_t)c * BL_NET_STRIDE];
    }
    net->reset(net);
}

// A ring that holds the reach and one block, and at least one mirror.
static bool make_history(bl_conv_net *made, bl_arena *arena)
{
    const size_t reach = (size_t)(made->kernel - 1) * made->dilation;
    made->ring = BL_NET_STRIDE;
    while (made->ring < reach + BL_NET_STRIDE) {
        made->ring *= 2;
    }
    made->history =
        bl_arena_take(arena, made->net.in_channels, (made->ring + BL_NET_STRIDE) * sizeof(float));
    made->steady = bl_arena_take(arena, made->net.in_channels, sizeof(float));
    return made->history != NULL && made->steady != NULL;
}

bl_stage bl_conv_build(const bl_conv *conv, const bl_net_request *request, bl_arena *arena)
{
    const bl_stage short_of_memory = {.net = NULL};
    const size_t group_in = conv->in / conv->groups, group_out = conv->out / conv->groups;
    const size_t tiles = conv->groups * ((group_out + BL_CONV_TILE - 1) / BL_CONV_TILE);
    bl_conv_net *made = bl_arena_take(arena, 1, sizeof *made);
    float *weights =
        bl_arena_take(arena, tiles * group_in * conv->kernel, BL_CONV_TILE * sizeof *weights);
    float *bias = bl_arena_take(arena, tiles, BL_CONV_TILE * sizeof *bias);
    const char *kernel = bl_arena_print(arena, "%s %s %ux%u", bl_isa_name(request->isa),
                                        conv->kernel == 1 ? "dense" : "conv", conv->in, conv->out);
    if (made == NULL || weights == NULL || bias == NULL || kernel == NULL) {
        return short_of_memory;
    }
    pack(conv, weights, bias);
    *made = (bl_conv_net){
        .net = {.process = bl_conv_net_process,
                .reset = bl_conv_net_reset,
                .in_channels = conv->in,
                .out_channels = conv->out,
                .kernel = kernel},
        .groups = conv->groups,
        .group_in = conv->in / conv->groups,
        .group_out = conv->out / conv->groups,
        .kernel = conv->kernel,
        .dilation = conv->dilation * (request->stretch > 1 ? request->stretch : 1),
        .weights = weights,
        .bias = bias,
        .ring = 1,
    };
    if (conv->kernel > 1 && !make_history(made, arena)) {
        return short_of_memory;
    }
    return (bl_stage){.net = &made->net, .settle = settle};
}

bl_stage bl_dense_build(const bl_matrix *matrix, const bl_net_request *request, bl_arena *arena)
{
    const bl_conv conv = {.in = matrix->in,
                          .out = matrix->out,
                          .groups = matrix->groups,
                          .kernel = 1,
                          .dilation = 1,
                          .w = matrix->w,
                          .b = matrix->b};
    return bl_conv_build(&conv, request, arena);
}
