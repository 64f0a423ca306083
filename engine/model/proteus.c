// SPDX-License-Identifier: MIT
// Proteus files: `model_data` describes one recurrent net, `state_dict` has its tensors as PyTorch
// names and orders them. LSTM gates are i f g o; GRU gates are r z n and become z r h. A layer's
// two biases are one in an LSTM; in a GRU the second stands inside the reset gate.

#include "backline/limits.h"
#include "model/aidax.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// The rate of all Proteus captures.
#define PROTEUS_RATE_HZ 44100.0

enum { KEY_MAX = 32, TENSORS_PER_LAYER = 4 };

bool bl_proteus_is(const bl_json *root)
{
    const bl_json data = bl_json_member(root, "model_data");
    const bl_json dict = bl_json_member(root, "state_dict");
    return bl_json_is_present(&data) || bl_json_is_present(&dict);
}

// What the file says of the net.
typedef struct facts {
    bool gru, skip, biased;
    uint32_t cells, layers;
} facts;

static facts read_facts(const bl_json *root)
{
    const bl_json data = bl_json_member(root, "model_data");
    const bl_json unit = bl_json_member(&data, "unit_type");
    const char *name = bl_json_to_text(&unit);
    facts found = {.gru = strcmp(name, "GRU") == 0};
    if (!found.gru && strcmp(name, "LSTM") != 0) {
        bl_json_expect(&unit, "LSTM or GRU");
    }
    const bl_json inputs = bl_json_member(&data, "input_size");
    if (bl_json_is_present(&inputs) && bl_json_to_u32(&inputs, 1, BL_LIMIT_CHANNELS) != 1) {
        bl_json_expect(&inputs, "1; models with knobs of their own are not supported");
    }
    bl_json_get_u32_or(&data, "output_size", 1, 1, 1);
    found.cells = bl_json_get_u32(&data, "hidden_size", 1, BL_LIMIT_CHANNELS);
    found.layers = bl_json_get_u32_or(&data, "num_layers", 1, BL_LIMIT_LAYERS, 1);
    found.skip = bl_json_get_u32_or(&data, "skip", 0, 1, 1) == 1;
    found.biased = bl_json_get_bool_or(&data, "bias_fl", true);
    return found;
}

// The tensor "NAME<layer>" of the state dict.
static float *read_tensor(const bl_json *dict, const char *name, uint32_t layer, uint32_t rows,
                          uint32_t columns)
{
    char key[KEY_MAX];
    snprintf(key, sizeof key, "rec.%s_l%" PRIu32, name, layer);
    const bl_json json = bl_json_member(dict, key);
    return columns > 0 ? bl_json_to_table(&json, rows, columns) : bl_json_to_vector(&json, rows);
}

static void read_lstm(bl_stack *stack, const bl_json *dict, uint32_t layer, uint32_t cells)
{
    bl_load *load = stack->load;
    const uint32_t in = stack->channels, rows = 4 * cells, columns = in + cells;
    const float *w_in = read_tensor(dict, "weight_ih", layer, rows, in);
    const float *w_state = read_tensor(dict, "weight_hh", layer, rows, cells);
    const float *b_in = read_tensor(dict, "bias_ih", layer, rows, 0);
    const float *b_state = read_tensor(dict, "bias_hh", layer, rows, 0);
    float *w = bl_load_take(load, (size_t)rows * columns, sizeof *w);
    float *b = bl_load_take(load, rows, sizeof *b);
    const float *zeros = bl_load_take(load, cells, sizeof *zeros);
    bl_sequence_stage *stage = bl_stack_append(stack, BL_SEQUENCE_LSTM, cells);
    if (stage == NULL) {
        return;
    }
    for (uint32_t r = 0; r < rows; r++) {
        memcpy(w + (size_t)r * columns, w_in + (size_t)r * in, in * sizeof *w);
        memcpy(w + (size_t)r * columns + in, w_state + (size_t)r * cells, cells * sizeof *w);
        b[r] = b_in[r] + b_state[r];
    }
    stage->w = w;
    stage->b = b;
    stage->h0 = stage->c0 = zeros;
    stack->parameters += (uint64_t)rows * (columns + 2);
}

