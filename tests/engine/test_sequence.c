// SPDX-License-Identifier: MIT
// Sequences of every kind of stage against a naive oracle in double precision: right output, right
// state after the prewarm, same output in any chunks, reset bit for bit.

#include "net_check.h"

#include "setup/isa.h"
#include "support/net_fixture.h"

#include <math.h>

enum { FRAMES = 700 };

// ---- the oracle: one frame at a time, whole histories kept, doubles everywhere ----

typedef struct oracle_stage {
    const bl_sequence_stage *stage;
    double *h, *c;      // recurrent state
    double *history;    // [frame][in]
    size_t frame_count; // frames in the history
} oracle_stage;

static double oracle_sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static void oracle_lstm(oracle_stage *o, const double *x, double *y)
{
    const uint32_t in = o->stage->in, hidden = o->stage->out;
    double *next = calloc(hidden, sizeof *next);
    for (uint32_t cell = 0; cell < hidden; cell++) {
        double gate[4];
        for (uint32_t g = 0; g < 4; g++) {
            const size_t row = (size_t)g * hidden + cell;
            gate[g] = (double)o->stage->b[row];
            for (uint32_t i = 0; i < in + hidden; i++) {
                gate[g] +=
                    (double)o->stage->w[row * (in + hidden) + i] * (i < in ? x[i] : o->h[i - in]);
            }
        }
        o->c[cell] = oracle_sigmoid(gate[1]) * o->c[cell] + oracle_sigmoid(gate[0]) * tanh(gate[2]);
        next[cell] = oracle_sigmoid(gate[3]) * tanh(o->c[cell]);
    }
    memcpy(o->h, next, hidden * sizeof *next);
    memcpy(y, next, hidden * sizeof *next);
    free(next);
}

static double oracle_gru_row(const float *w, const float *b, uint32_t row, const double *x,
                             uint32_t count)
{
    double sum = (double)b[row];
    for (uint32_t i = 0; i < count; i++) {
        sum += (double)w[(size_t)row * count + i] * x[i];
    }
    return sum;
}

static void oracle_gru(oracle_stage *o, const double *x, double *y)
{
    const bl_sequence_stage *s = o->stage;
    const uint32_t in = s->in, hidden = s->out;
    const float *bu = s->b + 3 * (size_t)hidden;
    for (uint32_t cell = 0; cell < hidden; cell++) {
        const uint32_t z_row = cell, r_row = hidden + cell, h_row = 2 * hidden + cell;
        const double z = oracle_sigmoid(oracle_gru_row(s->w, s->b, z_row, x, in) +
                                        oracle_gru_row(s->u, bu, z_row, o->h, hidden));
        const double r = oracle_sigmoid(oracle_gru_row(s->w, s->b, r_row, x, in) +
                                        oracle_gru_row(s->u, bu, r_row, o->h, hidden));
        const double candidate = tanh(oracle_gru_row(s->w, s->b, h_row, x, in) +
                                      r * oracle_gru_row(s->u, bu, h_row, o->h, hidden));
        y[cell] = z * o->h[cell] + (1.0 - z) * candidate;
    }
    memcpy(o->h, y, hidden * sizeof *y);
}

// Before the first frame the history holds the first frame for ever: the oracle's convolutions
// settle on a constant because the prewarm of the test feeds them one for longer than they reach.
static void oracle_conv(oracle_stage *o, const double *x, double *y)
{
    const bl_conv *conv = &o->stage->conv;
    const uint32_t in = conv->in, group_in = in / conv->groups,
                   group_out = conv->out / conv->groups;
    memcpy(o->history + o->frame_count++ * in, x, in * sizeof *x);
    for (uint32_t out = 0; out < conv->out; out++) {
        double sum = conv->b != NULL ? (double)conv->b[out] : 0.0;
        const uint32_t first = out / group_out * group_in;
        for (uint32_t i = 0; i < group_in; i++) {
            for (uint32_t k = 0; k < conv->kernel; k++) {
                const size_t back = (size_t)(conv->kernel - 1 - k) * conv->dilation;
                const size_t newest = o->frame_count - 1;
                const size_t at = back <= newest ? newest - back : 0;
                sum += (double)conv->w[((size_t)out * group_in + i) * conv->kernel + k] *
                       o->history[at * in + first + i];
            }
        }
        y[out] = sum;
    }
}

