// SPDX-License-Identifier: MIT
// The demo loop: the first pass is the file, the seam does not click, cutting does not matter.

#include "demo.h"

#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATE 48000.0
#define TAU 6.283185307179586
enum { FRAMES = 5000, FADE = 480, LOOP = FRAMES - FADE };

/// A sine that does not fit the length, so that start and end stand far apart.
static void make_samples(float samples[FRAMES])
{
    for (int i = 0; i < FRAMES; i++) {
        samples[i] = (float)cos(TAU * 100.3 / RATE * i);
    }
}

static void test_first_pass_is_exact(void **state)
{
    (void)state;
    float samples[FRAMES];
    float out[LOOP];
    bl_demo *demo = NULL;
    make_samples(samples);
    assert_int_equal(bl_demo_create(samples, FRAMES, RATE, &demo, NULL), BL_STATUS_OK);
    bl_demo_read(demo, out, LOOP);
    assert_memory_equal(out, samples, sizeof out);
    bl_demo_destroy(demo);
}

/// No step at or near the seam is larger than the steepest one of the two sines that mix there.
static void test_seam(void **state)
{
    (void)state;
    float samples[FRAMES];
    float out[3 * LOOP];
    bl_demo *demo = NULL;
    make_samples(samples);
    assert_int_equal(bl_demo_create(samples, FRAMES, RATE, &demo, NULL), BL_STATUS_OK);
    bl_demo_read(demo, out, 3 * LOOP);
    const double steepest = TAU * 100.3 / RATE + 2.0 / FADE;
    double jump = 0.0;
    for (int i = 1; i < 3 * LOOP; i++) {
        jump = fmax(jump, fabs((double)out[i] - (double)out[i - 1]));
    }
    assert_true(jump <= steepest);
    // The cut without a fade would be seen here.
    assert_true(fabs((double)samples[LOOP - 1] - (double)samples[0]) > 2.0 * steepest);
    assert_memory_equal(out + LOOP, out + 2 * LOOP, LOOP * sizeof *out);
    assert_memory_equal(out + LOOP + FADE, samples + FADE, (LOOP - FADE) * sizeof *out);
    bl_demo_destroy(demo);
}

static void test_any_cut(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 7, 64, 333, 8192};
    float samples[FRAMES];
    float *whole = malloc(40000 * sizeof *whole);
    float *cut = malloc(40000 * sizeof *cut);
    bl_demo *demo = NULL;
    make_samples(samples);
    assert_int_equal(bl_demo_create(samples, FRAMES, RATE, &demo, NULL), BL_STATUS_OK);
    bl_demo_read(demo, whole, 40000);
    bl_demo_destroy(demo);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        assert_int_equal(bl_demo_create(samples, FRAMES, RATE, &demo, NULL), BL_STATUS_OK);
        for (uint32_t at = 0; at < 40000;) {
            const uint32_t n = sizes[s] < 40000 - at ? sizes[s] : 40000 - at;
            bl_demo_read(demo, cut + at, n);
            at += n;
        }
        bl_demo_destroy(demo);
        assert_memory_equal(cut, whole, 40000 * sizeof *cut);
    }
    free(whole);
    free(cut);
}

/// One to nine samples still loop.
static void test_tiny(void **state)
{
    (void)state;
    const float samples[] = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F, 0.9F};
    for (uint64_t frames = 1; frames <= 9; frames++) {
        float out[100];
        bl_demo *demo = NULL;
        assert_int_equal(bl_demo_create(samples, frames, RATE, &demo, NULL), BL_STATUS_OK);
        bl_demo_read(demo, out, 100);
        for (int i = 0; i < 100; i++) {
            assert_true(out[i] > 0.09F && out[i] < 0.91F);
        }
        bl_demo_destroy(demo);
    }
    bl_error error = {0};
    bl_demo *demo = NULL;
    assert_int_not_equal(bl_demo_create(samples, 0, RATE, &demo, &error), BL_STATUS_OK);
    assert_null(demo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_pass_is_exact),
        cmocka_unit_test(test_seam),
        cmocka_unit_test(test_any_cut),
        cmocka_unit_test(test_tiny),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
