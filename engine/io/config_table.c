// SPDX-License-Identifier: MIT
// The table of config keys, and what one row can do: set, describe, format.

#include "io/config_table.h"

#include "backline/limits.h"
#include "backline/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const types[] = {"wavenet_amp", "nam_wavenet", "nam_a2", "lstm", NULL};
static const char *const activations[] = {"tanh", "relu", "leaky_relu", NULL};
static const char *const optimizers[] = {"adam", "soap", NULL};
static const char *const losses[] = {"esr", "mse", NULL};

enum {
    AMP = 1 << BL_CONFIG_WAVENET_AMP,
    NAM = 1 << BL_CONFIG_NAM_WAVENET,
    A2 = 1 << BL_CONFIG_NAM_A2,
    LSTM = 1 << BL_CONFIG_LSTM,
    ALL = AMP | NAM | A2 | LSTM,
};

#define ROW_MODEL(types, key, kind, min, max, default_text, choices)                               \
    {"model", #key, kind, offsetof(bl_config, model.key), min, max, default_text, choices, types},
#define ROW_DATA(key, field, kind, min, max, default_text)                                         \
    {"data", #key, kind, offsetof(bl_config, data.field), min, max, default_text, NULL, ALL},
#define ROW_TRAINING(key, kind, min, max, default_text, choices)                                   \
    {"training",   #key,    kind, offsetof(bl_config, training.key), min, max,                     \
     default_text, choices, ALL},
#define DOUBLING "1, 2, 4, 8, 16, 32, 64, 128, 256, 512"

// `epochs` and `minutes` exclude each other; 0 stands for the one that is not used.
const bl_config_row bl_config_rows[] = {
    // clang-format off
    ROW_MODEL(ALL, type, BL_CONFIG_KIND_CHOICE, 0, 0, "wavenet_amp", types)
    ROW_MODEL(AMP, causal, BL_CONFIG_KIND_BOOL, 0, 0, "false", NULL)
    ROW_MODEL(AMP | NAM, channels, BL_CONFIG_KIND_COUNT, 1, BL_LIMIT_CHANNELS, "16", NULL)
    ROW_MODEL(AMP, num_layers, BL_CONFIG_KIND_COUNT, 1, BL_LIMIT_LAYERS, "10", NULL)
    ROW_MODEL(AMP | NAM, kernel_size, BL_CONFIG_KIND_COUNT, 1, BL_LIMIT_KERNEL, "3", NULL)
    ROW_MODEL(AMP, dilation_base, BL_CONFIG_KIND_COUNT, 1, 64, "2", NULL)
    ROW_MODEL(AMP | NAM, activation, BL_CONFIG_KIND_CHOICE, 0, 0, "tanh", activations)
    ROW_MODEL(NAM, dilations, BL_CONFIG_KIND_LIST, 1, BL_LIMIT_DILATION, DOUBLING, NULL)
    ROW_MODEL(NAM, second_channels, BL_CONFIG_KIND_COUNT, 0, BL_LIMIT_CHANNELS, "8", NULL)
    ROW_MODEL(NAM, second_dilations, BL_CONFIG_KIND_LIST, 1, BL_LIMIT_DILATION, DOUBLING, NULL)
    ROW_MODEL(NAM, head_scale, BL_CONFIG_KIND_NUMBER, 1e-6, 1e6, "0.02", NULL)
    ROW_MODEL(A2, widths, BL_CONFIG_KIND_LIST, 1, BL_LIMIT_CHANNELS, "3, 8", NULL)
    ROW_MODEL(LSTM, cells, BL_CONFIG_KIND_COUNT, 1, BL_LIMIT_CHANNELS, "16", NULL)
    ROW_MODEL(LSTM, skip, BL_CONFIG_KIND_BOOL, 0, 0, "false", NULL)
    ROW_DATA(sample_rate, sample_rate_hz, BL_CONFIG_KIND_NUMBER, BL_RATE_MIN_HZ, BL_RATE_MAX_HZ, "44100")
    ROW_DATA(segment_frames, segment_frames, BL_CONFIG_KIND_COUNT, 64, 1 << 20, "4096")
    ROW_DATA(validation_seconds, validation_s, BL_CONFIG_KIND_NUMBER, 0.1, 3600, "9")
    ROW_TRAINING(epochs, BL_CONFIG_KIND_COUNT, 1, 1000000, "100", NULL)
    ROW_TRAINING(minutes, BL_CONFIG_KIND_NUMBER, 0.01, 100000, "0", NULL)
    ROW_TRAINING(batch_size, BL_CONFIG_KIND_COUNT, 1, 1024, "4", NULL)
    ROW_TRAINING(learning_rate, BL_CONFIG_KIND_NUMBER, 1e-8, 1, "0.01", NULL)
    ROW_TRAINING(optimizer, BL_CONFIG_KIND_CHOICE, 0, 0, "soap", optimizers)
    ROW_TRAINING(warm_up, BL_CONFIG_KIND_COUNT, 0, 1000000, "100", NULL)
    ROW_TRAINING(clip, BL_CONFIG_KIND_NUMBER, 0, 1e6, "0", NULL)
    ROW_TRAINING(weight_decay, BL_CONFIG_KIND_NUMBER, 0, 1, "0", NULL)
    ROW_TRAINING(average, BL_CONFIG_KIND_NUMBER, 0, 0.99999, "0", NULL)
    ROW_TRAINING(patience, BL_CONFIG_KIND_COUNT, 0, 1000000, "0", NULL)
    ROW_TRAINING(loss, BL_CONFIG_KIND_CHOICE, 0, 0, "esr", losses)
    ROW_TRAINING(pre_emphasis, BL_CONFIG_KIND_NUMBER, 0, 0.999, "0", NULL)
    ROW_TRAINING(mrstft, BL_CONFIG_KIND_NUMBER, 0, 1000, "0", NULL)
    ROW_TRAINING(seed, BL_CONFIG_KIND_SEED, 0, 9007199254740991.0, "1", NULL)
    // clang-format on
};
const size_t bl_config_row_count = sizeof bl_config_rows / sizeof bl_config_rows[0];
_Static_assert(sizeof bl_config_rows / sizeof bl_config_rows[0] <= BL_CONFIG_ROWS_MAX,
               "readers have room for every row");

bool bl_config_row_applies(const bl_config_row *row, const bl_config *config)
{
    return (row->types >> config->model.type & 1u) != 0;
}

static void *field_of(const bl_config_row *row, bl_config *config)
{
    return (char *)config + row->offset;
}

// Enumerations are read and written as the integer type that holds them.
_Static_assert(sizeof(bl_config_type) == sizeof(unsigned) &&
                   sizeof(bl_config_activation) == sizeof(unsigned) &&
                   sizeof(bl_config_optimizer) == sizeof(unsigned) &&
                   sizeof(bl_config_loss) == sizeof(unsigned),
               "enumerations are as wide as unsigned");

static bool set_choice(const bl_config_row *row, void *field, const char *text)
{
    for (unsigned i = 0; row->choices[i] != NULL; i++) {
        if (strcmp(row->choices[i], text) == 0) {
            memcpy(field, &i, sizeof i);
            return true;
        }
    }
    return false;
}

static bool set_bool(void *field, const char *text)
{
    const bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0) {
        return false;
    }
    memcpy(field, &yes, sizeof yes);
    return true;
}

static bool set_count(const bl_config_row *row, void *field, const char *text)
{
    uint64_t count = 0;
    if (!bl_text_parse_count(text, &count) || (double)count < row->min ||
        (double)count > row->max) {
        return false;
    }
    if (row->kind == BL_CONFIG_KIND_SEED) {
        memcpy(field, &count, sizeof count);
    } else {
        const uint32_t narrow = (uint32_t)count;
        memcpy(field, &narrow, sizeof narrow);
    }
    return true;
}

// Whole numbers between commas; spaces around them are free.
static bool set_list(const bl_config_row *row, void *field, const char *text)
{
    bl_config_list list = {0};
    char word[24];
    do {
        text += strspn(text, " ");
        const size_t length = strcspn(text, ", ");
        uint64_t value = 0;
        if (list.count == BL_CONFIG_LIST_MAX || length >= sizeof word) {
            return false;
        }
        memcpy(word, text, length);
        word[length] = '\0';
        if (!bl_text_parse_count(word, &value) || (double)value < row->min ||
            (double)value > row->max) {
            return false;
        }
        list.values[list.count++] = (uint32_t)value;
        text += length + strspn(text + length, " ");
    } while (*text++ == ',');
    if (text[-1] != '\0') {
        return false;
    }
    memcpy(field, &list, sizeof list);
    return true;
}

static void format_list(const bl_config_list *list, char text[BL_CONFIG_EXPECTED_MAX])
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < list->count && used < BL_CONFIG_EXPECTED_MAX; i++) {
        used += (size_t)snprintf(text + used, BL_CONFIG_EXPECTED_MAX - used, "%s%" PRIu32,
                                 i > 0 ? ", " : "", list->values[i]);
    }
}

