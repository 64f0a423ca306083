// SPDX-License-Identifier: MIT
// Stages without state, and what all builders share.

#include "setup/stage.h"

#include "rt/pointwise.h"
#include "setup/isa.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 48 };

const char *bl_arena_print(bl_arena *arena, const char *format, ...)
{
    char *text = bl_arena_take(arena, NAME_BYTES, 1);
    if (text != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, NAME_BYTES, format, arguments);
        va_end(arguments);
    }
    return text;
}

void bl_stage_run(bl_net *net, const float *in, float *out, uint32_t frames)
{
    while (frames > 0) {
        const uint32_t now = frames < BL_INNER_FRAMES ? frames : BL_INNER_FRAMES;
        net->process(net, in, out, now);
        frames -= now;
    }
}

bool bl_head_make(const bl_matrix *head, uint32_t hidden, uint32_t padded, bl_arena *arena,
                  bl_head *made)
{
    *made = (bl_head){.out = hidden, .padded = padded};
    if (head == NULL) {
        return true;
    }
    float *weights = bl_arena_take(arena, (size_t)head->out * padded, sizeof *weights);
    float *bias = bl_arena_take(arena, head->out, sizeof *bias);
    if (weights == NULL || bias == NULL) {
        return false;
    }
    for (size_t o = 0; o < head->out; o++) {
        memcpy(weights + o * padded, head->w + o * head->in, head->in * sizeof *weights);
        bias[o] = head->b != NULL ? head->b[o] : 0.0F;
    }
    *made = (bl_head){.out = head->out, .padded = padded, .weights = weights, .bias = bias};
    return true;
}

bl_stage bl_activation_build(const bl_sequence_stage *stage, const bl_net_request *request,
                             bl_arena *arena)
{
    bl_activation_net *made = bl_arena_take(arena, 1, sizeof *made);
    if (made == NULL) {
        return (bl_stage){.net = NULL};
    }
    *made = (bl_activation_net){
        .net = {.process = bl_activation_net_process,
                .reset = bl_pointwise_reset,
                .in_channels = stage->in,
                .out_channels = stage->out,
                .kernel = bl_isa_name(request->isa)},
        .kernels = bl_isa_kernels(request->isa),
        .activation = stage->activation,
    };
    return (bl_stage){.net = &made->net};
}

bl_stage bl_affine_build(const bl_sequence_stage *stage, const bl_net_request *request,
                         bl_arena *arena)
{
    bl_affine_net *made = bl_arena_take(arena, 1, sizeof *made);
    if (made == NULL) {
        return (bl_stage){.net = NULL};
    }
    *made = (bl_affine_net){
        .net = {.process = bl_affine_net_process,
                .reset = bl_pointwise_reset,
                .in_channels = stage->in,
                .out_channels = stage->out,
                .kernel = bl_isa_name(request->isa)},
        .scale = stage->scale,
        .shift = stage->shift,
    };
    return (bl_stage){.net = &made->net};
}