static void oracle_matrix(const bl_matrix *m, const double *x, double *y)
{
    const uint32_t group_in = m->in / m->groups, group_out = m->out / m->groups;
    for (uint32_t out = 0; out < m->out; out++) {
        y[out] = m->b != NULL ? (double)m->b[out] : 0.0;
        for (uint32_t i = 0; i < group_in; i++) {
            y[out] += (double)m->w[(size_t)out * group_in + i] * x[out / group_out * group_in + i];
        }
    }
}

static void oracle_step(oracle_stage *o, const double *x, double *y)
{
    const bl_sequence_stage *s = o->stage;
    double sum = 0.0;
    switch (s->kind) {
    case BL_SEQUENCE_MATRIX:
        oracle_matrix(&s->matrix, x, y);
        return;
    case BL_SEQUENCE_CONV:
        oracle_conv(o, x, y);
        return;
    case BL_SEQUENCE_LSTM:
        oracle_lstm(o, x, y);
        return;
    case BL_SEQUENCE_GRU:
        oracle_gru(o, x, y);
        return;
    case BL_SEQUENCE_AFFINE:
        for (uint32_t c = 0; c < s->out; c++) {
            y[c] = x[c] * (double)s->scale[c] + (double)s->shift[c];
        }
        return;
    case BL_SEQUENCE_ACTIVATION:
        break;
    }
    for (uint32_t c = 0; c < s->out; c++) {
        y[c] = fixture_activate(&s->activation, c, x[c]);
        sum += exp(x[c]);
    }
    for (uint32_t c = 0; s->activation.kind == BL_ACTIVATION_SOFTMAX && c < s->out; c++) {
        y[c] = exp(x[c]) / sum;
    }
}

// Runs `zeros` frames of silence and then the input; mono in, planar out [channel][FRAMES].
static double *oracle_run(const bl_sequence *sequence, const float *in, uint32_t zeros)
{
    enum { WIDEST = 64 };
    oracle_stage *stages = calloc(sequence->stage_count, sizeof *stages);
    const uint32_t out_channels = sequence->stages[sequence->stage_count - 1].out;
    double *out = calloc((size_t)out_channels * FRAMES, sizeof *out);
    for (uint32_t i = 0; i < sequence->stage_count; i++) {
        const bl_sequence_stage *s = &sequence->stages[i];
        stages[i].stage = s;
        stages[i].h = calloc(WIDEST, sizeof(double));
        stages[i].c = calloc(WIDEST, sizeof(double));
        stages[i].history = calloc((size_t)(zeros + FRAMES) * WIDEST, sizeof(double));
        for (uint32_t c = 0; c < s->out; c++) {
            stages[i].h[c] = s->h0 != NULL ? (double)s->h0[c] : 0.0;
            stages[i].c[c] = s->c0 != NULL ? (double)s->c0[c] : 0.0;
        }
    }
    for (uint32_t t = 0; t < zeros + FRAMES; t++) {
        const double direct = t < zeros ? 0.0 : (double)sequence->in_gain * (double)in[t - zeros];
        double x[WIDEST] = {direct}, y[WIDEST];
        for (uint32_t i = 0; i < sequence->stage_count; i++) {
            oracle_step(&stages[i], x, y);
            memcpy(x, y, sizeof x);
        }
        for (uint32_t c = 0; t >= zeros && c < out_channels; c++) {
            out[(size_t)c * FRAMES + t - zeros] =
                (double)sequence->out_gain * (x[c] + (sequence->skip ? direct : 0.0));
        }
    }
    for (uint32_t i = 0; i < sequence->stage_count; i++) {
        free(stages[i].h);
        free(stages[i].c);
        free(stages[i].history);
    }
    free(stages);
    return out;
}

