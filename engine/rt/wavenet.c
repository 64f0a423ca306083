// SPDX-License-Identifier: MIT
// Running a WaveNet: layer after layer over one block, each writing straight into the history of
// the next. Thread: RT.

#include "rt/wavenet.h"

#include <string.h>

// The block itself as the one tap of a map.
static bl_taps block_taps(const float *rows)
{
    return (bl_taps){.rows = rows, .stride = BL_NET_STRIDE, .capacity = UINT32_MAX};
}

static void run_map(const bl_map *map, bl_taps x, bl_rows y, uint32_t frames)
{
    const bl_map_job job = bl_map_job_of(map, x, y, frames);
    map->run(&job);
}

static bool films_input(const bl_wavenet_stage *stage)
{
    return stage->extras != NULL && stage->extras->film[BL_FILM_CONV_PRE].active;
}

// Where the residual stream that enters `stage` is written.
static bl_rows stage_port(const bl_wavenet_net *net, const bl_wavenet_stage *stage)
{
    if (films_input(stage)) {
        return (bl_rows){net->scratch.entry, BL_NET_STRIDE};
    }
    return bl_history_next(&stage->history);
}

// Where the head accumulators of a section are.
static bl_rows sum_port(const bl_wavenet_section *section)
{
    if (section->head_history.rows != NULL) {
        return bl_history_next(&section->head_history);
    }
    return (bl_rows){section->sum, BL_NET_STRIDE};
}

// `in` is the residual stream of the section before, or the input.
static void run_stages(const bl_wavenet_net *net, const bl_wavenet_section *section,
                       const float *in, bool skip_starts, bl_wavenet_block *block)
{
    const uint32_t frames = block->frames;
    bl_wavenet_stage *stage = section->stages;
    if (section->rechannel.out == 0) {
        memcpy(bl_history_next(&stage->history).at, in, frames * sizeof *in);
    } else {
        run_map(&section->rechannel, block_taps(in), stage_port(net, stage), frames);
    }
    block->skip = sum_port(section);
    for (uint32_t i = 0; i < section->stage_count; i++, stage++) {
        if (!films_input(stage)) {
            bl_wavenet_commit(net, &stage->history, frames);
        }
        block->skip_starts = skip_starts && i == 0;
        block->out = i + 1 < section->stage_count ? stage_port(net, stage + 1)
                                                  : (bl_rows){net->scratch.stream, BL_NET_STRIDE};
        if (stage->run != NULL) {
            stage->run(stage, block);
        } else {
            bl_wavenet_stage_run(net, stage, block);
        }
    }
}

static void run_head(const bl_wavenet_net *net, bl_wavenet_section *section, bl_rows out,
                     uint32_t frames)
{
    bl_taps taps = block_taps(section->head_from_residual ? net->scratch.stream : section->sum);
    if (section->head_history.rows != NULL) {
        if (section->head_from_residual) {
            const bl_rows to = bl_history_next(&section->head_history);
            for (uint32_t c = 0; c < section->head.in; c++) {
                memcpy(to.at + c * to.stride, net->scratch.stream + c * (size_t)BL_NET_STRIDE,
                       frames * sizeof(float));
            }
        }
        bl_wavenet_commit(net, &section->head_history, frames);
        taps = bl_history_taps(&section->head_history, frames, 0, section->head.taps,
                               section->head_dilation);
    }
    run_map(&section->head, taps, out, frames);
}

// Where section `index`, or the post stage behind the last one, writes its head.
static bl_rows head_port(const bl_wavenet_net *net, uint32_t index, float *out)
{
    if (index + 1 < net->section_count) {
        return sum_port(&net->sections[index + 1]);
    }
    if (net->post_count > 0) {
        return bl_history_next(&net->post[0].history);
    }
    return (bl_rows){out, BL_NET_STRIDE};
}

static void run_post(const bl_wavenet_net *net, float *out, uint32_t frames)
{
    for (uint32_t i = 0; i < net->post_count; i++) {
        bl_post_stage *post = &net->post[i];
        const bl_rows in = bl_history_next(&post->history);
        const bl_rows to = i + 1 < net->post_count ? bl_history_next(&net->post[i + 1].history)
                                                   : (bl_rows){out, BL_NET_STRIDE};
        net->kernels->activate(&post->activation,
                               (bl_span){in.at, in.stride, post->conv.in, frames});
        bl_wavenet_commit(net, &post->history, frames);
        run_map(&post->conv,
                bl_history_taps(&post->history, frames, 0, post->conv.taps, post->dilation), to,
                frames);
    }
}

void bl_wavenet_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_wavenet_net *wavenet = (bl_wavenet_net *)net;
    bl_wavenet_block block = {.frames = frames, .condition = in, .tile = wavenet->scratch.z};
    if (wavenet->condition_net != NULL) {
        wavenet->condition_net->process(wavenet->condition_net, in, wavenet->condition, frames);
        block.condition = wavenet->condition;
    }
    const float *stream = in;
    for (uint32_t i = 0; i < wavenet->section_count; i++) {
        run_stages(wavenet, &wavenet->sections[i], stream, i == 0, &block);
        run_head(wavenet, &wavenet->sections[i], head_port(wavenet, i, out), frames);
        stream = wavenet->scratch.stream;
    }
    run_post(wavenet, out, frames);
}

void bl_wavenet_net_reset(bl_net *net)
{
    bl_wavenet_net *wavenet = (bl_wavenet_net *)net;
    if (wavenet->condition_net != NULL) {
        wavenet->condition_net->reset(wavenet->condition_net);
    }
    for (uint32_t i = 0; i < wavenet->section_count; i++) {
        bl_wavenet_section *section = &wavenet->sections[i];
        for (uint32_t s = 0; s < section->stage_count; s++) {
            bl_history_reset(&section->stages[s].history);
        }
        if (section->head_history.rows != NULL) {
            bl_history_reset(&section->head_history);
        }
    }
    for (uint32_t i = 0; i < wavenet->post_count; i++) {
        bl_history_reset(&wavenet->post[i].history);
    }
}
