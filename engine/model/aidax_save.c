// SPDX-License-Identifier: MIT
// Plain stacks as keras-style documents: matrices stand there transposed, [in][out].

#include "model/nam_save.h"

#include <inttypes.h>

// Columns from..from+in-1 of w[out][row], transposed: a list of `in` lists of `out` numbers.
static json_t *write_table(const float *w, uint32_t out, uint32_t row, uint32_t from, uint32_t in)
{
    json_t *table = json_array();
    for (uint32_t i = 0; i < in; i++) {
        json_t *line = json_array();
        for (uint32_t o = 0; o < out; o++) {
            json_array_append_new(line, json_real((double)w[(uint64_t)o * row + from + i]));
        }
        json_array_append_new(table, line);
    }
    return table;
}

static json_t *write_lstm(const bl_sequence_stage *stage)
{
    const uint32_t gates = 4 * stage->out, row = stage->in + stage->out;
    return json_pack("{s:s, s:s, s:[n, n, I], s:[o, o, o]}", "type", "lstm", "activation", "",
                     "shape", (json_int_t)stage->out, "weights",
                     write_table(stage->w, gates, row, 0, stage->in),
                     write_table(stage->w, gates, row, stage->in, stage->out),
                     bl_json_from_floats(stage->b, gates));
}

static json_t *write_dense(const bl_matrix *matrix)
{
    return json_pack("{s:s, s:s, s:[n, n, I], s:[o, o]}", "type", "dense", "activation", "",
                     "shape", (json_int_t)matrix->out, "weights",
                     write_table(matrix->w, matrix->out, matrix->in, 0, matrix->in),
                     bl_json_from_floats(matrix->b, matrix->out));
}

static bool is_zero(const float *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] != 0.0f) {
            return false;
        }
    }
    return true;
}

json_t *bl_aidax_write(bl_load *load, const bl_content *content)
{
    const bl_arch *arch = content->arch;
    const bl_sequence *sequence = &arch->u.sequence;
    json_t *layers = json_array();
    bool good =
        arch->kind == BL_ARCH_SEQUENCE && sequence->in_gain == 1.0f && sequence->out_gain == 1.0f;
    for (uint32_t i = 0; good && i < sequence->stage_count; i++) {
        const bl_sequence_stage *stage = &sequence->stages[i];
        const bool lstm = stage->kind == BL_SEQUENCE_LSTM && is_zero(stage->h0, stage->out) &&
                          is_zero(stage->c0, stage->out);
        const bool dense = stage->kind == BL_SEQUENCE_MATRIX && stage->matrix.groups == 1 &&
                           stage->matrix.b != NULL;
        good = lstm || dense;
        if (good) {
            json_array_append_new(layers, lstm ? write_lstm(stage) : write_dense(&stage->matrix));
        }
    }
    if (!good) {
        json_decref(layers);
        bl_load_fail(load, BL_STATUS_UNSUPPORTED,
                     "found a %s model, expected LSTM and dense layers: AIDA-X plays no others; "
                     "train with configs/lstm.yaml, or with --also aidax",
                     content->info.architecture);
        return NULL;
    }
    const bl_model_info *info = &content->info;
    json_t *metadata =
        json_pack("{s:s, s:f}", "name", info->name, "samplerate", arch->sample_rate_hz);
    if (info->has_esr) {
        json_object_set_new(metadata, "esr", json_real(info->esr));
    }
    return json_pack("{s:[n, n, i], s:i, s:f, s:f, s:f, s:o, s:o}", "in_shape", 1, "in_skip",
                     sequence->skip ? 1 : 0, "in_gain", 0.0, "out_gain", 0.0, "samplerate",
                     arch->sample_rate_hz, "metadata", metadata, "layers", layers);
}
