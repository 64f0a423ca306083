// SPDX-License-Identifier: MIT
// Which width of a model is built, what stands by, and what is said before a model is heard that
// costs too much. The costs are the test's own, save where it says so.

#include "fit.h"
#include "loader.h"

#include "backline/voice.h"

#include "rt/chain.h"
#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/folder.h"
#include "support/models.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SLIM                                                                                       \
    "{\"layers\": [{\"input_size\": 1, \"condition_size\": 1, \"head_size\": 1, \"channels\": 8, " \
    "\"kernel_size\": 3, \"dilations\": [1, 2, 4], \"activation\": \"Tanh\", \"gated\": false, "   \
    "\"head_bias\": false, \"slimmable\": {\"method\": \"slice_channels_uniform\", \"kwargs\": "   \
    "{\"allowed_channels\": [2, 4, 8]}}}], \"head\": null, \"head_scale\": 1}"

enum { SLIM_WEIGHTS = 8 + 3 * (8 * 8 * 3 + 8 + 8 + 8 * 8 + 8) + 8 + 1, RATE_HZ = 48000 };

// What the next chains cost, as shares of the time there is.
static const double *costs;
static int measured;

static double measure(bl_chain *chain)
{
    assert_non_null(chain);
    return costs[measured++] * 1e9 / RATE_HZ;
}

static size_t bytes_at(bl_model *model, double quality)
{
    const bl_voice_config config = {.quality = quality};
    bl_voice *voice = NULL;
    assert_int_equal(bl_voice_create(model, &config, &voice, NULL), BL_STATUS_OK);
    const size_t bytes = bl_voice_bytes(voice);
    bl_voice_destroy(voice);
    return bytes;
}

/// What comes of a model of widths 8, 4 and 2.
static void check_fit(const double *shares, int count, bool may_narrow, double share,
                      double quality, double ratio, double stand_by)
{
    bl_model *model = nam_model("WaveNet", SLIM, SLIM_WEIGHTS);
    bl_chain_config config = bl_chain_config_default();
    config.model = model;
    bl_chain *chain = NULL;
    bl_fit fit;
    costs = shares;
    measured = 0;
    assert_int_equal(bl_fit_build(&config, may_narrow, measure, &chain, &fit, NULL), BL_STATUS_OK);
    assert_int_equal(measured, count);
    assert_float_equal(fit.asked, shares[0], 1e-9);
    assert_float_equal(fit.share, share, 1e-9);
    assert_int_equal(bl_voice_bytes(chain->voice), bytes_at(model, quality));
    if (ratio > 0.0) {
        assert_non_null(chain->narrow);
        assert_int_equal(bl_voice_bytes(chain->narrow->voice), bytes_at(model, stand_by));
        assert_float_equal(chain->narrow_ratio, ratio, 1e-9);
    } else {
        assert_null(chain->narrow);
    }
    bl_chain_destroy(chain);
    bl_model_release(model);
}

static void test_a_third_of_the_cost_stands_by(void **state)
{
    (void)state;
    check_fit((const double[]){0.4, 0.12}, 2, true, 0.4, 1.0, 0.3, 0.5);
    check_fit((const double[]){0.4, 0.2, 0.1}, 3, true, 0.4, 1.0, 0.25, 0.0);
    check_fit((const double[]){0.4, 0.35, 0.3}, 3, true, 0.4, 1.0, 0.75, 0.0);
}

static void test_the_widest_that_fits(void **state)
{
    (void)state;
    check_fit((const double[]){1.4, 0.6, 0.3}, 3, true, 0.6, 0.5, 0.5, 0.0);
    check_fit((const double[]){1.4, 0.71, 0.3}, 3, true, 0.3, 0.0, 0.0, 0.0);
}

static void test_the_narrowest_if_none_fits(void **state)
{
    (void)state;
    check_fit((const double[]){5.0, 3.0, 2.0}, 3, true, 2.0, 0.0, 0.0, 0.0);
}

static void test_full_width_in_freewheel(void **state)
{
    (void)state;
    check_fit((const double[]){5.0, 1.0}, 2, false, 5.0, 1.0, 0.2, 0.5);
}

static void test_nothing_stands_by_that_saves_nothing(void **state)
{
    (void)state;
    check_fit((const double[]){0.4, 0.4, 0.4}, 3, true, 0.4, 1.0, 0.0, 0.0);
}

static void test_models_of_one_width(void **state)
{
    (void)state;
    bl_chain_config config = bl_chain_config_default();
    bl_chain *chain = NULL;
    bl_fit fit;
    measured = 0;
    assert_int_equal(bl_fit_build(&config, true, measure, &chain, &fit, NULL), BL_STATUS_OK);
    assert_int_equal(measured, 0); // no model
    assert_true(fit.asked == 0.0 && fit.share == 0.0);
    bl_chain_destroy(chain);

    config.model = any_model(0);
    costs = (const double[]){1.31};
    assert_int_equal(bl_fit_build(&config, true, measure, &chain, &fit, NULL), BL_STATUS_OK);
    assert_int_equal(measured, 1);
    assert_float_equal(fit.share, 1.31, 1e-9);
    assert_null(chain->narrow);
    bl_chain_destroy(chain);

    config.sample_rate_hz = 1.0;
    bl_error error = {0};
    assert_int_equal(bl_fit_build(&config, true, measure, &chain, &fit, &error), BL_STATUS_VALUE);
    assert_non_null(strstr(error.text, "sample rate"));
    bl_model_release(config.model);
}

