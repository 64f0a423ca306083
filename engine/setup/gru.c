// SPDX-License-Identifier: MIT
// Building GRU nets: packing, initial state, and the state after the prewarm zeros.

#include "rt/gru.h"

#include "setup/stage.h"

#include <string.h>

// Rows [3H][in] and a bias become, per group of lanes, columns of three gates: bias, inputs.
static void pack(const float *w, const float *b, size_t in, size_t hidden, uint32_t lanes,
                 float *weights)
{
    for (size_t first = 0; first < hidden; first += lanes) {
        for (size_t column = 0; column <= in; column++) {
            for (size_t gate = 0; gate < BL_GRU_GATES; gate++) {
                for (size_t lane = 0; lane < lanes; lane++, weights++) {
                    const size_t row = gate * hidden + first + lane;
                    if (first + lane < hidden) {
                        *weights = column == 0 ? b[row] : w[row * in + column - 1];
                    }
                }
            }
        }
    }
}

static void settle(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_gru_net *gru = (bl_gru_net *)net;
    net->reset(net);
    bl_stage_run(net, in, out, frames);
    memcpy(gru->h_start, gru->h, gru->padded * sizeof *gru->h);
}

bl_stage bl_gru_build(const bl_sequence_stage *stage, const bl_net_request *request,
                      bl_arena *arena)
{
    const uint32_t lanes = 1;
    const uint32_t padded = (stage->out + lanes - 1) / lanes * lanes;
    const size_t rows = (size_t)padded * BL_GRU_GATES;
    bl_gru_net *made = bl_arena_take(arena, 1, sizeof *made);
    float *input_weights = bl_arena_take(arena, rows, (1 + (size_t)stage->in) * sizeof(float));
    float *state_weights = bl_arena_take(arena, rows, (1 + (size_t)stage->out) * sizeof(float));
    float *states = bl_arena_take(arena, padded, 3 * sizeof *states);
    float *frame = bl_arena_take(arena, stage->in, sizeof *frame);
    const char *kernel = bl_arena_print(arena, "%s gru %u", bl_isa_name(request->isa), stage->out);
    if (made == NULL || input_weights == NULL || state_weights == NULL || states == NULL ||
        frame == NULL || kernel == NULL) {
        return (bl_stage){.net = NULL};
    }
    pack(stage->w, stage->b, stage->in, stage->out, lanes, input_weights);
    pack(stage->u, stage->b + (size_t)BL_GRU_GATES * stage->out, stage->out, stage->out, lanes,
         state_weights);
    memcpy(states + (size_t)padded * 2, stage->h0, stage->out * sizeof *states);
    *made = (bl_gru_net){
        .net = {.process = bl_gru_net_process,
                .reset = bl_gru_net_reset,
                .in_channels = stage->in,
                .out_channels = stage->out,
                .kernel = kernel},
        .hidden = stage->out,
        .padded = padded,
        .input_weights = input_weights,
        .state_weights = state_weights,
        .h = states,
        .next = states + padded,
        .h_start = states + (size_t)padded * 2,
        .frame = frame,
    };
    return (bl_stage){.net = &made->net, .settle = settle};
}
