// SPDX-License-Identifier: MIT
// One WaveNet layer as single steps over a block: the only path of plain C, and the vector
// kernels' path for what few networks have (FiLM, groups, 1x1 on the skips). Thread: RT.

#include "rt/wavenet.h"

#include <string.h>

enum { STRIDE = BL_NET_STRIDE };

static bl_taps block_taps(const float *rows)
{
    return (bl_taps){.rows = rows, .stride = STRIDE, .capacity = UINT32_MAX};
}

static const bl_film_stage *film_at(const bl_wavenet_stage *stage, bl_film_place place)
{
    return stage->extras != NULL && stage->extras->film[place].active ? &stage->extras->film[place]
                                                                      : NULL;
}

// to = from * scale(condition) + shift(condition); `from` and `to` may be the same.
static void run_film(const bl_wavenet_net *net, const bl_film_stage *film,
                     const bl_wavenet_block *block, bl_rows from, bl_rows to)
{
    const bl_taps taps = block_taps(block->condition);
    const bl_rows both = {net->scratch.film, STRIDE};
    net->kernels->map(&film->matrix, &taps, both, false, block->frames);
    const uint32_t rows = film->shift ? film->matrix.out / 2 : film->matrix.out;
    for (uint32_t c = 0; c < rows; c++) {
        const float *x = from.at + c * from.stride, *scale = both.at + (size_t)c * STRIDE;
        const float *shift = scale + (size_t)rows * STRIDE;
        float *y = to.at + c * to.stride;
        for (uint32_t t = 0; t < block->frames; t++) {
            y[t] = film->shift ? x[t] * scale[t] + shift[t] : x[t] * scale[t];
        }
    }
}

static void run_film_here(const bl_wavenet_net *net, const bl_wavenet_stage *stage,
                          bl_film_place place, const bl_wavenet_block *block, float *x)
{
    const bl_film_stage *film = film_at(stage, place);
    if (film != NULL) {
        run_film(net, film, block, (bl_rows){x, STRIDE}, (bl_rows){x, STRIDE});
    }
}

static void add_rows(bl_rows to, const float *from, uint32_t rows, uint32_t frames, bool starts)
{
    for (uint32_t c = 0; c < rows; c++) {
        float *y = to.at + c * to.stride;
        const float *x = from + (size_t)c * STRIDE;
        for (uint32_t t = 0; t < frames; t++) {
            y[t] = starts ? x[t] : y[t] + x[t];
        }
    }
}

// z += mixin(condition), with the FiLMs before and after it.
static void run_mixin(const bl_wavenet_net *net, const bl_wavenet_stage *stage,
                      const bl_wavenet_block *block, float *z)
{
    const bl_film_stage *before = film_at(stage, BL_FILM_MIXIN_PRE);
    const float *condition = block->condition;
    float *side = net->scratch.side;
    if (before != NULL) {
        memcpy(side, block->condition, (size_t)stage->mixin.in * STRIDE * sizeof *side);
        run_film(net, before, block, (bl_rows){side, STRIDE}, (bl_rows){side, STRIDE});
        condition = side;
        side += (size_t)stage->mixin.in * STRIDE;
    }
    const bl_taps taps = block_taps(condition);
    if (film_at(stage, BL_FILM_MIXIN_POST) == NULL) {
        net->kernels->map(&stage->mixin, &taps, (bl_rows){z, STRIDE}, true, block->frames);
        return;
    }
    net->kernels->map(&stage->mixin, &taps, (bl_rows){side, STRIDE}, false, block->frames);
    run_film_here(net, stage, BL_FILM_MIXIN_POST, block, side);
    add_rows((bl_rows){z, STRIDE}, side, stage->mixin.out, block->frames, false);
}

