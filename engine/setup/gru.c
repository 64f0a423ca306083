// SPDX-License-Identifier: MIT
// Building GRU nets: packing, initial state, and the state after the prewarm zeros.

#include "rt/gru.h"

#include "setup/isa.h"
#include "setup/stage.h"

#include <string.h>

/// Gates in the file's order, which is that of the rows of a column.
enum { GATE_CANDIDATE = 2 };

static float gain_of(size_t gate)
{
    return gate == GATE_CANDIDATE ? 1.0F : 0.5F;
}

// Where a tile starts writing, and for whom.
typedef struct packer {
    const bl_sequence_stage *stage;
    uint32_t lanes, first, cells;
    float *to;
} packer;

// The bias of every sum: z and r of both parts at once, the candidate's apart.
static void pack_bias(packer *p)
{
    const size_t hidden = p->stage->out;
    const float *input = p->stage->b, *state = p->stage->b + 3 * hidden;
    for (uint32_t i = 0; i < p->cells * BL_GRU_SUMS; i++, p->to++) {
        const size_t sum = i / p->lanes % BL_GRU_SUMS;
        const size_t cell =
            p->first + (size_t)(i / p->lanes / BL_GRU_SUMS) * p->lanes + i % p->lanes;
        if (cell >= hidden) {
            continue;
        }
        if (sum < GATE_CANDIDATE) {
            *p->to = gain_of(sum) * (input[sum * hidden + cell] + state[sum * hidden + cell]);
        } else {
            *p->to = (sum == GATE_CANDIDATE ? input : state)[GATE_CANDIDATE * hidden + cell];
        }
    }
}

// Columns of a matrix [3H][in], padded to `columns`.
static void pack_columns(packer *p, const float *w, size_t in, size_t columns)
{
    const size_t hidden = p->stage->out;
    for (size_t column = 0; column < columns; column++) {
        for (uint32_t i = 0; i < p->cells * BL_GRU_ROWS; i++, p->to++) {
            const size_t gate = i / p->lanes % BL_GRU_ROWS;
            const size_t cell =
                p->first + (size_t)(i / p->lanes / BL_GRU_ROWS) * p->lanes + i % p->lanes;
            if (cell < hidden && column < in) {
                *p->to = gain_of(gate) * w[(gate * hidden + cell) * in + column];
            }
        }
    }
}

static void pack(const bl_sequence_stage *stage, uint32_t lanes, uint32_t padded, float *weights)
{
    packer p = {.stage = stage, .lanes = lanes, .to = weights};
    for (p.first = 0; p.first < padded; p.first += BL_GRU_TILE * lanes) {
        const uint32_t left = padded - p.first, tile = BL_GRU_TILE * lanes;
        p.cells = left < tile ? left : tile;
        pack_bias(&p);
        pack_columns(&p, stage->w, stage->in, stage->in);
        pack_columns(&p, stage->u, stage->out, padded);
    }
}

// The state becomes the one that reset goes back to; false if it was that already.
static bool keep_state(const bl_gru_net *gru)
{
    const size_t bytes = gru->padded * sizeof *gru->h;
    const bool changed = memcmp(gru->h_start, gru->h, bytes) != 0;
    memcpy(gru->h_start, gru->h, bytes);
    return changed;
}

// Ends early where a block changes nothing, as for the LSTM.
static void settle(bl_net *net, const float *in, float *out, uint32_t frames)
{
    const bl_gru_net *gru = (const bl_gru_net *)net;
    net->reset(net);
    for (uint32_t done = 0; done + BL_INNER_FRAMES <= frames; done += BL_INNER_FRAMES) {
        bl_stage_run(net, in, out, BL_INNER_FRAMES);
        if (!keep_state(gru)) {
            break;
        }
    }
    bl_stage_run(net, in, out, frames % BL_INNER_FRAMES);
    keep_state(gru);
}

bl_stage bl_gru_build(const bl_sequence_stage *stage, const bl_matrix *head,
                      const bl_net_request *request, bl_arena *arena)
{
    const bl_stage short_of_memory = {.net = NULL};
    const bl_kernels *kernels = bl_isa_kernels(request->isa);
    const uint32_t padded = (stage->out + kernels->lanes - 1) / kernels->lanes * kernels->lanes;
    const size_t row = BL_GRU_SUMS + ((size_t)stage->in + padded) * BL_GRU_ROWS;
    bl_gru_net *made = bl_arena_take(arena, 1, sizeof *made);
    float *weights = bl_arena_take(arena, padded, row * sizeof *weights);
    float *states = bl_arena_take(arena, padded, 3 * sizeof *states);
    float *frames = bl_arena_take(arena, (size_t)BL_INNER_FRAMES * stage->in, sizeof *frames);
    const char *kernel = bl_arena_print(arena, "%s gru %u", kernels->name, stage->out);
    if (made == NULL || weights == NULL || states == NULL || frames == NULL || kernel == NULL ||
        !bl_head_make(head, stage->out, padded, arena, &made->head)) {
        return short_of_memory;
    }
    pack(stage, kernels->lanes, padded, weights);
    made->net = (bl_net){.process = bl_gru_net_process,
                         .reset = bl_gru_net_reset,
                         .in_channels = stage->in,
                         .out_channels = made->head.out,
                         .kernel = kernel};
    made->kernels = kernels;
    made->hidden = stage->out;
    made->padded = padded;
    made->weights = weights;
    made->h = states;
    made->h_next = states + padded;
    made->h_start = states + (size_t)2 * padded;
    made->frames = stage->in > 1 ? frames : NULL;
    memcpy(made->h_start, stage->h0, stage->out * sizeof *states);
    return (bl_stage){.net = &made->net, .settle = settle};
}
