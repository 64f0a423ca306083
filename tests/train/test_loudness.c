// SPDX-License-Identifier: MIT
// The riff is the same every time and lively at every rate; a model twice as loud is 6 dB louder.

#include "train/loudness.h"

#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 96000 };

static void riff(void **state)
{
    (void)state;
    static float one[FRAMES], other[FRAMES];
    static const double rates_hz[] = {8000.0, 48000.0, 768000.0};
    for (size_t r = 0; r < 3; r++) {
        float peak = 0.0f;
        double power = 0.0;
        bl_loudness_riff(rates_hz[r], one, FRAMES);
        bl_loudness_riff(rates_hz[r], other, FRAMES);
        assert_memory_equal(one, other, sizeof one);
        for (int n = 0; n < FRAMES; n++) {
            peak = fmaxf(peak, fabsf(one[n]));
            power += (double)one[n] * (double)one[n] / FRAMES;
        }
        assert_true(fabsf(peak - 0.5f) < 1e-6f);
        assert_true(power > 1e-4);
    }
}

// A linear network: two channels of gain, so that its answer is gain times the riff.
static double loudness_of(float gain)
{
    bl_config config = bl_config_default();
    config.model.causal = true;
    config.model.channels = 1;
    config.model.num_layers = 1;
    config.data.sample_rate_hz = 48000.0;
    const float weights[] = {1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, gain, 0.0f};
    bl_model *model = NULL;
    bl_error error = {0};
    double loudness_db = 0.0;
    assert_int_equal(bl_model_from_config(&config, weights, 8, "linear", &model, &error),
                     BL_STATUS_OK);
    assert_int_equal(bl_loudness_measure(model, &loudness_db, &error), BL_STATUS_OK);
    bl_model_release(model);
    return loudness_db;
}

static void of_models(void **state)
{
    (void)state;
    static float samples[FRAMES];
    double power = 0.0;
    bl_loudness_riff(48000.0, samples, FRAMES);
    for (int n = 0; n < FRAMES; n++) {
        power += (double)samples[n] * (double)samples[n] / FRAMES;
    }
    assert_true(fabs(loudness_of(1.0f) - 10.0 * log10(power)) < 0.01);
    assert_true(fabs(loudness_of(2.0f) - loudness_of(1.0f) - 20.0 * log10(2.0)) < 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(riff),
        cmocka_unit_test(of_models),
    };
    return cmocka_run_group_tests_name("loudness", tests, NULL, NULL);
}
