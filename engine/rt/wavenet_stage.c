// SPDX-License-Identifier: MIT
// One WaveNet layer over one block, which stays in the first cache: the convolution, whose sums
// start from bias and mix-in; activation together with the head's accumulators; the 1x1, whose
// sums start from the residual stream and end in the history of the next layer. Thread: RT.

#include "rt/wavenet.h"

#include <string.h>

enum { STRIDE = BL_NET_STRIDE };

static bl_taps block_taps(const float *rows)
{
    return (bl_taps){.rows = rows, .stride = STRIDE, .capacity = UINT32_MAX};
}

static void run_map(const bl_map *map, const float *x, bl_rows y, bool add, uint32_t frames)
{
    bl_map_job job = bl_map_job_of(map, block_taps(x), y, frames);
    if (add) {
        job.start = y.at;
        job.start_stride = y.stride;
    }
    map->run(&job);
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
    const bl_rows both = {net->scratch.film, STRIDE};
    run_map(&film->matrix, block->condition, both, false, block->frames);
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

// z += mixin(condition) as a step of its own, with the FiLMs before and after it.
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
    if (film_at(stage, BL_FILM_MIXIN_POST) == NULL) {
        run_map(&stage->mixin, condition, (bl_rows){z, STRIDE}, true, block->frames);
        return;
    }
    run_map(&stage->mixin, condition, (bl_rows){side, STRIDE}, false, block->frames);
    run_film_here(net, stage, BL_FILM_MIXIN_POST, block, side);
    add_rows((bl_rows){z, STRIDE}, side, stage->mixin.out, block->frames, false);
}

static void run_conv(const bl_wavenet_net *net, const bl_wavenet_stage *stage,
                     const bl_wavenet_block *block, float *z)
{
    const uint32_t frames = block->frames;
    const bl_taps taps =
        bl_history_taps(&stage->history, frames, 0, stage->conv.taps, stage->dilation);
    bl_map_job job = bl_map_job_of(&stage->conv, taps, (bl_rows){z, STRIDE}, frames);
    const bool joined =
        stage->extras == NULL && stage->mixin.groups == 1 && stage->conv.groups == 1;
    if (stage->mixin.out != 0 && joined) {
        job.side_w = stage->mixin.w;
        job.side = block->condition;
        job.side_in = stage->mixin.in;
    }
    stage->conv.run(&job);
    run_film_here(net, stage, BL_FILM_CONV_POST, block, z);
    if (stage->mixin.out != 0 && !joined) {
        run_mixin(net, stage, block, z);
    }
}

// Activation and gating: z becomes `bottleneck` rows.
static void run_gate(const bl_wavenet_net *net, const bl_wavenet_stage *stage, uint32_t frames,
                     float *z)
{
    const uint32_t rows = stage->bottleneck;
    float *gate = z + (size_t)rows * STRIDE, *before = net->scratch.side;
    if (stage->gating == BL_GATING_BLENDED) {
        memcpy(before, z, (size_t)rows * STRIDE * sizeof *z);
    }
    net->kernels->activate(&stage->activation, (bl_span){z, STRIDE, rows, frames});
    if (stage->gating == BL_GATING_NONE) {
        return;
    }
    net->kernels->activate(&stage->secondary, (bl_span){gate, STRIDE, rows, frames});
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
    if (stage->extras == NULL || stage->extras->head1x1.out == 0) {
        add_rows(block->skip, z, stage->bottleneck, block->frames, block->skip_starts);
        return;
    }
    const bl_rows side = {net->scratch.side, STRIDE};
    run_map(&stage->extras->head1x1, z, side, false, block->frames);
    run_film_here(net, stage, BL_FILM_HEAD1X1_POST, block, side.at);
    add_rows(block->skip, side.at, stage->extras->head1x1.out, block->frames, block->skip_starts);
}