bool bl_config_row_set(const bl_config_row *row, bl_config *config, const char *text)
{
    void *field = field_of(row, config);
    double number = 0.0;
    switch (row->kind) {
    case BL_CONFIG_KIND_BOOL:
        return set_bool(field, text);
    case BL_CONFIG_KIND_CHOICE:
        return set_choice(row, field, text);
    case BL_CONFIG_KIND_COUNT:
    case BL_CONFIG_KIND_SEED:
        return set_count(row, field, text);
    case BL_CONFIG_KIND_LIST:
        return set_list(row, field, text);
    case BL_CONFIG_KIND_NUMBER:
        break;
    }
    if (!bl_text_parse_number(text, &number) || number < row->min || number > row->max) {
        return false;
    }
    memcpy(field, &number, sizeof number);
    return true;
}

void bl_config_row_describe(const bl_config_row *row, char text[BL_CONFIG_EXPECTED_MAX])
{
    char min[BL_TEXT_NUMBER_MAX], max[BL_TEXT_NUMBER_MAX];
    size_t used = 0;
    switch (row->kind) {
    case BL_CONFIG_KIND_BOOL:
        snprintf(text, BL_CONFIG_EXPECTED_MAX, "true or false");
        return;
    case BL_CONFIG_KIND_CHOICE:
        text[0] = '\0';
        for (size_t i = 0; row->choices[i] != NULL && used < BL_CONFIG_EXPECTED_MAX; i++) {
            used += (size_t)snprintf(text + used, BL_CONFIG_EXPECTED_MAX - used, "%s%s",
                                     i > 0 ? " or " : "", row->choices[i]);
        }
        return;
    case BL_CONFIG_KIND_COUNT:
    case BL_CONFIG_KIND_SEED:
        snprintf(text, BL_CONFIG_EXPECTED_MAX, "a whole number from %.0f to %.0f", row->min,
                 row->max);
        return;
    case BL_CONFIG_KIND_LIST:
        snprintf(text, BL_CONFIG_EXPECTED_MAX,
                 "a list like [%s]: 1 to %d whole numbers from %.0f to %.0f", row->default_text,
                 BL_CONFIG_LIST_MAX, row->min, row->max);
        return;
    case BL_CONFIG_KIND_NUMBER:
        bl_text_format_number(row->min, min);
        bl_text_format_number(row->max, max);
        snprintf(text, BL_CONFIG_EXPECTED_MAX, "a number from %s to %s", min, max);
        return;
    }
}

