// SPDX-License-Identifier: MIT
// The loss's gradient against differences of the loss, computed plainly here: squared error with
// and without pre-emphasis; the spectral distance against differences of its own value.

#include "train/loss.h"

#include "support/cmocka_all.h"
#include "train/shapes.h"
#include "train/spectra.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 2560 };

static void fill(float *out, float *wanted)
{
    uint32_t seed = 9;
    for (int n = 0; n < FRAMES; n++) {
        wanted[n] = 0.5f * sinf(0.05f * (float)n) + 0.1f * shape_random(&seed);
        out[n] = 0.8f * wanted[n] + 0.1f * shape_random(&seed);
    }
}

static double plain_loss(const float *out, const float *wanted, double a, double before,
                         double power)
{
    double sum = 0.0;
    for (int n = 0; n < FRAMES; n++) {
        const double error = (double)out[n] - (double)wanted[n], bent = error - a * before;
        sum += bent * bent;
        before = error;
    }
    return sum / (power * FRAMES * 3);
}

static void squared_error(void **state)
{
    (void)state;
    static float out[FRAMES], wanted[FRAMES], delta[FRAMES];
    static const double emphases[] = {0.0, 0.85};
    fill(out, wanted);
    for (size_t i = 0; i < 2; i++) {
        const bl_config_training config = {.loss = BL_CONFIG_ESR, .pre_emphasis = emphases[i]};
        const double power = bl_loss_power(wanted, FRAMES, emphases[i]);
        const bl_loss loss = bl_loss_create(&config, power, FRAMES, 3);
        bl_loss_room *room = bl_loss_room_create(&loss);
        float before = 0.25f;
        const double sum = bl_loss_derive(&loss, room, out, wanted, &before, delta);
        assert_true(fabs(sum - 3.0 * FRAMES * plain_loss(out, wanted, 0.0, 0.0, 1.0)) < 1e-4 * sum);
        assert_true(before == out[FRAMES - 1] - wanted[FRAMES - 1]);
        for (int n = 0; n < FRAMES; n += 37) {
            const float kept = out[n];
            out[n] = kept + 0.25f;
            const double above = plain_loss(out, wanted, emphases[i], 0.25, power);
            out[n] = kept - 0.25f;
            const double below = plain_loss(out, wanted, emphases[i], 0.25, power);
            out[n] = kept;
            // Exact for a square, but for the rounding of floats.
            const double expected = (above - below) / 0.5;
            assert_true(fabs((double)delta[n] - expected) < 1e-5 * fabs(expected) + 1e-8);
        }
        bl_loss_room_destroy(room);
    }
}

static void spectra(void **state)
{
    (void)state;
    static float out[FRAMES], wanted[FRAMES], delta[FRAMES], unused[FRAMES];
    fill(out, wanted);
    bl_spectra *room = bl_spectra_create(FRAMES);
    assert_non_null(room);
    memset(delta, 0, sizeof delta);
    const double distance = bl_spectra_add(room, out, wanted, 1.0, delta);
    assert_true(distance > 0.01);
    // Along the gradient itself, so that all bins count together and kinks of |log| hardly do.
    double length = 0.0;
    for (int n = 0; n < FRAMES; n++) {
        length += (double)delta[n] * (double)delta[n];
    }
    double values[2];
    for (int side = 0; side < 2; side++) {
        static float moved[FRAMES];
        const float step = (side == 0 ? 1e-3f : -1e-3f) / (float)sqrt(length);
        for (int n = 0; n < FRAMES; n++) {
            moved[n] = out[n] + step * delta[n];
        }
        values[side] = bl_spectra_add(room, moved, wanted, 1.0, unused);
    }
    const double slope = (values[0] - values[1]) / 2e-3;
    print_message("spectra: slope %.6g, gradient %.6g\n", slope, sqrt(length));
    assert_true(fabs(slope - sqrt(length)) < 0.01 * sqrt(length));
    assert_true(bl_spectra_add(room, wanted, wanted, 1.0, unused) == 0.0);
    bl_spectra_destroy(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squared_error),
        cmocka_unit_test(spectra),
    };
    return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
