// SPDX-License-Identifier: MIT
// Hundreds of random .nam files that use any key of the format, in any of its spellings, on every
// kernel, against the plain reading of the format in support/nam_oracle.c.

#include "backline/voice.h"
#include "setup/isa.h"
#include "support/cmocka_all.h"
#include "support/effort.h"
#include "support/nam_oracle.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 300, SILENCE = 2400, PREWARM = 4032, WEIGHTS_MAX = 40000 };

#define RECURRENT_RATE_HZ 8000 // whose half second in blocks of 64 is PREWARM

static random_source dice;

static int chance(int percent)
{
    return random_below(&dice, 100) < (uint32_t)percent;
}

static int pick(int low, int high)
{
    return low + (int)random_below(&dice, (uint32_t)(high - low + 1));
}

static json_t *real(float low, float high)
{
    // Few digits: the text's double and the engine's float are then close to each other.
    return json_real(round((double)random_float(&dice, low, high) * 1024.0) / 1024.0);
}

// ---- configs ----

static json_t *any_activation(int channels)
{
    static const char *const names[] = {"Tanh",      "Hardtanh", "Fasttanh",      "ReLU",
                                        "Sigmoid",   "SiLU",     "Hardswish",     "Softsign",
                                        "LeakyReLU", "PReLU",    "LeakyHardtanh", "LeakyHardTanh"};
    const char *name = names[pick(0, 11)];
    if (chance(40)) {
        return json_string(name);
    }
    json_t *object = json_pack("{s:s}", "type", name);
    if (strcmp(name, "LeakyReLU") == 0 || (strcmp(name, "PReLU") == 0 && chance(40))) {
        json_object_set_new(object, "negative_slope", real(-0.5F, 0.5F));
    } else if (strcmp(name, "PReLU") == 0) {
        json_t *slopes = json_array();
        for (int c = 0; c < channels; c++) {
            json_array_append_new(slopes, real(-0.5F, 0.5F));
        }
        json_object_set_new(object, "negative_slopes", slopes);
    } else if (strncmp(name, "LeakyHard", 9) == 0) {
        static const char *const keys[] = {"min_val", "max_val", "min_slope", "max_slope"};
        for (int i = 0; i < 4; i++) {
            if (chance(70)) {
                json_object_set_new(object, keys[i],
                                    i == 0   ? real(-1.5F, -0.2F)
                                    : i == 1 ? real(0.2F, 1.5F)
                                             : real(-0.3F, 0.3F));
            }
        }
    }
    return object;
}

// One value for all layers, or a list.
static json_t *per_layer(int layers, json_t *(*make)(int), int argument)
{
    if (chance(50)) {
        return make(argument);
    }
    json_t *list = json_array();
    for (int i = 0; i < layers; i++) {
        json_array_append_new(list, make(argument));
    }
    return list;
}

static json_t *any_mode(int unused)
{
    static const char *const names[] = {"none", "gated", "blended"};
    (void)unused;
    return json_string(names[pick(0, 2)]);
}

static void set_int(json_t *object, const char *key, int value)
{
    json_object_set_new(object, key, json_integer(value));
}

static void add_gating(json_t *array, int layers, int bottleneck)
{
    if (chance(30)) {
        return;
    }
    if (chance(25)) {
        json_object_set_new(array, "gated", json_boolean(chance(60)));
        return;
    }
    json_object_set_new(array, "gating_mode", per_layer(layers, any_mode, 0));
    if (chance(85)) {
        json_object_set_new(array, "secondary_activation",
                            chance(10) ? json_null()
                                       : per_layer(layers, any_activation, bottleneck));
    }
}

static void add_films(json_t *array, int condition, int groups, int layer1x1, int head1x1)
{
    static const char *const keys[] = {"conv_pre_film",        "conv_post_film",
                                       "input_mixin_pre_film", "input_mixin_post_film",
                                       "activation_pre_film",  "activation_post_film",
                                       "layer1x1_post_film",   "head1x1_post_film"};
    for (int i = 0; i < 8; i++) {
        if ((i == 6 && !layer1x1) || (i == 7 && !head1x1) || chance(60)) {
            continue;
        }
        json_t *film = chance(20) ? json_false() : json_object();
        if (json_is_object(film) && chance(50)) {
            json_object_set_new(film, "active", json_boolean(chance(85)));
        }
        if (json_is_object(film) && chance(60)) {
            json_object_set_new(film, "shift", json_boolean(chance(50)));
        }
        // All rows that a modulation may have are even but those before the mix-in.
        if (json_is_object(film) && groups == 2 && condition == 2 && chance(50)) {
            set_int(film, "groups", 2);
        }
        json_object_set_new(array, keys[i], film);
    }
}

