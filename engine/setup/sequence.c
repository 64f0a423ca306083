// SPDX-License-Identifier: MIT
// Building sequences: one stage per layer, recurrent layers with their dense head in one, then
// settled from the first to the last, each on the constant that the one before it gives.

#include "rt/sequence.h"

#include "setup/stage.h"

/// Heads wider than this do not ride along with the recurrence.
enum { FUSED_HEAD_MAX = 4 };

/// Consecutive stages of the file that become one net.
typedef struct stage_run {
    const bl_sequence_stage *first;
    uint32_t count;
    const bl_matrix *head; ///< of recurrent layers; NULL: none
    bl_conv_tail tail;     ///< of a convolution or a dense layer
} stage_run;

// The stage behind the run, if it is of this kind.
static const bl_sequence_stage *next_of_kind(const bl_sequence *sequence, const stage_run *run,
                                             bl_sequence_kind kind)
{
    const bl_sequence_stage *next = run->first + run->count;
    const bool there = next < sequence->stages + sequence->stage_count && next->kind == kind;
    return there ? next : NULL;
}

static stage_run find_recurrent_run(const bl_sequence *sequence, uint32_t first)
{
    stage_run run = {.first = &sequence->stages[first], .count = 1};
    while (run.first->kind == BL_SEQUENCE_LSTM &&
           next_of_kind(sequence, &run, BL_SEQUENCE_LSTM) != NULL) {
        run.count++;
    }
    const bl_sequence_stage *next = next_of_kind(sequence, &run, BL_SEQUENCE_MATRIX);
    if (next != NULL && next->matrix.groups == 1 && next->matrix.out <= FUSED_HEAD_MAX) {
        run.head = &next->matrix;
        run.count++;
    }
    return run;
}

static stage_run find_run(const bl_sequence *sequence, uint32_t first)
{
    stage_run run = {.first = &sequence->stages[first], .count = 1};
    const bl_sequence_kind kind = run.first->kind;
    if (kind == BL_SEQUENCE_LSTM || kind == BL_SEQUENCE_GRU) {
        return find_recurrent_run(sequence, first);
    }
    if (kind == BL_SEQUENCE_CONV || kind == BL_SEQUENCE_MATRIX) {
        run.tail.affine = next_of_kind(sequence, &run, BL_SEQUENCE_AFFINE);
        run.count += run.tail.affine != NULL;
        run.tail.activation = next_of_kind(sequence, &run, BL_SEQUENCE_ACTIVATION);
        run.count += run.tail.activation != NULL;
    }
    return run;
}

static bl_conv dense_conv(const bl_matrix *matrix)
{
    return (bl_conv){.in = matrix->in,
                     .out = matrix->out,
                     .groups = matrix->groups,
                     .kernel = 1,
                     .dilation = 1,
                     .w = matrix->w,
                     .b = matrix->b};
}

static bl_stage build_stage(const stage_run *run, const bl_net_request *request, bl_arena *arena)
{
    const bl_sequence_stage *stage = run->first;
    bl_conv conv = stage->conv;
    switch (stage->kind) {
    case BL_SEQUENCE_MATRIX:
        conv = dense_conv(&stage->matrix);
        return bl_conv_build(&conv, &run->tail, request, arena);
    case BL_SEQUENCE_CONV:
        return bl_conv_build(&conv, &run->tail, request, arena);
    case BL_SEQUENCE_AFFINE:
        return bl_affine_build(stage, request, arena);
    case BL_SEQUENCE_ACTIVATION:
        return bl_activation_build(stage, request, arena);
    case BL_SEQUENCE_LSTM:
        return bl_lstm_build(stage, run->head != NULL ? run->count - 1 : run->count, run->head,
                             request, arena);
    case BL_SEQUENCE_GRU:
        return bl_gru_build(stage, run->head, request, arena);
    }
    return (bl_stage){.net = NULL};
}

// `column` is planar and constant along time: silence into the first stage. Afterwards it is what
// comes out of the stage.
static void settle(bl_stage *stage, float *column, float *out, uint32_t prewarm_frames)
{
    if (stage->settle != NULL) {
        stage->settle(stage->net, column, out, prewarm_frames);
    }
    stage->net->process(stage->net, column, out, 1);
    stage->net->reset(stage->net);
    for (uint32_t c = 0; c < stage->net->out_channels; c++) {
        for (uint32_t t = 0; t < BL_NET_STRIDE; t++) {
            column[(size_t)c * BL_NET_STRIDE + t] = out[(size_t)c * BL_NET_STRIDE];
        }
    }
}

static uint32_t widest(const bl_sequence *sequence)
{
    uint32_t channels = 1;
    for (uint32_t i = 0; i < sequence->stage_count; i++) {
        const bl_sequence_stage *stage = &sequence->stages[i];
        channels = stage->in > channels ? stage->in : channels;
        channels = stage->out > channels ? stage->out : channels;
    }
    return channels;
}

// The net around the stages, without them.
static bl_sequence_net *make_around(const bl_sequence *sequence, bl_arena *arena)
{
    const size_t planar_bytes = BL_NET_STRIDE * sizeof(float);
    const uint32_t channels = widest(sequence), in = sequence->stages[0].in;
    bl_sequence_net *made = bl_arena_take(arena, 1, sizeof *made);
    bl_net **stages = bl_arena_take(arena, sequence->stage_count, sizeof(bl_net *));
    float *between[2] = {bl_arena_take(arena, channels, planar_bytes),
                         bl_arena_take(arena, channels, planar_bytes)};
    const bool scaled = sequence->skip || sequence->in_gain != 1.0F;
    float *input = scaled ? bl_arena_take(arena, in, planar_bytes) : NULL;
    if (made == NULL || stages == NULL || between[0] == NULL || between[1] == NULL ||
        (scaled && input == NULL)) {
        return NULL;
    }
    *made = (bl_sequence_net){
        .net = {.process = bl_sequence_net_process,
                .reset = bl_sequence_net_reset,
                .in_channels = in,
                .out_channels = sequence->stages[sequence->stage_count - 1].out},
        .stages = stages,
        .between = {between[0], between[1]},
        .scaled = input,
        .skip = sequence->skip,
        .in_gain = sequence->in_gain,
        .out_gain = sequence->out_gain,
    };
    return made;
}

bl_status bl_sequence_build(const bl_sequence *sequence, const bl_net_request *request,
                            bl_arena *arena, bl_net **net, bl_error *error)
{
    bl_sequence_net *made = make_around(sequence, arena);
    if (made == NULL) {
        goto fail;
    }
    for (uint32_t i = 0; i < sequence->stage_count;) {
        const stage_run run = find_run(sequence, i);
        bl_stage stage = build_stage(&run, request, arena);
        if (stage.net == NULL) {
            goto fail;
        }
        settle(&stage, made->between[0], made->between[1], sequence->prewarm_frames);
        made->stages[made->stage_count++] = stage.net;
        i += run.count;
    }
    made->net.kernel = made->stages[0]->kernel;
    const bool bare = made->stage_count == 1 && made->scaled == NULL && made->out_gain == 1.0F;
    *net = bare ? made->stages[0] : &made->net;
    return BL_STATUS_OK;

fail:
    return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to play it",
                        request->name);
}
