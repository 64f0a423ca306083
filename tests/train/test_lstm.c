// SPDX-License-Identifier: MIT
// Gradients of the LSTM: a plain double reference against central differences, the float kernels
// against the reference, tensor by tensor, over segments as long and gates as steep as in real
// trainings; and segments that continue one another.

#include "train/lstm.h"

#include "support/cmocka_all.h"
#include "train/shapes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAMES = 1024, // of one segment
    CELLS_MAX = 19,
    PARAMETERS_MAX = 4 * CELLS_MAX * (CELLS_MAX + 2) + CELLS_MAX + 1
};

// One layer over flat parameters: w [4H][1 + H], b [4H], head [H], head bias.
typedef struct layer {
    int cells;
    bool skip;
    float weights[PARAMETERS_MAX];
    bl_sequence_stage stages[2];
    bl_sequence shape;
} layer;

static int w_of(const layer *l, int gate, int column)
{
    return gate * (1 + l->cells) + column;
}

static int b_of(const layer *l, int gate)
{
    return 4 * l->cells * (1 + l->cells) + gate;
}

static int head_of(const layer *l, int cell)
{
    return b_of(l, 4 * l->cells) + cell;
}

static int count_of(const layer *l)
{
    return head_of(l, l->cells) + 1;
}

// `drive`: how much more the input counts than the state.
static void make(layer *l, int cells, bool skip, float drive)
{
    uint32_t seed = 3;
    memset(l, 0, sizeof *l);
    l->cells = cells;
    l->skip = skip;
    for (int i = 0; i < count_of(l); i++) {
        l->weights[i] = 0.6f * shape_random(&seed);
    }
    for (int g = 0; g < 4 * cells; g++) {
        l->weights[w_of(l, g, 0)] *= drive;
        l->weights[b_of(l, g)] += g / cells == 1 ? 1.0f : 0.0f; // long memory
    }
    const uint32_t h = (uint32_t)cells;
    l->stages[0] = (bl_sequence_stage){.kind = BL_SEQUENCE_LSTM, .in = 1, .out = h};
    l->stages[0].w = l->weights;
    l->stages[0].b = l->weights + b_of(l, 0);
    l->stages[1] = (bl_sequence_stage){.kind = BL_SEQUENCE_MATRIX, .in = h, .out = 1};
    l->stages[1].matrix = (bl_matrix){.in = h, .out = 1, .groups = 1};
    l->stages[1].matrix.w = l->weights + head_of(l, 0);
    l->stages[1].matrix.b = l->weights + head_of(l, cells);
    l->shape = (bl_sequence){.stage_count = 2, .stages = l->stages, .skip = skip};
    l->shape.in_gain = l->shape.out_gain = 1.0f;
}

// All values of a run, for the way back; c[0] and h[0] are the state before it.
typedef struct record {
    double gate[FRAMES][4 * CELLS_MAX];
    double c[FRAMES + 1][CELLS_MAX], h[FRAMES + 1][CELLS_MAX];
} record;

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static void reference_forward(const layer *l, const double *weights, const double *in, double *out,
                              record *r)
{
    const int cells = l->cells;
    for (int t = 0; t < FRAMES; t++) {
        for (int g = 0; g < 4 * cells; g++) {
            double sum = weights[b_of(l, g)] + weights[w_of(l, g, 0)] * in[t];
            for (int k = 0; k < cells; k++) {
                sum += weights[w_of(l, g, 1 + k)] * r->h[t][k];
            }
            r->gate[t][g] = g / cells == 2 ? tanh(sum) : sigmoid(sum);
        }
        out[t] = weights[head_of(l, cells)] + (l->skip ? in[t] : 0.0);
        for (int k = 0; k < cells; k++) {
            const double *gate = r->gate[t];
            r->c[t + 1][k] = gate[cells + k] * r->c[t][k] + gate[k] * gate[2 * cells + k];
            r->h[t + 1][k] = gate[3 * cells + k] * tanh(r->c[t + 1][k]);
            out[t] += weights[head_of(l, k)] * r->h[t + 1][k];
        }
    }
}