static void add_head(json_t *array, int out)
{
    if (chance(50)) {
        set_int(array, "head_size", out);
        json_object_set_new(array, "head_bias", json_boolean(chance(50)));
        return;
    }
    json_t *head = json_pack("{s:i, s:i, s:b}", "out_channels", out, "kernel_size", pick(1, 5),
                             "bias", chance(50));
    if (chance(40)) {
        set_int(head, "head_dilation", pick(1, 7));
    }
    json_object_set_new(array, "head", head);
}

// `heard`: channels of the accumulators it starts from, 0 for the first array.
static json_t *any_array(int in, int condition, int channels, int heard, int out)
{
    const int layers = pick(1, 3), groups = channels % 2 == 0 && chance(40) ? 2 : 1;
    const int layer1x1 = chance(80);
    int head1x1 = chance(30) ? groups * pick(1, 4) : 0;
    int bottleneck = layer1x1 && chance(50) ? groups * pick(1, 5) : channels;
    if (heard > 0 && (bottleneck != heard || head1x1 > 0)) {
        head1x1 = heard; // what it adds must fit what is there
    }
    json_t *array = json_pack("{s:i, s:i, s:i}", "input_size", in, "condition_size", condition,
                              "channels", channels);
    if (bottleneck != channels || chance(20)) {
        set_int(array, "bottleneck", bottleneck);
    }
    json_t *kernels = json_array(), *dilations = json_array();
    for (int i = 0; i < layers; i++) {
        json_array_append_new(kernels, json_integer(pick(1, 6)));
        json_array_append_new(dilations, json_integer(pick(1, 20)));
    }
    if (chance(50)) {
        json_object_set_new(array, "kernel_sizes", kernels);
    } else {
        json_decref(kernels);
        set_int(array, "kernel_size", pick(1, 5));
    }
    json_object_set_new(array, "dilations", dilations);
    json_object_set_new(array, "activation", per_layer(layers, any_activation, bottleneck));
    add_gating(array, layers, bottleneck);
    if (groups == 2) {
        set_int(array, "groups_input", 2);
    } else if (channels == bottleneck && chance(15)) {
        set_int(array, "groups_input", channels); // one channel each
    }
    if (condition == 2 && groups == 2 && chance(50)) {
        set_int(array, "groups_input_mixin", 2);
    }
    if (!layer1x1 || groups == 2 || chance(20)) {
        json_object_set_new(array, "layer1x1",
                            json_pack("{s:b, s:i}", "active", layer1x1, "groups", groups));
    }
    if (head1x1 > 0) {
        json_object_set_new(array, "head1x1",
                            json_pack("{s:b, s:i, s:i}", "active", 1, "out_channels", head1x1,
                                      "groups", head1x1 % groups == 0 ? groups : 1));
    }
    if (chance(50)) {
        add_films(array, condition, groups, layer1x1, head1x1 > 0);
    }
    add_head(array, out);
    return array;
}

static json_t *any_object(const char *architecture, json_t *config, int rate);
static json_t *with_weights(json_t *object);
static json_t *convnet_config(int out);

static json_t *wavenet_config(int out, int may_nest)
{
    json_t *config = json_pack("{s:f, s:[]}", "head_scale", 0.02, "layers");
    int condition = 1;
    if (may_nest && chance(35)) {
        condition = pick(1, 3);
        json_t *inner = chance(70) ? any_object("WaveNet", wavenet_config(condition, 0), 48000)
                                   : any_object("ConvNet", convnet_config(condition), 48000);
        json_object_set_new(config, "condition_dsp", with_weights(inner));
    } else if (chance(30)) {
        json_object_set_new(config, "condition_dsp", json_null());
    }
    const int post = may_nest && chance(30), arrays = pick(1, 3), last = post ? pick(1, 4) : out;
    int in = 1, channels = pick(1, 9), heard = 0;
    for (int a = 0; a < arrays; a++) {
        const int next = a + 1 < arrays ? pick(1, 9) : last;
        json_array_append_new(json_object_get(config, "layers"),
                              any_array(in, condition, channels, heard, next));
        in = channels;
        channels = heard = next;
    }
    if (post) {
        json_t *kernels = json_array();
        for (int i = pick(1, 3); i > 0; i--) {
            json_array_append_new(kernels, json_integer(pick(1, 5)));
        }
        // The channels change from stage to stage: no slopes for each.
        json_object_set_new(config, "head",
                            json_pack("{s:i, s:i, s:o, s:s}", "channels", pick(1, 5),
                                      "out_channels", out, "kernel_sizes", kernels, "activation",
                                      chance(50) ? "Softsign" : "LeakyReLU"));
        if (chance(50)) {
            set_int(json_object_get(config, "head"), "in_channels", last);
        }
    }
    return config;
}