// ---- stages with random weights; they live until the last test has ended ----

static random_source weights_random = {1};
static float *kept[4096];
static size_t kept_count;

static const float *weights(size_t count, float scale)
{
    assert_true(kept_count < sizeof kept / sizeof *kept);
    return kept[kept_count++] = check_noise_new(&weights_random, count, scale);
}

static int free_weights(void **state)
{
    (void)state;
    while (kept_count > 0) {
        free(kept[--kept_count]);
    }
    return 0;
}

static bl_sequence_stage dense(uint32_t in, uint32_t out, uint32_t groups)
{
    const uint32_t row = in / groups;
    const float scale = 1.0F / sqrtf((float)row);
    return (bl_sequence_stage){.kind = BL_SEQUENCE_MATRIX,
                               .in = in,
                               .out = out,
                               .matrix = {.in = in,
                                          .out = out,
                                          .groups = groups,
                                          .w = weights((size_t)out * row, scale),
                                          .b = weights(out, 0.3F)}};
}

static bl_sequence_stage conv(uint32_t in, uint32_t out, uint32_t groups, uint32_t kernel,
                              uint32_t dilation)
{
    const uint32_t row = in / groups * kernel;
    const float scale = 1.0F / sqrtf((float)row);
    return (bl_sequence_stage){.kind = BL_SEQUENCE_CONV,
                               .in = in,
                               .out = out,
                               .conv = {.in = in,
                                        .out = out,
                                        .groups = groups,
                                        .kernel = kernel,
                                        .dilation = dilation,
                                        .w = weights((size_t)out * row, scale),
                                        .b = weights(out, 0.3F)}};
}

static bl_sequence_stage lstm(uint32_t in, uint32_t hidden)
{
    const float scale = 1.5F / sqrtf((float)(in + hidden));
    return (bl_sequence_stage){.kind = BL_SEQUENCE_LSTM,
                               .in = in,
                               .out = hidden,
                               .w = weights((size_t)4 * hidden * (in + hidden), scale),
                               .b = weights((size_t)4 * hidden, 0.5F),
                               .h0 = weights(hidden, 0.5F),
                               .c0 = weights(hidden, 0.5F)};
}

static bl_sequence_stage gru(uint32_t in, uint32_t hidden)
{
    const float scale = 1.5F / sqrtf((float)hidden);
    return (bl_sequence_stage){.kind = BL_SEQUENCE_GRU,
                               .in = in,
                               .out = hidden,
                               .w = weights((size_t)3 * hidden * in, scale),
                               .u = weights((size_t)3 * hidden * hidden, scale),
                               .b = weights((size_t)6 * hidden, 0.5F),
                               .h0 = weights(hidden, 0.5F)};
}

static bl_sequence_stage activation(uint32_t channels, bl_activation_kind kind)
{
    return (bl_sequence_stage){.kind = BL_SEQUENCE_ACTIVATION,
                               .in = channels,
                               .out = channels,
                               .activation = {.kind = kind,
                                              .p = {-0.4F, 0.6F, 0.05F, 0.2F},
                                              .slopes = weights(2, 0.5F),
                                              .slope_count = 2}};
}

static bl_sequence_stage affine(uint32_t channels)
{
    return (bl_sequence_stage){.kind = BL_SEQUENCE_AFFINE,
                               .in = channels,
                               .out = channels,
                               .scale = weights(channels, 1.5F),
                               .shift = weights(channels, 0.5F)};
}

// ---- the checks ----