static void reference_backward(const layer *l, const double *weights, const double *in,
                               const double *delta, const record *r, double *gradient)
{
    const int cells = l->cells;
    double dh[CELLS_MAX] = {0}, dc[CELLS_MAX] = {0};
    memset(gradient, 0, (size_t)count_of(l) * sizeof *gradient);
    for (int t = FRAMES - 1; t >= 0; t--) {
        const double *gate = r->gate[t];
        double sum[4 * CELLS_MAX];
        gradient[head_of(l, cells)] += delta[t];
        for (int k = 0; k < cells; k++) {
            const double i = gate[k], f = gate[cells + k];
            const double g = gate[2 * cells + k], o = gate[3 * cells + k];
            const double bent = tanh(r->c[t + 1][k]);
            gradient[head_of(l, k)] += delta[t] * r->h[t + 1][k];
            dh[k] += delta[t] * weights[head_of(l, k)];
            dc[k] += dh[k] * o * (1.0 - bent * bent);
            sum[k] = dc[k] * g * i * (1.0 - i);
            sum[cells + k] = dc[k] * r->c[t][k] * f * (1.0 - f);
            sum[2 * cells + k] = dc[k] * i * (1.0 - g * g);
            sum[3 * cells + k] = dh[k] * bent * o * (1.0 - o);
            dc[k] *= f;
        }
        memset(dh, 0, sizeof dh);
        for (int g = 0; g < 4 * cells; g++) {
            gradient[b_of(l, g)] += sum[g];
            gradient[w_of(l, g, 0)] += sum[g] * in[t];
            for (int k = 0; k < cells; k++) {
                gradient[w_of(l, g, 1 + k)] += sum[g] * r->h[t][k];
                dh[k] += sum[g] * weights[w_of(l, g, 1 + k)];
            }
        }
    }
}

typedef struct fixture {
    layer layer;
    record record;
    double weights[PARAMETERS_MAX], gradient[PARAMETERS_MAX];
    double in[FRAMES], delta[FRAMES], out[FRAMES];
} fixture;

static void fixture_run(fixture *f)
{
    reference_forward(&f->layer, f->weights, f->in, f->out, &f->record);
    reference_backward(&f->layer, f->weights, f->in, f->delta, &f->record, f->gradient);
}

static fixture *fixture_create(int cells, bool skip, float drive)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    uint32_t seed = 5;
    make(&f->layer, cells, skip, drive);
    for (int i = 0; i < count_of(&f->layer); i++) {
        f->weights[i] = (double)f->layer.weights[i];
    }
    for (int t = 0; t < FRAMES; t++) {
        f->in[t] = (double)shape_random(&seed);
        f->delta[t] = (double)shape_random(&seed);
    }
    fixture_run(f);
    return f;
}

static double loss(const fixture *f, const double *weights)
{
    static record unused;
    double out[FRAMES], sum = 0.0;
    reference_forward(&f->layer, weights, f->in, out, &unused);
    for (int t = 0; t < FRAMES; t++) {
        sum += f->delta[t] * out[t];
    }
    return sum;
}

// |a - n| / (|a| + |n|) by 2-norms over each of the four tensors; the worst.
static double compare(const layer *l, const double *a, const double *n)
{
    const int starts[] = {0, b_of(l, 0), head_of(l, 0), head_of(l, l->cells), count_of(l)};
    double worst = 0.0;
    for (int tensor = 0; tensor < 4; tensor++) {
        double difference = 0.0, first = 0.0, second = 0.0;
        for (int i = starts[tensor]; i < starts[tensor + 1]; i++) {
            difference += (a[i] - n[i]) * (a[i] - n[i]);
            first += a[i] * a[i];
            second += n[i] * n[i];
        }
        assert_true(first > 0.0);
        worst = fmax(worst, sqrt(difference) / (sqrt(first) + sqrt(second)));
    }
    return worst;
}

static void reference_equals_differences(void **state)
{
    (void)state;
    fixture *f = fixture_create(5, true, 2.0f);
    const double step = 1e-6;
    static double numeric[PARAMETERS_MAX];
    for (int i = 0; i < count_of(&f->layer); i++) {
        const double kept = f->weights[i];
        f->weights[i] = kept + step;
        const double above = loss(f, f->weights);
        f->weights[i] = kept - step;
        numeric[i] = (above - loss(f, f->weights)) / (2.0 * step);
        f->weights[i] = kept;
    }
    const double worst = compare(&f->layer, f->gradient, numeric);
    print_message("reference against differences: %.2g\n", worst);
    assert_true(worst <= 1e-6);
    free(f);
}

