// SPDX-License-Identifier: MIT
// Activations by the names that .nam files use.

#include "model/nam.h"

#include <string.h>

typedef struct name_row {
    const char *name;
    bl_activation_kind kind;
} name_row;

static const name_row names[] = {
    {"Tanh", BL_ACTIVATION_TANH},
    {"Hardtanh", BL_ACTIVATION_HARDTANH},
    {"Fasttanh", BL_ACTIVATION_FASTTANH},
    {"ReLU", BL_ACTIVATION_RELU},
    {"LeakyReLU", BL_ACTIVATION_LEAKY_RELU},
    {"PReLU", BL_ACTIVATION_PRELU},
    {"Sigmoid", BL_ACTIVATION_SIGMOID},
    {"SiLU", BL_ACTIVATION_SILU},
    {"Hardswish", BL_ACTIVATION_HARDSWISH},
    {"LeakyHardtanh", BL_ACTIVATION_LEAKY_HARDTANH},
    {"LeakyHardTanh", BL_ACTIVATION_LEAKY_HARDTANH},
    {"Softsign", BL_ACTIVATION_SOFTSIGN},
};

// Where a file gives both, the reference player takes the one slope.
static void read_slopes(const bl_json *json, uint32_t channels, bl_activation *activation)
{
    const bl_json one = bl_json_member(json, "negative_slope");
    const bl_json slopes = bl_json_member(json, "negative_slopes");
    if (!bl_json_is_given(&one) && bl_json_is_given(&slopes)) {
        bl_json_to_list(&slopes, channels, channels);
        activation->slopes = bl_json_to_floats(&slopes, channels, &activation->slope_count);
        return;
    }
    float *slope = bl_load_take(json->load, 1, sizeof *slope);
    if (slope != NULL) {
        *slope = bl_json_get_float_or(json, "negative_slope", 0.01f);
        activation->slopes = slope;
        activation->slope_count = 1;
    }
}

static void read_parameters(const bl_json *json, uint32_t channels, bl_activation *activation)
{
    switch (activation->kind) {
    case BL_ACTIVATION_LEAKY_RELU:
        activation->p[0] = bl_json_get_float_or(json, "negative_slope", 0.01f);
        break;
    case BL_ACTIVATION_PRELU:
        read_slopes(json, channels, activation);
        break;
    case BL_ACTIVATION_LEAKY_HARDTANH:
        activation->p[0] = bl_json_get_float_or(json, "min_val", -1.0f);
        activation->p[1] = bl_json_get_float_or(json, "max_val", 1.0f);
        activation->p[2] = bl_json_get_float_or(json, "min_slope", 0.01f);
        activation->p[3] = bl_json_get_float_or(json, "max_slope", 0.01f);
        break;
    default:
        break;
    }
}

bl_activation bl_nam_read_activation(const bl_json *json, uint32_t channels)
{
    const bl_json type = bl_json_is(json, BL_JSON_OBJECT) ? bl_json_member(json, "type") : *json;
    const char *name = bl_json_to_text(&type);
    bl_activation activation = {.kind = BL_ACTIVATION_IDENTITY};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i].name) == 0) {
            activation.kind = names[i].kind;
            read_parameters(json, channels, &activation);
            return activation;
        }
    }
    bl_json_expect(&type, "Tanh, Hardtanh, Fasttanh, ReLU, LeakyReLU, PReLU, Sigmoid, SiLU, "
                          "Hardswish, LeakyHardtanh or Softsign");
    return activation;
}
