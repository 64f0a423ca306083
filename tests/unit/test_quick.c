// SPDX-License-Identifier: MIT
// The tanh and sigmoid of recurrent nets against the formulas in double. Built once for each vector
// instruction set of the processor, since the functions are inlined wherever they are used.

#include "rt/kernels/quick.h"
#include "support/cmocka_all.h"
#include "support/effort.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double limit = 3e-7;

static vec sigmoid(vec x)
{
    return vec_quick_sigmoid(vec_set(0.5F) * x);
}

static vec tangent(vec x)
{
    const vec_ratio r = vec_tanh_ratio(x, vec_set(2.0F));
    return r.top / r.bottom;
}

static double sigmoid_truth(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

// Over every 97th float (every 388th with little effort), both signs.
static void check_all(vec (*function)(vec), double (*truth)(double))
{
    const uint32_t stride = 97 * (100 / bl_test_some(100)), infinity = 0x7f800000U;
    for (uint32_t bits = 0; bits < infinity;) {
        uint32_t pattern[VEC_LANES];
        float in[VEC_LANES], out[VEC_LANES];
        for (uint32_t i = 0; i < VEC_LANES; i++) {
            pattern[i] = (bits < infinity ? bits : infinity) | (i % 2) << 31;
            bits += i % 2 * stride;
        }
        memcpy(in, pattern, sizeof in);
        vec_store(out, function(vec_load(in)));
        for (uint32_t i = 0; i < VEC_LANES; i++) {
            if (!(fabs((double)out[i] - truth((double)in[i])) <= limit)) {
                fail_msg("%s of %.9g: %.9g", BL_KERNEL_NAME, (double)in[i], (double)out[i]);
            }
        }
    }
}

static void test_all_floats(void **state)
{
    (void)state;
    check_all(tangent, tanh);
    check_all(sigmoid, sigmoid_truth);
}

// The product of both with one division: what enters a cell.
static void test_product(void **state)
{
    (void)state;
    for (int g = -80; g <= 80; g++) {
        for (int s = -160; s <= 160; s++) {
            const float half = 0.0621F * (float)s, x = 0.1234F * (float)g;
            float out[VEC_LANES];
            vec_store(out, vec_sigmoid_tanh(vec_set(half), vec_set(x)));
            const double truth = sigmoid_truth(2.0 * (double)half) * tanh((double)x);
            assert_true(fabs((double)out[0] - truth) <= limit);
        }
    }
}

// Open gates keep all, shut ones nothing, and a NaN is not hidden.
static void test_ends(void **state)
{
    (void)state;
    float out[VEC_LANES];
    for (int sign = -1; sign <= 1; sign += 2) {
        vec_store(out, tangent(vec_set(40.0F * (float)sign)));
        assert_true(out[0] == (float)sign);
        vec_store(out, sigmoid(vec_set(80.0F * (float)sign)));
        assert_true(out[0] == (sign > 0 ? 1.0F : 0.0F));
    }
    vec_store(out, tangent(vec_set(NAN)));
    assert_true(isnan(out[0]));
    vec_store(out, sigmoid(vec_set(NAN)));
    assert_true(isnan(out[0]));
}

int main(void)
{
#if defined(__AVX2__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
        puts("skip: this processor has no AVX2");
        return 77;
    }
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_floats),
        cmocka_unit_test(test_product),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
