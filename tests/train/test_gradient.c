// SPDX-License-Identifier: MIT
// Gradients: the plain double reference against central differences, the float kernels against
// the reference, tensor by tensor.

#include "train/net.h"
#include "train/reference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 2 * BL_TRAIN_TILE };

static shape *reference_causal(void)
{
    return shape_reference(5, 5, 3, true, BL_ACTIVATION_TANH);
}

static shape *reference_relu(void)
{
    return shape_reference(3, 4, 2, true, BL_ACTIVATION_RELU);
}

// Deep enough that the last layer's gradient is read further ahead than rows are padded.
static shape *reference_centred(void)
{
    return shape_reference(6, 6, 3, false, BL_ACTIVATION_TANH);
}

static shape *reference_centred_even(void)
{
    return shape_reference(3, 3, 4, false, BL_ACTIVATION_TANH);
}

static shape *nam(void)
{
    return shape_nam(6, 3, 4, 3);
}

static shape *a2(void)
{
    return shape_a2(3, 4, 16);
}

static double *random_signal(uint32_t seed, double scale)
{
    double *signal = calloc(FRAMES, sizeof *signal);
    for (size_t n = 0; n < FRAMES; n++) {
        signal[n] = scale * (double)shape_random(&seed);
    }
    return signal;
}

static double *as_double(const float *values, size_t count)
{
    double *wide = calloc(count, sizeof *wide);
    for (size_t i = 0; i < count; i++) {
        wide[i] = (double)values[i];
    }
    return wide;
}

static double loss(const shape *made, const double *weights, const double *in, const double *delta)
{
    double *out = calloc(FRAMES, sizeof *out);
    reference_forward(made, weights, in, FRAMES, out);
    double sum = 0.0;
    for (size_t n = 0; n < FRAMES; n++) {
        sum += delta[n] * out[n];
    }
    free(out);
    return sum;
}

// |a - n| / (|a| + |n|) over a stretch of weights, by 2-norms.
static double distance(const double *a, const double *b, size_t count)
{
    double difference = 0.0, first = 0.0, second = 0.0;
    for (size_t i = 0; i < count; i++) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        first += a[i] * a[i];
        second += b[i] * b[i];
    }
    return difference == 0.0 ? 0.0 : sqrt(difference) / (sqrt(first) + sqrt(second));
}

// Calls `check` for every tensor of the shape: name, offset, size.
static void each_tensor(const shape *made,
                        void (*check)(const char *name, size_t offset, size_t count, void *data),
                        void *data)
{
    char name[64];
    for (uint32_t k = 0; k < made->net.array_count; k++) {
        const bl_wavenet_array *array = &made->net.arrays[k];
        const struct {
            const char *name;
            const float *w;
            size_t count;
        } outer[] = {
            {"rechannel.w", array->rechannel.w, (size_t)array->rechannel.in * array->rechannel.out},
            {"rechannel.b", array->rechannel.b, array->rechannel.out},
            {"head.w", array->head.w,
             (size_t)array->head.in * array->head.out * array->head.kernel},
            {"head.b", array->head.b, array->head.out},
        };
        for (size_t t = 0; t < sizeof outer / sizeof *outer; t++) {
            if (outer[t].w != NULL) {
                snprintf(name, sizeof name, "array %u %s", k, outer[t].name);
                check(name, (size_t)(outer[t].w - made->weights), outer[t].count, data);
            }
        }
        for (uint32_t i = 0; i < array->layer_count; i++) {
            const bl_wavenet_layer *l = &array->layers[i];
            const struct {
                const char *name;
                const float *w;
                size_t count;
            } inner[] = {
                {"conv.w", l->conv.w, (size_t)l->conv.in * l->conv.out * l->conv.kernel},
                {"conv.b", l->conv.b, l->conv.out},
                {"mixin.w", l->mixin.w, (size_t)l->mixin.in * l->mixin.out},
                {"layer1x1.w", l->layer1x1.w, (size_t)l->layer1x1.in * l->layer1x1.out},
                {"layer1x1.b", l->layer1x1.b, l->layer1x1.out},
            };
            for (size_t t = 0; t < sizeof inner / sizeof *inner; t++) {
                if (inner[t].w != NULL) {
                    snprintf(name, sizeof name, "array %u layer %u %s", k, i, inner[t].name);
                    check(name, (size_t)(inner[t].w - made->weights), inner[t].count, data);
                }
            }
        }
    }
}

typedef struct comparison {
    const double *found, *expected;
    double tolerance, worst;
} comparison;

static void compare(const char *name, size_t offset, size_t count, void *data)
{
    comparison *c = data;
    const double d = distance(c->found + offset, c->expected + offset, count);
    if (!(d <= c->tolerance)) {
        fail_msg("%s: relative distance %.3g, at most %.3g", name, d, c->tolerance);
    }
    c->worst = d > c->worst ? d : c->worst;
}

