// SPDX-License-Identifier: MIT
// Stacks out of layer lists, and the tables of numbers that such files are made of.

#include "backline/limits.h"
#include "model/aidax.h"
#include "model/measure.h"

#include <inttypes.h>

bl_stack bl_stack_create(bl_load *load, bl_arch *arch, uint32_t capacity, uint32_t channels)
{
    arch->kind = BL_ARCH_SEQUENCE;
    arch->u.sequence = (bl_sequence){.in_gain = 1.0f, .out_gain = 1.0f};
    arch->u.sequence.stages = bl_load_take(load, capacity, sizeof *arch->u.sequence.stages);
    return (bl_stack){
        .load = load, .sequence = &arch->u.sequence, .capacity = capacity, .channels = channels};
}

bl_sequence_stage *bl_stack_append(bl_stack *stack, bl_sequence_kind kind, uint32_t channels)
{
    bl_sequence *sequence = stack->sequence;
    if (!bl_load_ok(stack->load) || sequence->stage_count == stack->capacity) {
        return NULL;
    }
    bl_sequence_stage *stage = &sequence->stages[sequence->stage_count++];
    *stage = (bl_sequence_stage){.kind = kind, .in = stack->channels, .out = channels};
    stack->channels = channels;
    stack->recurrent |= kind == BL_SEQUENCE_LSTM || kind == BL_SEQUENCE_GRU;
    return stage;
}

void bl_stack_finish(bl_stack *stack, const bl_json *root, bl_content *content)
{
    if (bl_load_ok(stack->load) && stack->channels != 1) {
        bl_json_fail(root, BL_STATUS_SHAPE,
                     "found %" PRIu32 " channels out of the last layer, expected 1",
                     stack->channels);
    }
    if (stack->recurrent) {
        stack->sequence->prewarm_frames = bl_prewarm_frames(content->info.sample_rate_hz);
    }
    content->info.parameters = stack->parameters;
}

static void read_row(const bl_json *json, uint32_t columns, float *row)
{
    bl_json_to_list(json, columns, columns);
    for (uint32_t i = 0; i < columns && bl_load_ok(json->load); i++) {
        const bl_json number = bl_json_element(json, i);
        row[i] = bl_json_to_float(&number);
    }
}

float *bl_json_to_table(const bl_json *json, uint32_t rows, uint32_t columns)
{
    bl_json_to_list(json, rows, rows);
    float *table = bl_load_take(json->load, (size_t)rows * columns, sizeof *table);
    for (uint32_t i = 0; i < rows && bl_load_ok(json->load); i++) {
        const bl_json row = bl_json_element(json, i);
        read_row(&row, columns, table + (size_t)i * columns);
    }
    return bl_load_ok(json->load) ? table : NULL;
}

float *bl_json_to_vector(const bl_json *json, uint32_t count)
{
    float *vector = bl_load_take(json->load, count, sizeof *vector);
    if (vector != NULL) {
        read_row(json, count, vector);
    }
    return bl_load_ok(json->load) ? vector : NULL;
}