void bl_config_row_format(const bl_config_row *row, const bl_config *config,
                          char text[BL_CONFIG_EXPECTED_MAX])
{
    const char *field = (const char *)config + row->offset;
    bool yes = false;
    unsigned choice = 0;
    uint32_t count = 0;
    uint64_t seed = 0;
    double number = 0.0;
    bl_config_list list;
    switch (row->kind) {
    case BL_CONFIG_KIND_BOOL:
        memcpy(&yes, field, sizeof yes);
        snprintf(text, BL_CONFIG_EXPECTED_MAX, "%s", yes ? "true" : "false");
        return;
    case BL_CONFIG_KIND_CHOICE:
        memcpy(&choice, field, sizeof choice);
        snprintf(text, BL_CONFIG_EXPECTED_MAX, "%s", row->choices[choice]);
        return;
    case BL_CONFIG_KIND_COUNT:
        memcpy(&count, field, sizeof count);
        snprintf(text, BL_CONFIG_EXPECTED_MAX, "%" PRIu32, count);
        return;
    case BL_CONFIG_KIND_SEED:
        memcpy(&seed, field, sizeof seed);
        snprintf(text, BL_CONFIG_EXPECTED_MAX, "%" PRIu64, seed);
        return;
    case BL_CONFIG_KIND_LIST:
        memcpy(&list, field, sizeof list);
        format_list(&list, text);
        return;
    case BL_CONFIG_KIND_NUMBER:
        memcpy(&number, field, sizeof number);
        bl_text_format_number(number, text);
        return;
    }
}