static bl_net *build(const bl_sequence *sequence, bl_isa isa, bl_arena *arena)
{
    const bl_arch arch = {.kind = BL_ARCH_SEQUENCE, .u.sequence = *sequence};
    const bl_net_request request = {.isa = isa, .quality = 1.0, .name = "test"};
    bl_net *net = NULL;
    bl_error error = {0};
    if (bl_net_build(&arch, &request, arena, &net, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return net;
}

static void check_on(const char *what, const bl_sequence *sequence, bl_isa isa, const float *in,
                     const double *expected)
{
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    assert_non_null(arena);
    bl_net *net = build(sequence, isa, arena);
    assert_int_equal(net->latency_frames, 0);
    const size_t count = (size_t)net->out_channels * FRAMES;
    float *out = malloc(count * sizeof *out);
    check_run(net, in, out, FRAMES, 64);
    const double difference = check_difference(out, expected, count);
    print_message("%-28s %-20s %.2g\n", what, net->kernel, difference);
    if (!(difference <= 1e-5)) {
        fail_msg("%s: differs from the oracle by %g", what, difference);
    }
    net->reset(net);
    check_promises(what, net, 0.0);
    bl_arena_destroy(arena);
    free(out);
}

static void check_sequence(const char *what, bl_sequence_stage *stages, uint32_t count,
                           const bl_sequence *shape)
{
    bl_sequence sequence = *shape;
    sequence.stages = stages;
    sequence.stage_count = count;
    random_source random = {3};
    float *in = check_noise_new(&random, FRAMES, 0.9F);
    double *expected = oracle_run(&sequence, in, sequence.prewarm_frames);
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        if (bl_isa_kernels((bl_isa)isa) != NULL) {
            check_on(what, &sequence, (bl_isa)isa, in, expected);
        }
    }
    free(in);
    free(expected);
}

static const bl_sequence plain = {.in_gain = 1.0F, .out_gain = 1.0F, .prewarm_frames = 300};

static void test_lstm(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{1, 16}, {2, 8}, {3, 8}, {1, 40}, {1, 1},  {1, 4}, {1, 8},
                                        {1, 11}, {2, 4}, {2, 5}, {2, 12}, {1, 24}, {1, 33}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const uint32_t layers = sizes[i][0], hidden = sizes[i][1];
        bl_sequence_stage stages[4];
        for (uint32_t l = 0; l < layers; l++) {
            stages[l] = lstm(l == 0 ? 1 : hidden, hidden);
        }
        stages[layers] = dense(hidden, 1, 1);
        char what[32];
        snprintf(what, sizeof what, "lstm %ux%u", layers, hidden);
        check_sequence(what, stages, layers + 1, &plain);
    }
}

static void test_lstm_without_prewarm_starts_from_the_file(void **state)
{
    (void)state;
    bl_sequence_stage stages[] = {lstm(1, 6), dense(6, 1, 1)};
    const bl_sequence shape = {.in_gain = 1.0F, .out_gain = 1.0F};
    check_sequence("lstm, no prewarm", stages, 2, &shape);
}

// What the activations inside a kernel give: with the input and forget gates shut or open by their
// biases, a cell shows sigmoid(its output bias) tanh(its initial state).
enum { PROBES = 256 };

static void probe(bl_isa isa, const float *open, const float *cells, float *out)
{
    static const float shut = -60.0F;
    float *w = calloc((size_t)4 * PROBES * (PROBES + 1), sizeof *w);
    float *b = calloc((size_t)4 * PROBES, sizeof *b), *h0 = calloc(PROBES, sizeof *h0);
    for (int i = 0; i < PROBES; i++) {
        b[i] = shut;
        b[PROBES + i] = -shut;
        b[3 * PROBES + i] = open[i];
    }
    bl_sequence_stage stage = {
        .kind = BL_SEQUENCE_LSTM, .in = 1, .out = PROBES, .w = w, .b = b, .h0 = h0, .c0 = cells};
    const bl_sequence sequence = {
        .stage_count = 1, .stages = &stage, .in_gain = 1.0F, .out_gain = 1.0F};
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    const float silence = 0.0F;
    check_run(build(&sequence, isa, arena), &silence, out, 1, 1);
    bl_arena_destroy(arena);
    free(w);
    free(b);
    free(h0);
}