// r z n becomes z r n, `columns` numbers to a row.
static void swap_gates(float *table, uint32_t cells, uint32_t columns)
{
    const size_t gate = (size_t)cells * columns;
    for (size_t i = 0; i < gate; i++) {
        const float reset = table[i];
        table[i] = table[gate + i];
        table[gate + i] = reset;
    }
}

static void read_gru(bl_stack *stack, const bl_json *dict, uint32_t layer, uint32_t cells)
{
    bl_load *load = stack->load;
    const uint32_t in = stack->channels, rows = 3 * cells;
    float *w = read_tensor(dict, "weight_ih", layer, rows, in);
    float *u = read_tensor(dict, "weight_hh", layer, rows, cells);
    const float *b_in = read_tensor(dict, "bias_ih", layer, rows, 0);
    const float *b_state = read_tensor(dict, "bias_hh", layer, rows, 0);
    float *b = bl_load_take(load, 2 * (size_t)rows, sizeof *b);
    const float *zeros = bl_load_take(load, cells, sizeof *zeros);
    bl_sequence_stage *stage = bl_stack_append(stack, BL_SEQUENCE_GRU, cells);
    if (stage == NULL) {
        return;
    }
    memcpy(b, b_in, rows * sizeof *b);
    memcpy(b + rows, b_state, rows * sizeof *b);
    swap_gates(w, cells, in);
    swap_gates(u, cells, cells);
    swap_gates(b, cells, 1);
    swap_gates(b + rows, cells, 1);
    stage->w = w;
    stage->u = u;
    stage->b = b;
    stage->h0 = zeros;
    stack->parameters += (uint64_t)rows * (in + cells + 2);
}

static void read_head(bl_stack *stack, const bl_json *dict, bool biased)
{
    const bl_json weight = bl_json_member(dict, "lin.weight");
    const bl_json bias = bl_json_member(dict, "lin.bias");
    const uint32_t in = stack->channels;
    const float *w = bl_json_to_table(&weight, 1, in);
    const float *b = biased ? bl_json_to_vector(&bias, 1) : NULL;
    bl_sequence_stage *stage = bl_stack_append(stack, BL_SEQUENCE_MATRIX, 1);
    if (stage != NULL) {
        stage->matrix = (bl_matrix){.in = in, .out = 1, .groups = 1, .w = w, .b = b};
        stack->parameters += in + (biased ? 1 : 0);
    }
}

void bl_proteus_read(const bl_json *root, bl_content *content)
{
    bl_load *load = root->load;
    const bl_json dict = bl_json_member(root, "state_dict");
    bl_model_info *info = &content->info;
    const facts found = read_facts(root);
    bl_arch *arch = bl_load_take(load, 1, sizeof *arch);
    if (arch == NULL) {
        return;
    }
    info->sample_rate_hz = PROTEUS_RATE_HZ;
    arch->sample_rate_hz = info->sample_rate_hz;
    bl_stack stack = bl_stack_create(load, arch, found.layers + 1, 1);
    for (uint32_t i = 0; i < found.layers && bl_load_ok(load); i++) {
        (found.gru ? read_gru : read_lstm)(&stack, &dict, i, found.cells);
    }
    read_head(&stack, &dict, found.biased);
    const uint32_t tensors = TENSORS_PER_LAYER * found.layers + (found.biased ? 2 : 1);
    if (dict.value.count != tensors) {
        bl_json_fail(&dict, BL_STATUS_SHAPE,
                     "found %" PRIu32 " tensors, expected %" PRIu32 " for num_layers %" PRIu32
                     " and bias_fl %s",
                     dict.value.count, tensors, found.layers, found.biased ? "true" : "false");
    }
    arch->u.sequence.skip = found.skip;
    bl_stack_finish(&stack, root, content);
    snprintf(info->format, sizeof info->format, "proteus");
    snprintf(info->architecture, sizeof info->architecture, "%s %" PRIu32,
             found.gru ? "gru" : "lstm", found.cells);
    content->arch = arch;
}
