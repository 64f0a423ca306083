// SPDX-License-Identifier: MIT
// The optimiser's matrices, by every variant of the kernels: products and orthonormal rows against
// sums in double, at odd sizes; and what memory is taken for them.

#include "train/kernels.h"
#include "train/optimizer.h"

#include "support/cmocka_all.h"
#include "train/shapes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static float *fill(size_t count, uint32_t *seed)
{
    float *made = calloc(count, sizeof *made);
    assert_non_null(made);
    for (size_t i = 0; i < count; i++) {
        made[i] = shape_random(seed);
    }
    return made;
}

static void expect_product(const bl_train_kernels *kernels, bool turned, uint32_t m, uint32_t k,
                           uint32_t n)
{
    uint32_t seed = m + 100 * k + 10000 * n;
    float *a = fill((size_t)m * k, &seed), *b = fill((size_t)k * n, &seed);
    float *c = fill((size_t)m * n + 1, &seed);
    const float behind = c[(size_t)m * n];
    kernels->matrix_multiply(a, turned, b, c, m, k, n);
    for (uint32_t i = 0; i < m; i++) {
        for (uint32_t j = 0; j < n; j++) {
            double sum = 0.0;
            for (uint32_t l = 0; l < k; l++) {
                const size_t at = turned ? (size_t)l * m + i : (size_t)i * k + l;
                sum += (double)a[at] * (double)b[(size_t)l * n + j];
            }
            if (fabs(sum - (double)c[(size_t)i * n + j]) > 1e-5 * sqrt(k)) {
                fail_msg("%s: %u x %u x %u, %s: row %u, column %u", kernels->name, m, k, n,
                         turned ? "turned" : "straight", i, j);
            }
        }
    }
    assert_true(c[(size_t)m * n] == behind);
    free(a);
    free(b);
    free(c);
}

static void products_are_right(void **state)
{
    (void)state;
    static const uint32_t sizes[][3] = {{1, 1, 1},    {2, 3, 5},    {8, 8, 8},    {7, 24, 9},
                                        {17, 64, 17}, {64, 17, 33}, {9, 512, 15}, {40, 5, 1}};
    for (const bl_train_kernels *const *k = bl_train_kernels_list(); *k != NULL; k++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            expect_product(*k, false, sizes[s][0], sizes[s][1], sizes[s][2]);
            expect_product(*k, true, sizes[s][0], sizes[s][1], sizes[s][2]);
        }
    }
}

static void expect_orthonormal(const bl_train_kernels *kernels, const float *rows, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j <= i; j++) {
            double sum = 0.0;
            for (uint32_t l = 0; l < n; l++) {
                sum += (double)rows[(size_t)i * n + l] * (double)rows[(size_t)j * n + l];
            }
            if (fabs(sum - (i == j ? 1.0 : 0.0)) > 1e-4) {
                fail_msg("%s: %u: rows %u and %u: %g", kernels->name, n, i, j, sum);
            }
        }
    }
}

// Also where a row is zero or the same as the one before.
static void rows_become_orthonormal(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 7, 8, 17, 48, 65};
    for (const bl_train_kernels *const *k = bl_train_kernels_list(); *k != NULL; k++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            const uint32_t n = sizes[s];
            uint32_t seed = n;
            float *rows = fill((size_t)n * n, &seed);
            (*k)->matrix_orthonormalize(rows, n);
            expect_orthonormal(*k, rows, n);
            memset(rows, 0, n * sizeof *rows);
            memcpy(rows + (size_t)(n - 1) * n, rows + (size_t)(n / 2) * n, n * sizeof *rows);
            (*k)->matrix_orthonormalize(rows, n);
            expect_orthonormal(*k, rows, n);
            free(rows);
        }
    }
}

// What is not rotated needs no square of its side.
static void long_sides_take_no_room(void **state)
{
    (void)state;
    const bl_train_tensor tensors[] = {{0, 1, 1 << 20}, {1 << 20, 4, 1 << 16}};
    bl_optimizer *optimizer = bl_optimizer_create(tensors, 2, (1 << 20) + (4 << 16), true, 0.0);
    assert_non_null(optimizer);
    bl_optimizer_destroy(optimizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_right),
        cmocka_unit_test(rows_become_orthonormal),
        cmocka_unit_test(long_sides_take_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
