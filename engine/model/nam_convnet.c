// SPDX-License-Identifier: MIT
// ConvNet: blocks of a two-tap convolution, batch normalisation or bias, and activation; then a
// dense head. The normalisation (Ioffe and Szegedy 2015, with its running statistics) is folded
// into the convolution.

#include "model/nam.h"

#include "backline/limits.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

enum { KERNEL = 2 };

// y = (w x - mean) weight / sqrt(variance + eps) + bias becomes y = w' x + b'.
static void fold_normalisation(bl_nam *nam, bl_conv *conv, uint32_t block)
{
    assert(conv->groups > 0);
    const uint32_t channels = conv->out;
    const uint64_t row = (uint64_t)conv->in / conv->groups * conv->kernel;
    const float *mean = bl_nam_take(nam, channels), *variance = bl_nam_take(nam, channels);
    const float *weight = bl_nam_take(nam, channels), *bias = bl_nam_take(nam, channels);
    const float *eps = bl_nam_take(nam, 1);
    if (eps == NULL) {
        return; // the list is too short, which is said when all is counted
    }
    float *w = bl_load_take(nam->load, (size_t)(row * channels), sizeof *w);
    float *b = bl_load_take(nam->load, channels, sizeof *b);
    for (uint32_t c = 0; c < channels && bl_load_ok(nam->load); c++) {
        const double scale = (double)weight[c] / sqrt((double)variance[c] + (double)*eps);
        b[c] = (float)((double)bias[c] - (double)mean[c] * scale);
        bool finite = isfinite(scale) && isfinite(b[c]);
        for (uint64_t i = 0; i < row; i++) {
            w[c * row + i] = (float)((double)conv->w[c * row + i] * scale);
            finite = finite && isfinite(w[c * row + i]);
        }
        if (!finite) {
            const bl_json batchnorm = bl_json_member(&nam->config, "batchnorm");
            bl_json_fail(&batchnorm, BL_STATUS_VALUE,
                         "found a running variance of %g with eps %g in the weights of block "
                         "%" PRIu32 ", channel %" PRIu32
                         ", expected a sum above zero that its weights can be divided by",
                         (double)variance[c], (double)*eps, block, c);
        }
    }
    conv->w = w;
    conv->b = b;
}

void bl_nam_read_convnet(bl_nam *nam, bl_arch *arch)
{
    const bl_json *config = &nam->config;
    const bl_json dilations = bl_json_member(config, "dilations");
    const bl_json activation = bl_json_member(config, "activation");
    const bl_json groups = bl_json_member(config, "groups");
    const uint32_t blocks = bl_json_to_list(&dilations, 1, BL_LIMIT_LAYERS);
    const uint32_t channels = bl_json_get_u32(config, "channels", 1, BL_LIMIT_CHANNELS);
    const uint32_t group_count = bl_json_get_u32_or(config, "groups", 1, BL_LIMIT_CHANNELS, 1);
    const bool normalised = bl_json_get_bool(config, "batchnorm");
    nam->in_channels = bl_json_get_u32_or(config, "in_channels", 1, BL_LIMIT_CHANNELS, 1);
    nam->out_channels = bl_json_get_u32_or(config, "out_channels", 1, BL_LIMIT_CHANNELS, 1);
    bl_sequence_stage *stages = bl_load_take(nam->load, 2 * blocks + 1, sizeof *stages);
    for (uint32_t i = 0; i < blocks && bl_load_ok(nam->load); i++) {
        const bl_json dilation = bl_json_element(&dilations, i);
        const bl_conv shape = {.in = i > 0 ? channels : nam->in_channels,
                               .out = channels,
                               .groups = group_count,
                               .kernel = KERNEL,
                               .dilation = bl_json_to_u32(&dilation, 1, BL_LIMIT_DILATION)};
        bl_sequence_stage *conv = &stages[2 * i], *act = conv + 1;
        *conv = (bl_sequence_stage){.kind = BL_SEQUENCE_CONV, .in = shape.in, .out = channels};
        conv->conv = bl_nam_take_conv(nam, &shape, !normalised, &groups);
        if (normalised) {
            fold_normalisation(nam, &conv->conv, i);
        }
        *act = (bl_sequence_stage){.kind = BL_SEQUENCE_ACTIVATION, .in = channels, .out = channels};
        act->activation = bl_nam_read_activation(&activation, channels);
    }
    if (!bl_load_ok(nam->load)) {
        return;
    }
    stages[2 * blocks] = (bl_sequence_stage){
        .kind = BL_SEQUENCE_MATRIX,
        .in = channels,
        .out = nam->out_channels,
        .matrix = bl_nam_take_matrix(nam, channels, nam->out_channels, 1, true, config)};
    arch->kind = BL_ARCH_SEQUENCE;
    arch->u.sequence = (bl_sequence){
        .stage_count = 2 * blocks + 1, .stages = stages, .in_gain = 1.0f, .out_gain = 1.0f};
}