static json_t *convnet_config(int out)
{
    const int channels = 2 * pick(1, 4);
    json_t *dilations = json_array();
    for (int i = pick(1, 5); i > 0; i--) {
        json_array_append_new(dilations, json_integer(pick(1, 60)));
    }
    json_t *config =
        json_pack("{s:i, s:b, s:o, s:o}", "channels", channels, "batchnorm", chance(60),
                  "dilations", dilations, "activation", any_activation(channels));
    if (out != 1 || chance(20)) {
        set_int(config, "out_channels", out);
    }
    if (json_array_size(dilations) == 1 && chance(10)) {
        set_int(config, "groups", 1);
    }
    return config;
}

static json_t *any_object(const char *architecture, json_t *config, int rate)
{
    static const char *const versions[] = {"0.5.0", "0.5.4", "0.6.9", "0.7.0"};
    return json_pack("{s:s, s:s, s:o, s:[], s:i}", "version", versions[pick(0, 3)], "architecture",
                     architecture, "config", config, "weights", "sample_rate", rate);
}

static json_t *any_file(uint32_t index)
{
    switch (index % 10) {
    case 0:
        return any_object("ConvNet", convnet_config(1), 48000);
    case 1:
        return any_object("LSTM",
                          json_pack("{s:i, s:i, s:i}", "input_size", 1, "hidden_size", pick(1, 20),
                                    "num_layers", pick(1, 4)),
                          RECURRENT_RATE_HZ);
    case 2:
        return any_object("Linear",
                          json_pack("{s:i, s:b}", "receptive_field",
                                    chance(50) ? pick(1, 300) : pick(300, 2300), "bias",
                                    chance(50)),
                          48000);
    default:
        return any_object("WaveNet", wavenet_config(1, 1), 48000);
    }
}

// ---- weights ----

// As many as the oracle takes, small enough that nothing grows without end.
static json_t *with_weights(json_t *object)
{
    double *values = calloc(WEIGHTS_MAX, sizeof *values);
    char *positive = calloc(WEIGHTS_MAX, 1);
    const float silence = 0.0F;
    assert_true(values != NULL && positive != NULL);
    nam_weights weights = {.values = values, .positive = positive};
    const nam_sound counted = nam_oracle_play(object, &weights, &silence, 1, 0);
    assert_true(counted.weights <= WEIGHTS_MAX);
    free(counted.out);
    json_t *list = json_object_get(object, "weights");
    for (size_t i = 0; i < counted.weights; i++) {
        json_array_append_new(list, positive[i] ? real(0.4F, 2.0F) : real(-0.4F, 0.4F));
    }
    free(values);
    free(positive);
    return object;
}

// ---- the comparison ----