static void check_activations(bl_isa isa)
{
    random_source random = {17};
    float wide[PROBES], value[PROBES], out[PROBES];
    double worst_tanh = 0.0, worst_sigmoid = 0.0;
    for (int run = 0; run < 30; run++) {
        for (int i = 0; i < PROBES; i++) {
            wide[i] = 60.0F;
            value[i] = random_float(&random, -20.0F, 20.0F) * (run % 2 == 0 ? 1.0F : 0.2F);
        }
        probe(isa, wide, value, out);
        for (int i = 0; i < PROBES; i++) {
            worst_tanh = fmax(worst_tanh, fabs((double)out[i] - tanh((double)value[i])));
        }
        probe(isa, value, wide, out);
        for (int i = 0; i < PROBES; i++) {
            const double expected = oracle_sigmoid((double)value[i]);
            worst_sigmoid = fmax(worst_sigmoid, fabs((double)out[i] - expected));
        }
    }
    print_message("%s: tanh %.2g, sigmoid %.2g\n", bl_isa_name(isa), worst_tanh, worst_sigmoid);
    assert_true(worst_tanh <= 3e-7);
    assert_true(worst_sigmoid <= 3e-7);
}

static void test_activations_inside_the_recurrence(void **state)
{
    (void)state;
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        if (bl_isa_kernels((bl_isa)isa) != NULL) {
            check_activations((bl_isa)isa);
        }
    }
}

static void test_gru(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {8, 16, 1, 5, 33};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bl_sequence_stage stages[] = {gru(1, sizes[i]), dense(sizes[i], 1, 1)};
        char what[32];
        snprintf(what, sizeof what, "gru %u", sizes[i]);
        check_sequence(what, stages, 2, &plain);
    }
}

static void test_convnet(void **state)
{
    (void)state;
    bl_sequence_stage stages[] = {
        conv(1, 8, 1, 2, 1),  affine(8), activation(8, BL_ACTIVATION_TANH),
        conv(8, 8, 2, 2, 4),  affine(8), activation(8, BL_ACTIVATION_RELU),
        conv(8, 6, 1, 2, 64), affine(6), activation(6, BL_ACTIVATION_TANH),
        dense(6, 1, 1)};
    check_sequence("convnet", stages, 10, &plain);
}

static void test_every_activation(void **state)
{
    (void)state;
    for (int kind = BL_ACTIVATION_IDENTITY; kind <= BL_ACTIVATION_SOFTMAX; kind++) {
        bl_sequence_stage stages[] = {dense(1, 5, 1), activation(5, (bl_activation_kind)kind)};
        stages[0].matrix.w = weights(5, 6.0F); // into every branch
        char what[32];
        snprintf(what, sizeof what, "activation %d", kind);
        check_sequence(what, stages, 2, &plain);
    }
}

static void test_mixed_stack_with_gains(void **state)
{
    (void)state;
    bl_sequence_stage stages[] = {conv(1, 6, 1, 3, 5),
                                  activation(6, BL_ACTIVATION_PRELU),
                                  lstm(6, 9),
                                  dense(9, 7, 1),
                                  gru(7, 5),
                                  conv(5, 4, 1, 7, 2),
                                  activation(4, BL_ACTIVATION_ELU),
                                  dense(4, 1, 1)};
    const bl_sequence shape = {
        .in_gain = 0.7F, .out_gain = 1.3F, .skip = true, .prewarm_frames = 300};
    check_sequence("mixed, skip and gains", stages, 8, &shape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lstm),
        cmocka_unit_test(test_lstm_without_prewarm_starts_from_the_file),
        cmocka_unit_test(test_activations_inside_the_recurrence),
        cmocka_unit_test(test_gru),
        cmocka_unit_test(test_convnet),
        cmocka_unit_test(test_every_activation),
        cmocka_unit_test(test_mixed_stack_with_gains),
    };
    return cmocka_run_group_tests(tests, NULL, free_weights);
}