// Activation and gating: z becomes `bottleneck` rows.
static void run_activation(const bl_wavenet_net *net, const bl_wavenet_stage *stage,
                           uint32_t frames, float *z)
{
    const uint32_t rows = stage->bottleneck;
    float *gate = z + (size_t)rows * STRIDE, *before = net->scratch.side;
    if (stage->gating == BL_GATING_BLENDED) {
        memcpy(before, z, (size_t)rows * STRIDE * sizeof *z);
    }
    net->kernels->activate(&stage->activation, z, STRIDE, rows, frames);
    if (stage->gating == BL_GATING_NONE) {
        return;
    }
    net->kernels->activate(&stage->secondary, gate, STRIDE, rows, frames);
    for (uint32_t c = 0; c < rows; c++) {
        for (uint32_t t = 0; t < frames; t++) {
            const size_t at = (size_t)c * STRIDE + t;
            z[at] = stage->gating == BL_GATING_GATED
                        ? z[at] * gate[at]
                        : gate[at] * z[at] + (1.0f - gate[at]) * before[at];
        }
    }
}

static void run_skip(const bl_wavenet_net *net, const bl_wavenet_stage *stage,
                     const bl_wavenet_block *block, const float *z)
{
    if (!stage->adds_skip) {
        return;
    }
    if (stage->extras == NULL || stage->extras->head1x1.out == 0) {
        add_rows(block->skip, z, stage->bottleneck, block->frames, block->skip_starts);
        return;
    }
    const bl_taps taps = block_taps(z);
    const bl_rows side = {net->scratch.side, STRIDE};
    net->kernels->map(&stage->extras->head1x1, &taps, side, false, block->frames);
    run_film_here(net, stage, BL_FILM_HEAD1X1_POST, block, side.at);
    add_rows(block->skip, side.at, stage->extras->head1x1.out, block->frames, block->skip_starts);
}

// out = x + what the layer makes of z; `x` may be `out`.
static void run_residual(const bl_wavenet_net *net, const bl_wavenet_stage *stage,
                         const bl_wavenet_block *block, const float *x, size_t x_stride,
                         const float *z)
{
    if (stage->residual == BL_RESIDUAL_NONE) {
        return;
    }
    for (uint32_t c = 0; c < stage->channels && x != block->out.at; c++) {
        memcpy(block->out.at + c * block->out.stride, x + c * x_stride, block->frames * sizeof *x);
    }
    const bl_taps taps = block_taps(z);
    if (stage->residual == BL_RESIDUAL_IDENTITY) {
        add_rows(block->out, z, stage->channels, block->frames, false);
    } else if (stage->residual == BL_RESIDUAL_MATRIX &&
               film_at(stage, BL_FILM_LAYER1X1_POST) == NULL) {
        net->kernels->map(&stage->layer1x1, &taps, block->out, true, block->frames);
    } else if (stage->residual == BL_RESIDUAL_MATRIX) {
        const bl_rows side = {net->scratch.side, STRIDE};
        net->kernels->map(&stage->layer1x1, &taps, side, false, block->frames);
        run_film_here(net, stage, BL_FILM_LAYER1X1_POST, block, side.at);
        add_rows(block->out, side.at, stage->channels, block->frames, false);
    }
}

void bl_wavenet_stage_run(const bl_wavenet_net *net, bl_wavenet_stage *stage,
                          const bl_wavenet_block *block)
{
    const uint32_t frames = block->frames;
    const bl_film_stage *input_film = film_at(stage, BL_FILM_CONV_PRE);
    const float *x = net->scratch.entry;
    size_t x_stride = STRIDE;
    if (input_film != NULL) {
        run_film(net, input_film, block, (bl_rows){net->scratch.entry, STRIDE},
                 bl_history_next(&stage->history));
        bl_wavenet_commit(net, &stage->history, frames);
    } else {
        const bl_taps residual = bl_history_taps(&stage->history, frames, stage->lag, 1, 0);
        x = residual.rows + residual.first;
        x_stride = residual.stride;
    }
    float *z = net->scratch.z;
    const bl_taps taps =
        bl_history_taps(&stage->history, frames, 0, stage->conv.taps, stage->dilation);
    net->kernels->map(&stage->conv, &taps, (bl_rows){z, STRIDE}, false, frames);
    run_film_here(net, stage, BL_FILM_CONV_POST, block, z);
    if (stage->mixin.out != 0) {
        run_mixin(net, stage, block, z);
    }
    run_film_here(net, stage, BL_FILM_ACTIVATION_PRE, block, z);
    run_activation(net, stage, frames, z);
    run_film_here(net, stage, BL_FILM_ACTIVATION_POST, block, z);
    run_skip(net, stage, block, z);
    run_residual(net, stage, block, x, x_stride, z);
}