// Two segments in a row: the second begins in the state that the first left.
static void check_kernels(int cells, bool skip, float drive, const bl_train_kernels *kernels)
{
    fixture *f = fixture_create(cells, skip, drive);
    bl_train_lstm *lstm = NULL;
    bl_error error = {0};
    assert_int_equal(
        bl_train_lstm_create(&f->layer.shape, f->layer.weights, kernels, &lstm, &error),
        BL_STATUS_OK);
    bl_train_lstm_pack(lstm, f->layer.weights);
    float in[FRAMES], delta[FRAMES], past[2 * 64] = {0};
    for (int t = 0; t < FRAMES; t++) {
        in[t] = (float)f->in[t];
        delta[t] = (float)f->delta[t];
    }
    assert_true(bl_train_lstm_past_size(lstm) <= 2 * 64);
    bl_train_lstm_bench *bench = bl_train_lstm_bench_create(lstm, FRAMES);
    assert_non_null(bench);
    for (int segment = 0; segment < 2; segment++) {
        static double found[PARAMETERS_MAX];
        float gradient[PARAMETERS_MAX] = {0};
        const float *out = bl_train_lstm_bench_forward(bench, past, in);
        for (int t = 0; t < FRAMES; t++) {
            assert_true(fabs((double)out[t] - f->out[t]) < 1e-5 * fmax(1.0, fabs(f->out[t])));
        }
        bl_train_lstm_bench_backward(bench, delta, gradient);
        for (int i = 0; i < count_of(&f->layer); i++) {
            found[i] = (double)gradient[i];
        }
        const double worst = compare(&f->layer, found, f->gradient);
        print_message("%s, %d cells, segment %d, against reference: %.2g\n", kernels->name, cells,
                      segment, worst);
        assert_true(worst <= 1e-4);
        memcpy(f->record.c[0], f->record.c[FRAMES], sizeof f->record.c[0]);
        memcpy(f->record.h[0], f->record.h[FRAMES], sizeof f->record.h[0]);
        fixture_run(f);
    }
    bl_train_lstm_bench_destroy(bench);
    bl_train_lstm_destroy(lstm);
    free(f);
}

static void kernels_equal_reference(void **state)
{
    (void)state;
    for (const bl_train_kernels *const *list = bl_train_kernels_list(); *list != NULL; list++) {
        check_kernels(8, false, 1.0f, *list);
        check_kernels(16, false, 16.0f, *list);
        check_kernels(CELLS_MAX, true, 16.0f, *list);
        check_kernels(1, true, 1.0f, *list);
    }
}

static void segments_continue(void **state)
{
    (void)state;
    fixture *f = fixture_create(6, false, 1.0f);
    bl_train_lstm *lstm = NULL;
    assert_int_equal(bl_train_lstm_create(&f->layer.shape, f->layer.weights, NULL, &lstm, NULL),
                     BL_STATUS_OK);
    bl_train_lstm_pack(lstm, f->layer.weights);
    float in[FRAMES], past[2 * 64] = {0};
    for (int t = 0; t < FRAMES; t++) {
        in[t] = (float)f->in[t];
    }
    bl_train_lstm_bench *bench = bl_train_lstm_bench_create(lstm, FRAMES / 4);
    for (int part = 0; part < 4; part++) {
        const int at = part * FRAMES / 4;
        const float *out = bl_train_lstm_bench_forward(bench, past, in + at);
        for (int t = 0; t < FRAMES / 4; t++) {
            assert_true(fabs((double)out[t] - f->out[at + t]) < 1e-5);
        }
    }
    bl_train_lstm_bench_destroy(bench);
    bl_train_lstm_destroy(lstm);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_equals_differences),
        cmocka_unit_test(kernels_equal_reference),
        cmocka_unit_test(segments_continue),
    };
    return cmocka_run_group_tests_name("lstm", tests, NULL, NULL);
}
