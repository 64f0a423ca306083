// SPDX-License-Identifier: MIT
// Counts of an architecture. Sizes were checked against limits.h by the loader, so that 64-bit
// sums cannot overflow.

#include "model/measure.h"

#include "backline/limits.h"

#include <math.h>
#include <stddef.h>

#define PREWARM_S 0.5

enum {
    LANES = 8,      // cells are padded to whole vectors
    CELL_MACS = 64, // what the activations of a cell cost beside its weights
};

static uint64_t matrix_macs(const bl_matrix *matrix)
{
    return matrix->out == 0 ? 0 : (uint64_t)matrix->out * (matrix->in / matrix->groups);
}

static uint64_t conv_macs(const bl_conv *conv)
{
    return conv->out == 0 ? 0 : (uint64_t)conv->out * (conv->in / conv->groups) * conv->kernel;
}

// Samples between the oldest and the newest tap.
static uint64_t conv_reach(const bl_conv *conv)
{
    return conv->out == 0 ? 0 : (uint64_t)(conv->kernel - 1) * conv->dilation;
}

static void add_wavenet_layer(const bl_wavenet_layer *layer, bl_arch_measure *sum)
{
    sum->mac_per_sample += conv_macs(&layer->conv) + matrix_macs(&layer->mixin) +
                           matrix_macs(&layer->layer1x1) + matrix_macs(&layer->head1x1);
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        if (layer->film[place].active) {
            sum->mac_per_sample += matrix_macs(&layer->film[place].matrix);
        }
    }
    sum->receptive_field_samples += conv_reach(&layer->conv);
    sum->lookahead_samples += conv_reach(&layer->conv) - conv_reach(&layer->conv) / 2;
}

static bl_arch_measure measure_wavenet(const bl_wavenet *net)
{
    bl_arch_measure sum = {.receptive_field_samples = 1};
    if (net->condition_dsp != NULL) {
        sum = bl_arch_get_measure(net->condition_dsp);
    }
    const bool recurrent = sum.receptive_field_samples == 0;
    for (uint32_t a = 0; a < net->array_count; a++) {
        const bl_wavenet_array *array = &net->arrays[a];
        sum.mac_per_sample += matrix_macs(&array->rechannel) + conv_macs(&array->head);
        sum.receptive_field_samples += conv_reach(&array->head);
        for (uint32_t i = 0; i < array->layer_count; i++) {
            add_wavenet_layer(&array->layers[i], &sum);
        }
    }
    for (uint32_t i = 0; i < net->post_head.count; i++) {
        sum.mac_per_sample += conv_macs(&net->post_head.convs[i]);
        sum.receptive_field_samples += conv_reach(&net->post_head.convs[i]);
    }
    if (net->causal) {
        sum.lookahead_samples = 0;
    }
    if (recurrent) {
        sum.receptive_field_samples = 0;
    }
    return sum;
}

static bl_arch_measure measure_sequence(const bl_sequence *sequence)
{
    bl_arch_measure sum = {.receptive_field_samples = 1};
    bool recurrent = false;
    for (uint32_t i = 0; i < sequence->stage_count; i++) {
        const bl_sequence_stage *stage = &sequence->stages[i];
        const uint64_t in = stage->in, out = stage->out;
        switch (stage->kind) {
        case BL_SEQUENCE_MATRIX:
            sum.mac_per_sample += matrix_macs(&stage->matrix);
            break;
        case BL_SEQUENCE_CONV:
            sum.mac_per_sample += conv_macs(&stage->conv);
            sum.receptive_field_samples += conv_reach(&stage->conv);
            break;
        case BL_SEQUENCE_LSTM:
            sum.mac_per_sample += 4 * out * (in + out) + 3 * out;
            recurrent = true;
            break;
        case BL_SEQUENCE_GRU:
            sum.mac_per_sample += 3 * out * (in + out);
            recurrent = true;
            break;
        case BL_SEQUENCE_AFFINE:
        case BL_SEQUENCE_ACTIVATION:
            break;
        }
    }
    if (recurrent) {
        sum.receptive_field_samples = 0;
    }
    return sum;
}

bl_arch_measure bl_arch_get_measure(const bl_arch *arch)
{
    switch (arch->kind) {
    case BL_ARCH_WAVENET:
        return measure_wavenet(&arch->u.wavenet);
    case BL_ARCH_SEQUENCE:
        return measure_sequence(&arch->u.sequence);
    case BL_ARCH_LINEAR:
        return (bl_arch_measure){.mac_per_sample = arch->u.linear.taps,
                                 .receptive_field_samples = arch->u.linear.taps};
    case BL_ARCH_CONTAINER:
        break;
    }
    return bl_arch_get_measure(arch->u.container.submodels[arch->u.container.count - 1]);
}

uint32_t bl_prewarm_frames(double sample_rate_hz)
{
    return (uint32_t)ceil(PREWARM_S * sample_rate_hz / BL_INNER_FRAMES) * BL_INNER_FRAMES;
}

static uint64_t prewarm_sequence(const bl_sequence *sequence)
{
    uint64_t macs = 0;
    for (uint32_t i = 0; i < sequence->stage_count; i++) {
        const bl_sequence_stage *stage = &sequence->stages[i];
        const uint64_t cells = (stage->out + LANES - 1) / LANES * LANES;
        const uint64_t in = (stage->in + LANES - 1) / LANES * LANES;
        if (stage->kind == BL_SEQUENCE_LSTM || stage->kind == BL_SEQUENCE_GRU) {
            const uint64_t gates = stage->kind == BL_SEQUENCE_LSTM ? 4 : 3;
            macs += cells * (gates * (in + cells + 1) + CELL_MACS);
        }
    }
    return macs * sequence->prewarm_frames;
}

uint64_t bl_arch_get_prewarm_macs(const bl_arch *arch)
{
    uint64_t most = 0;
    switch (arch->kind) {
    case BL_ARCH_WAVENET:
        return arch->u.wavenet.condition_dsp != NULL
                   ? bl_arch_get_prewarm_macs(arch->u.wavenet.condition_dsp)
                   : 0;
    case BL_ARCH_SEQUENCE:
        return prewarm_sequence(&arch->u.sequence);
    case BL_ARCH_LINEAR:
        return 0;
    case BL_ARCH_CONTAINER:
        break;
    }
    for (uint32_t i = 0; i < arch->u.container.count; i++) {
        const uint64_t macs = bl_arch_get_prewarm_macs(arch->u.container.submodels[i]);
        most = macs > most ? macs : most;
    }
    return most;
}