// Activation, gating and skip. One pass where nothing stands between them; with an identity
// residual and no skip that pass writes the residual stream. Returns whether it did.
static bool run_middle(const bl_wavenet_net *net, const bl_wavenet_stage *stage,
                       const bl_wavenet_block *block, bl_rows x, float *z)
{
    const bl_span span = {z, STRIDE, stage->bottleneck, block->frames};
    const bool plain = stage->extras == NULL && stage->gating == BL_GATING_NONE;
    if (plain && stage->adds_skip) {
        const bl_rows from = {block->skip_starts ? NULL : block->skip.at, block->skip.stride};
        net->kernels->activate_add(&stage->activation, span, from, block->skip);
        return false;
    }
    if (plain && stage->residual == BL_RESIDUAL_IDENTITY) {
        net->kernels->activate_add(&stage->activation, span, x, block->out);
        return true;
    }
    run_film_here(net, stage, BL_FILM_ACTIVATION_PRE, block, z);
    run_gate(net, stage, block->frames, z);
    run_film_here(net, stage, BL_FILM_ACTIVATION_POST, block, z);
    if (stage->adds_skip) {
        run_skip(net, stage, block, z);
    }
    return false;
}

// out = x + what the layer makes of z; `x` may be `out`.
static void run_residual(const bl_wavenet_net *net, const bl_wavenet_stage *stage,
                         const bl_wavenet_block *block, bl_rows x, const float *z)
{
    const uint32_t frames = block->frames;
    if (stage->residual == BL_RESIDUAL_NONE) {
        return;
    }
    if (stage->residual == BL_RESIDUAL_MATRIX && film_at(stage, BL_FILM_LAYER1X1_POST) == NULL) {
        bl_map_job job = bl_map_job_of(&stage->layer1x1, block_taps(z), block->out, frames);
        job.start = x.at;
        job.start_stride = x.stride;
        stage->layer1x1.run(&job);
        return;
    }
    for (uint32_t c = 0; c < stage->channels && x.at != block->out.at; c++) {
        memcpy(block->out.at + c * block->out.stride, x.at + c * x.stride, frames * sizeof *x.at);
    }
    if (stage->residual == BL_RESIDUAL_IDENTITY) {
        add_rows(block->out, z, stage->channels, frames, false);
    } else if (stage->residual == BL_RESIDUAL_MATRIX) {
        const bl_rows side = {net->scratch.side, STRIDE};
        run_map(&stage->layer1x1, z, side, false, frames);
        run_film_here(net, stage, BL_FILM_LAYER1X1_POST, block, side.at);
        add_rows(block->out, side.at, stage->channels, frames, false);
    }
}

// The residual stream that enters the layer, delayed by its lookahead; also fills the history
// where a FiLM stands before it.
static bl_rows residual_input(const bl_wavenet_net *net, bl_wavenet_stage *stage,
                              const bl_wavenet_block *block)
{
    const bl_film_stage *film = film_at(stage, BL_FILM_CONV_PRE);
    if (film != NULL) {
        const bl_rows entry = {net->scratch.entry, STRIDE};
        run_film(net, film, block, entry, bl_history_next(&stage->history));
        bl_wavenet_commit(net, &stage->history, block->frames);
        return entry;
    }
    const bl_taps taps = bl_history_taps(&stage->history, block->frames, stage->lag, 1, 0);
    const bl_rows x = {stage->history.rows + taps.first, taps.stride};
    if (stage->expand.out == 0 || stage->residual == BL_RESIDUAL_NONE) {
        return x;
    }
    run_map(&stage->expand, x.at, block->out, false, block->frames);
    return block->out;
}

void bl_wavenet_stage_run(const bl_wavenet_net *net, bl_wavenet_stage *stage,
                          const bl_wavenet_block *block)
{
    float *z = net->scratch.z;
    const bl_rows x = residual_input(net, stage, block);
    run_conv(net, stage, block, z);
    if (!run_middle(net, stage, block, x, z)) {
        run_residual(net, stage, block, x, z);
    }
}