static double largest_distance(bl_model *model, bl_isa isa, const float *in, const double *expected)
{
    bl_voice_config config = bl_voice_config_default();
    bl_voice *voice = NULL;
    bl_error error = {0};
    config.kernel = bl_isa_name(isa);
    if (bl_voice_create(model, &config, &voice, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    double largest = 0.0;
    for (uint32_t t = 0; t < FRAMES;) {
        float out[BL_INNER_FRAMES];
        const uint32_t left = FRAMES - t, some = 1 + random_below(&dice, BL_INNER_FRAMES);
        const uint32_t now = some < left ? some : left;
        bl_voice_process(voice, in + t, out, now);
        for (uint32_t i = 0; i < now; i++, t++) {
            const double distance = fabs((double)out[i] - expected[t]);
            largest = distance <= largest ? largest : distance; // NaN counts
        }
    }
    bl_voice_destroy(voice);
    return largest;
}

// Returns the largest distance over that which is allowed.
static double check(uint32_t index)
{
    dice.state = index;
    json_t *file = with_weights(any_file(index));
    const int recurrent = index % 10 == 1;
    float in[FRAMES];
    for (int t = 0; t < FRAMES; t++) {
        in[t] = random_float(&dice, -0.8F, 0.8F);
    }
    const nam_sound expected =
        nam_oracle_play(file, NULL, in, FRAMES, recurrent ? PREWARM : SILENCE);
    char *text = json_dumps(file, JSON_COMPACT);
    bl_model *model = NULL;
    bl_error error = {0};
    char name[32];
    snprintf(name, sizeof name, "file %u", index);
    if (bl_model_parse((const uint8_t *)text, strlen(text), name, NULL, &model, &error) !=
        BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    assert_true(bl_model_get_info(model)->receptive_field_samples <= SILENCE);
    assert_int_equal(bl_model_get_info(model)->causal, 1);
    const double allowed = 3e-6 * fmax(1.0, expected.largest);
    double worst = 0.0;
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        if (bl_isa_kernels((bl_isa)isa) != NULL) {
            const double distance = largest_distance(model, (bl_isa)isa, in, expected.out);
            worst = distance / allowed <= worst ? worst : distance / allowed;
        }
    }
    if (!(worst <= 1.0)) {
        json_object_del(file, "weights");
        free(text);
        text = json_dumps(file, JSON_COMPACT);
        print_message("file %u: %.3g of what is allowed; %.3000s\n", index, worst, text);
    }
    bl_model_release(model);
    free(expected.out);
    free(text);
    json_decref(file);
    return worst;
}

// ---- configs that do not fit together ----

// Sets some number of a layer array to any other.
static void spoil(json_t *config)
{
    static const char *const keys[] = {"input_size", "condition_size",    "channels",
                                       "bottleneck", "groups_input",      "groups_input_mixin",
                                       "head_size",  "layer1x1.groups",   "head1x1.out_channels",
                                       "groups",     "head.out_channels", "head1x1.groups"};
    json_t *arrays = json_object_get(config, "layers");
    json_t *array = json_array_get(arrays, random_below(&dice, (uint32_t)json_array_size(arrays)));
    const char *key = keys[random_below(&dice, sizeof keys / sizeof *keys)];
    const char *dot = strchr(key, '.');
    if (dot != NULL) {
        char part[16];
        snprintf(part, sizeof part, "%.*s", (int)(dot - key), key);
        array = json_object_get(array, part);
        key = dot + 1;
    }
    if (json_is_object(array)) {
        set_int(array, key, pick(1, 6));
    }
}

// The number of weights that a refusal asks for; 0: it is about something else.
static int wanted_weights(const char *sentence)
{
    int wanted = 0;
    const char *found = strstr(sentence, "weights: found 0 numbers, expected ");
    return found != NULL && sscanf(found, "weights: found 0 numbers, expected %d", &wanted) == 1
               ? wanted
               : 0;
}

static bl_status parse(const json_t *file, bl_model **model, bl_error *error)
{
    char *text = json_dumps(file, JSON_COMPACT);
    *error = (bl_error){0};
    const bl_status status =
        bl_model_parse((const uint8_t *)text, strlen(text), "hostile", NULL, model, error);
    free(text);
    return status;
}

// Whatever is accepted must play without touching memory of others, as a sanitizer or valgrind
// would see, and stay finite.
static int check_hostile(uint32_t index)
{
    dice.state = 1000000 + index;
    json_t *file = any_object("WaveNet", wavenet_config(1, 0), 48000);
    bl_model *model = NULL;
    bl_error error = {0};
    for (int i = pick(1, 3); i > 0; i--) {
        spoil(json_object_get(file, "config"));
    }
    assert_int_not_equal(parse(file, &model, &error), BL_STATUS_OK);
    for (int i = wanted_weights(error.text); i > 0; i--) {
        json_array_append_new(json_object_get(file, "weights"), real(-0.4F, 0.4F));
    }
    const bl_status status = parse(file, &model, &error);
    json_decref(file);
    if (status != BL_STATUS_OK) {
        assert_non_null(strstr(error.text, "hostile: config"));
        return 0;
    }
    const float silence[FRAMES] = {0.0F};
    const double zeros[FRAMES] = {0.0};
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        if (bl_isa_kernels((bl_isa)isa) != NULL) {
            assert_true(isfinite(largest_distance(model, (bl_isa)isa, silence, zeros)));
        }
    }
    bl_model_release(model);
    return 1;
}

static void test_sizes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    enum { FILES = 600 };
    const uint32_t files = bl_test_some(FILES);
    int accepted = 0;
    for (uint32_t index = 0; index < files; index++) {
        accepted += check_hostile(index);
    }
    print_message("%u files, %d accepted\n", files, accepted);
    assert_in_range(accepted, files / 20, files / 2 + files / 4);
}

static void test_any_file_sounds_as_the_format_says(void **state)
{
    (void)state;
    enum { FILES = 400 };
    const uint32_t files = bl_test_some(FILES);
    uint32_t failed = 0;
    double worst = 0.0;
    for (uint32_t index = 0; index < files; index++) {
        const double found = check(index);
        failed += found <= 1.0 ? 0 : 1;
        worst = found <= worst ? worst : found;
    }
    print_message("%u files, the worst at %.2g of what is allowed\n", files, worst);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_file_sounds_as_the_format_says),
        cmocka_unit_test(test_sizes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