static void check_reference(shape *made)
{
    double *in = random_signal(1, 0.7), *delta = random_signal(2, 1.0);
    double *weights = as_double(made->weights, made->count);
    double *analytic = calloc(made->count, sizeof *analytic);
    double *numeric = calloc(made->count, sizeof *numeric);
    reference_backward(made, weights, in, FRAMES, delta, analytic);
    const double step = 1e-6;
    for (size_t i = 0; i < made->count; i++) {
        const double kept = weights[i];
        weights[i] = kept + step;
        const double above = loss(made, weights, in, delta);
        weights[i] = kept - step;
        const double below = loss(made, weights, in, delta);
        weights[i] = kept;
        numeric[i] = (above - below) / (2.0 * step);
    }
    comparison c = {analytic, numeric, 1e-6, 0.0};
    each_tensor(made, compare, &c);
    print_message("reference against differences: %.2g\n", c.worst);
    free(in);
    free(delta);
    free(weights);
    free(analytic);
    free(numeric);
    shape_free(made);
}

static void check_kernels(shape *made, const bl_train_kernels *kernels)
{
    double *in = random_signal(1, 0.7), *delta = random_signal(2, 1.0);
    double *weights = as_double(made->weights, made->count);
    double *expected = calloc(made->count, sizeof *expected);
    double *expected_out = calloc(FRAMES, sizeof *expected_out);
    reference_forward(made, weights, in, FRAMES, expected_out);
    reference_backward(made, weights, in, FRAMES, delta, expected);

    float in_float[FRAMES], delta_float[FRAMES];
    for (size_t n = 0; n < FRAMES; n++) {
        in_float[n] = (float)in[n];
        delta_float[n] = (float)delta[n];
    }
    float *gradient = calloc(made->count, sizeof *gradient);
    bl_train_net *net = NULL;
    bl_error error = {0};
    assert_int_equal(
        bl_train_net_create(&made->net, made->weights, made->count, kernels, &net, &error),
        BL_STATUS_OK);
    bl_train_net_pack(net, made->weights);
    float *past = calloc(bl_train_net_past_size(net), sizeof *past);
    bl_train_bench *bench = bl_train_bench_create(net, FRAMES);
    assert_non_null(bench);
    const float *out = bl_train_bench_forward(bench, past, in_float);
    for (size_t n = 0; n < FRAMES; n++) {
        assert_true(fabs((double)out[n] - expected_out[n]) <
                    1e-5 * fmax(1.0, fabs(expected_out[n])));
    }
    bl_train_bench_backward(bench, delta_float, gradient);
    double *found = as_double(gradient, made->count);
    comparison c = {found, expected, 1e-4, 0.0};
    each_tensor(made, compare, &c);
    print_message("%s against reference: %.2g\n", kernels->name, c.worst);
    bl_train_bench_destroy(bench);
    bl_train_net_destroy(net);
    free(past);
    free(in);
    free(delta);
    free(weights);
    free(expected);
    free(expected_out);
    free(found);
    free(gradient);
    shape_free(made);
}

static shape *(*const kinds[])(void) = {
    reference_causal, reference_relu, reference_centred, reference_centred_even, nam, a2};

static void reference_equals_differences(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        check_reference(kinds[k]());
    }
}

static void kernels_equal_reference(void **state)
{
    (void)state;
    const bl_train_kernels *const *list = bl_train_kernels_list();
    for (; *list != NULL; list++) {
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            check_kernels(kinds[k](), *list);
        }
    }
}

// A segment after another continues it: the second half of one long segment.
static void lanes_keep_their_history(void **state)
{
    (void)state;
    shape *made = nam();
    bl_train_net *net = NULL;
    bl_error error = {0};
    assert_int_equal(
        bl_train_net_create(&made->net, made->weights, made->count, NULL, &net, &error),
        BL_STATUS_OK);
    bl_train_net_pack(net, made->weights);
    float in[FRAMES], whole[FRAMES];
    uint32_t seed = 5;
    for (size_t n = 0; n < FRAMES; n++) {
        in[n] = shape_random(&seed);
    }
    float *past = calloc(bl_train_net_past_size(net), sizeof *past);
    bl_train_bench *bench = bl_train_bench_create(net, FRAMES);
    memcpy(whole, bl_train_bench_forward(bench, past, in), sizeof whole);
    bl_train_bench_destroy(bench);
    bench = bl_train_bench_create(net, BL_TRAIN_TILE);
    for (int pass = 0; pass < 2; pass++) {
        memset(past, 0, bl_train_net_past_size(net) * sizeof *past);
        for (size_t n = 0; n < FRAMES; n += BL_TRAIN_TILE) {
            const float *out = bl_train_bench_forward(bench, past, in + n);
            assert_memory_equal(out, whole + n, BL_TRAIN_TILE * sizeof *out);
        }
    }
    bl_train_bench_destroy(bench);
    bl_train_net_destroy(net);
    free(past);
    shape_free(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_equals_differences),
        cmocka_unit_test(kernels_equal_reference),
        cmocka_unit_test(lanes_keep_their_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
