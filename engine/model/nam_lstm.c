// SPDX-License-Identifier: MIT
// LSTM (Hochreiter and Schmidhuber 1997, with forget gate): layers whose initial state is part of
// the weights, then a dense head.

#include "model/nam.h"

#include "backline/limits.h"
#include "model/measure.h"

#include <inttypes.h>

static bl_sequence_stage take_layer(bl_nam *nam, uint32_t in, uint32_t cells)
{
    bl_sequence_stage stage = {.kind = BL_SEQUENCE_LSTM, .in = in, .out = cells};
    stage.w = bl_nam_take(nam, UINT64_C(4) * cells * (in + cells));
    stage.b = bl_nam_take(nam, UINT64_C(4) * cells);
    stage.h0 = bl_nam_take(nam, cells);
    stage.c0 = bl_nam_take(nam, cells);
    return stage;
}

void bl_nam_read_lstm(bl_nam *nam, bl_arch *arch)
{
    const bl_json *config = &nam->config;
    const uint32_t layers = bl_json_get_u32(config, "num_layers", 1, BL_LIMIT_LAYERS);
    const uint32_t cells = bl_json_get_u32(config, "hidden_size", 1, BL_LIMIT_CHANNELS);
    const bl_json input_size = bl_json_member(config, "input_size");
    const uint32_t in = bl_json_to_u32(&input_size, 1, BL_LIMIT_CHANNELS);
    nam->in_channels = bl_json_get_u32_or(config, "in_channels", 1, BL_LIMIT_CHANNELS, 1);
    nam->out_channels = bl_json_get_u32_or(config, "out_channels", 1, BL_LIMIT_CHANNELS, 1);
    if (in != nam->in_channels) {
        bl_json_fail(&input_size, BL_STATUS_SHAPE,
                     "found %" PRIu32 ", expected %" PRIu32 ", the channels of the input", in,
                     nam->in_channels);
    }
    bl_sequence_stage *stages = bl_load_take(nam->load, layers + 1, sizeof *stages);
    if (stages == NULL) {
        return;
    }
    for (uint32_t i = 0; i < layers; i++) {
        stages[i] = take_layer(nam, i > 0 ? cells : in, cells);
    }
    stages[layers] = (bl_sequence_stage){
        .kind = BL_SEQUENCE_MATRIX,
        .in = cells,
        .out = nam->out_channels,
        .matrix = bl_nam_take_matrix(nam, cells, nam->out_channels, 1, true, config)};
    arch->kind = BL_ARCH_SEQUENCE;
    arch->u.sequence = (bl_sequence){.stage_count = layers + 1,
                                     .stages = stages,
                                     .in_gain = 1.0f,
                                     .out_gain = 1.0f,
                                     .prewarm_frames = bl_prewarm_frames(nam->sample_rate_hz)};
}
