// SPDX-License-Identifier: MIT
// Activations of every instruction set this machine runs, against the formulas in double.

#include "setup/isa.h"
#include "support/effort.h"
#include "support/net_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 64 };

static const float slopes[3] = {0.25f, -0.5f, 1.5f};

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bl_activation make(bl_activation_kind kind)
{
    bl_activation activation = {.kind = kind, .slopes = slopes, .slope_count = 3};
    activation.p[0] = kind == BL_ACTIVATION_LEAKY_HARDTANH ? -0.75f : 0.01f;
    activation.p[1] = 0.5f;
    activation.p[2] = 0.125f;
    activation.p[3] = -0.25f;
    return activation;
}

// The largest absolute error of tanh or sigmoid over every 97th float (every 388th with little
// effort), both signs.
static double largest_error(const bl_kernels *kernels, bl_activation_kind kind)
{
    const bl_activation activation = make(kind);
    alignas(64) float x[FRAMES];
    float in[FRAMES];
    double largest = 0.0;
    const uint64_t stride = 97 * (100 / bl_test_some(100));
    for (uint64_t bits = 0; bits < 0x7f800000u; bits += stride * FRAMES / 2) {
        for (uint32_t i = 0; i < FRAMES; i++) {
            const uint64_t at = bits + stride * (i / 2);
            in[i] = float_of((uint32_t)(at < 0x7f800000u ? at : 0x7f800000u) | (i % 2) << 31);
        }
        memcpy(x, in, sizeof x);
        kernels->activate(&activation, (bl_span){x, FRAMES, 1, FRAMES});
        for (uint32_t i = 0; i < FRAMES; i++) {
            const double error =
                fabs((double)x[i] - fixture_activate(&activation, 0, (double)in[i]));
            if (!(error <= largest)) {
                largest = error;
            }
        }
    }
    return largest;
}

static void tanh_and_sigmoid_are_exact(void **state)
{
    (void)state;
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        const bl_kernels *kernels = bl_isa_kernels((bl_isa)isa);
        if (kernels == NULL) {
            continue;
        }
        const double of_tanh = largest_error(kernels, BL_ACTIVATION_TANH);
        const double of_sigmoid = largest_error(kernels, BL_ACTIVATION_SIGMOID);
        print_message("%-4s tanh %.3g, sigmoid %.3g\n", kernels->name, of_tanh, of_sigmoid);
        assert_true(of_tanh <= 3e-7);
        assert_true(of_sigmoid <= 3e-7);
    }
}

static void small_tanh_keeps_relative_accuracy(void **state)
{
    (void)state;
    const bl_activation activation = make(BL_ACTIVATION_TANH);
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        const bl_kernels *kernels = bl_isa_kernels((bl_isa)isa);
        for (int i = 0; kernels != NULL && i < 210; i++) {
            const float x = 1e-30f * powf(1.37f, (float)i);
            alignas(64) float y[8] = {x, -x, x, -x, x, -x, x, -x};
            kernels->activate(&activation, (bl_span){y, 8, 1, 8});
            assert_true(fabs((double)y[0] / tanh((double)x) - 1.0) < 2e-6);
            assert_true(fabs((double)y[7] / -tanh((double)x) - 1.0) < 2e-6);
        }
    }
}

// Four channels over -12..12, step by step.
static void check_kind(const bl_kernels *kernels, const bl_activation *activation, uint32_t step)
{
    alignas(64) float x[4 * FRAMES];
    float in[4 * FRAMES];
    for (uint32_t i = 0; i < 4 * FRAMES; i++) {
        in[i] = (float)(((int)(step * 4 * FRAMES + i) * 7919) % 24001 - 12000) / 1000.0f;
    }
    memcpy(x, in, sizeof x);
    kernels->activate(activation, (bl_span){x, FRAMES, 4, FRAMES});
    for (uint32_t i = 0; i < 4 * FRAMES; i++) {
        const double wanted = fixture_activate(activation, i / FRAMES, (double)in[i]);
        const double scale = fmax(fmax(1.0, fabs(wanted)), fabs((double)in[i]));
        if (!(fabs((double)x[i] - wanted) <= 3e-7 * scale)) {
            fail_msg("%s kind %d: f(%.9g) = %.9g, expected %.9g", kernels->name,
                     (int)activation->kind, (double)in[i], (double)x[i], wanted);
        }
    }
}

static void every_kind_matches_its_formula(void **state)
{
    (void)state;
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        const bl_kernels *kernels = bl_isa_kernels((bl_isa)isa);
        for (int kind = 0; kernels != NULL && kind < BL_ACTIVATION_SOFTMAX; kind++) {
            const bl_activation activation = make((bl_activation_kind)kind);
            for (uint32_t step = 0; step < bl_test_some(100); step++) {
                check_kind(kernels, &activation, step);
            }
        }
    }
}

static void nan_passes_through(void **state)
{
    (void)state;
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        const bl_kernels *kernels = bl_isa_kernels((bl_isa)isa);
        for (int kind = 0; kernels != NULL && kind <= BL_ACTIVATION_SOFTMAX; kind++) {
            const bl_activation activation = make((bl_activation_kind)kind);
            alignas(64) float x[16] = {0.5f, NAN, -0.5f, -NAN, 1.0f, 2.0f, 3.0f, 4.0f};
            kernels->activate(&activation, (bl_span){x, 8, 1, 8});
            assert_true(isnan(x[1]) && isnan(x[3]));
            assert_true(isfinite(x[0]) && isfinite(x[2]) && isfinite(x[7]));
        }
    }
}

static void softmax_sums_to_one(void **state)
{
    (void)state;
    const bl_activation activation = make(BL_ACTIVATION_SOFTMAX);
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        const bl_kernels *kernels = bl_isa_kernels((bl_isa)isa);
        if (kernels == NULL) {
            continue;
        }
        alignas(64) float x[5 * FRAMES];
        double e[5][FRAMES], sum[FRAMES] = {0};
        for (uint32_t i = 0; i < 5 * FRAMES; i++) {
            x[i] = (float)((int)(i * 7919) % 2001 - 1000) / 100.0f;
            e[i / FRAMES][i % FRAMES] = exp((double)x[i]);
            sum[i % FRAMES] += e[i / FRAMES][i % FRAMES];
        }
        kernels->activate(&activation, (bl_span){x, FRAMES, 5, FRAMES});
        for (uint32_t i = 0; i < 5 * FRAMES; i++) {
            const double wanted = e[i / FRAMES][i % FRAMES] / sum[i % FRAMES];
            assert_true(fabs((double)x[i] - wanted) <= 1e-6);
        }
    }
}

static void unknown_kernel_is_refused_by_name(void **state)
{
    (void)state;
    bl_isa isa = BL_ISA_COUNT;
    bl_error error = {0};
    assert_int_equal(bl_isa_choose("mmx", &isa, &error), BL_STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "\"mmx\""));
    assert_non_null(strstr(error.text, "use one of: c"));
    assert_int_equal(isa, BL_ISA_COUNT);
    bl_error_clear(&error);
    assert_int_equal(bl_isa_choose("c", &isa, &error), BL_STATUS_OK);
    assert_int_equal(isa, BL_ISA_C);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tanh_and_sigmoid_are_exact),
        cmocka_unit_test(small_tanh_keeps_relative_accuracy),
        cmocka_unit_test(every_kind_matches_its_formula),
        cmocka_unit_test(nan_passes_through),
        cmocka_unit_test(softmax_sums_to_one),
        cmocka_unit_test(unknown_kernel_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