static bl_chain *chain_of(bl_model *model)
{
    bl_chain_config config = bl_chain_config_default();
    config.model = model;
    bl_chain *chain = NULL;
    assert_int_equal(bl_chain_create(&config, &chain, NULL), BL_STATUS_OK);
    return chain;
}

static void test_measuring_leaves_no_trace(void **state)
{
    (void)state;
    enum { FRAMES = 6400 };
    static float in[FRAMES], out[FRAMES], expected[FRAMES];
    fill_noise(in, FRAMES, 3);
    for (int m = 0; m < ANY_MODELS; m++) {
        bl_model *model = any_model(m);
        bl_chain *fresh = chain_of(model), *worn = chain_of(model);
        assert_true(bl_fit_measure_chain(worn) > 0.0);
        for (int at = 0; at < FRAMES; at += BL_INNER_FRAMES) {
            bl_chain_process(fresh, in + at, (float *[]){expected + at}, BL_INNER_FRAMES);
            bl_chain_process(worn, in + at, (float *[]){out + at}, BL_INNER_FRAMES);
        }
        assert_memory_equal(out, expected, sizeof out);
        bl_chain_destroy(fresh);
        bl_chain_destroy(worn);
        bl_model_release(model);
    }
}

// The loader, with real costs ------------------------------------------------------------------

static bl_loader_answer *next_answer(bl_loader *loader, int wake_fd)
{
    bl_loader_answer *answer;
    while ((answer = bl_loader_poll(loader)) == NULL) {
        struct pollfd wait = {.fd = wake_fd, .events = POLLIN};
        uint64_t news;
        assert_int_equal(poll(&wait, 1, 120000), 1);
        assert_int_equal(read(wake_fd, &news, sizeof news), sizeof news);
    }
    return answer;
}

// 295,000 multiplications 768,000 times a second are beyond any core.
static void test_a_model_that_does_not_fit_is_told_before_it_is_handed_over(void **state)
{
    (void)state;
    bl_error error = {0};
    const char *path = test_folder_file("heavy.safetensors");
    bl_model *model = native_model(native_config(true, 128, 6, BL_RATE_MAX_HZ), 1);
    assert_int_equal(bl_model_save(model, path, &error), BL_STATUS_OK);
    bl_model_release(model);

    bl_engine_config config = bare_config();
    config.sample_rate_hz = BL_RATE_MAX_HZ;
    bl_engine *engine = engine_of(config);
    const int wake_fd = eventfd(0, EFD_CLOEXEC);
    bl_loader *loader = NULL;
    bl_stage *stage = NULL;
    assert_int_equal(bl_stage_create(-1, &stage, &error), BL_STATUS_OK);
    bl_stage_set_engine(stage, engine, BL_RATE_MAX_HZ, 1.0, true);
    assert_int_equal(bl_loader_create(wake_fd, stage, &loader, &error), BL_STATUS_OK);
    bl_loader_job job = {.generation = 1, .sample_rate_hz = BL_RATE_MAX_HZ, .quality = 1.0};
    snprintf(job.path, sizeof job.path, "%s", path);
    bl_loader_load_model(loader, &job);

    bl_loader_answer *answer = next_answer(loader, wake_fd);
    assert_int_equal(answer->kind, BL_LOADER_HEAVY);
    assert_true(answer->fit.asked > BL_FIT_MOST);
    assert_string_equal(bl_model_get_info(answer->model)->name, "test");
    bl_loader_answer_free(answer);
    answer = next_answer(loader, wake_fd);
    assert_int_equal(answer->kind, BL_LOADER_MODEL);
    assert_int_equal(answer->error.status, BL_STATUS_OK);
    assert_true(answer->fit.share > BL_FIT_MOST);
    bl_loader_answer_free(answer);

    bl_loader_destroy(loader, 10000);
    bl_stage_destroy(stage, 10000);
    bl_engine_destroy(engine);
    close(wake_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_third_of_the_cost_stands_by),
        cmocka_unit_test(test_the_widest_that_fits),
        cmocka_unit_test(test_the_narrowest_if_none_fits),
        cmocka_unit_test(test_full_width_in_freewheel),
        cmocka_unit_test(test_nothing_stands_by_that_saves_nothing),
        cmocka_unit_test(test_models_of_one_width),
        cmocka_unit_test(test_measuring_leaves_no_trace),
        cmocka_unit_test_setup_teardown(
            test_a_model_that_does_not_fit_is_told_before_it_is_handed_over, test_folder_make,
            test_folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
