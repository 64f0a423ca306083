// SPDX-License-Identifier: MIT
// Whole trainings on a small made-up amplifier: it is learnt, the folder is the truth, stopping and
// resuming changes no bit, neither does the number of threads.

#include "train/train.h"

#include "backline/file.h"
#include "backline/limits.h"
#include "support/cmocka_all.h"
#include "train/shapes.h"
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RATE = 8000, FRAMES = 6 * RATE };

typedef struct fixture {
    char folder[64];
    bl_train_data data;
    bl_config config;
    bl_model *start;
} fixture;

// A one-pole low-pass into a bent curve, driven by decaying bursts.
static void fill_pair(float *in, float *out)
{
    uint32_t seed = 11;
    double pole = 0.0;
    for (size_t n = 0; n < FRAMES; n++) {
        const double fade = exp(-3.0 * (double)(n % (RATE / 2)) / RATE);
        in[n] = (float)(0.4 * fade * (double)shape_random(&seed));
        pole += 0.3 * ((double)in[n] - pole);
        out[n] = (float)(0.5 * tanh(6.0 * pole) + 0.1 * (double)in[n]);
    }
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    bl_audio in = {.samples = calloc(FRAMES, sizeof(float)),
                   .frames = FRAMES,
                   .sample_rate_hz = RATE,
                   .file_channels = 1};
    bl_audio out = {.samples = calloc(FRAMES, sizeof(float)),
                    .frames = FRAMES,
                    .sample_rate_hz = RATE,
                    .file_channels = 1};
    fill_pair(in.samples, out.samples);
    f->config = bl_config_default();
    f->config.model.causal = true;
    f->config.model.channels = 4;
    f->config.model.num_layers = 4;
    f->config.data.sample_rate_hz = RATE;
    f->config.data.segment_frames = 256;
    f->config.data.validation_s = 1.0;
    f->config.training.epochs = 30;
    f->config.training.minutes = 0.0;
    f->config.training.batch_size = 4;
    f->config.training.learning_rate = 0.02;
    f->config.training.optimizer = BL_CONFIG_ADAM;
    bl_error error = {0};
    assert_int_equal(bl_train_data_init(&f->data, &in, &out, &f->config.data, &error),
                     BL_STATUS_OK);
    strcpy(f->folder, "/tmp/backline-train-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    bl_train_data_finish(&f->data);
    const int failed = system(command);
    free(f);
    return failed;
}

typedef struct stopper {
    uint64_t at_epoch; ///< stop within the epoch after this one
    uint64_t epoch, calls;
    bool learns_nothing;     ///< it was said
    bl_train_progress start; ///< what was said of the model to start from
} stopper;

static void follow(void *data, const bl_train_progress *progress)
{
    stopper *s = data;
    s->epoch = progress->epoch;
    s->learns_nothing = s->learns_nothing || progress->learns_nothing;
    s->start = progress->start_settled ? *progress : s->start;
}

static bool stop_now(void *data)
{
    stopper *s = data;
    return s->epoch >= s->at_epoch && ++s->calls > 3;
}

static bl_train_result train(const fixture *f, const char *name, uint32_t threads, bool resume,
                             stopper *s)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    const bl_train_job job = {.config = &f->config,
                              .data = &f->data,
                              .start = f->start,
                              .output = path,
                              .name = "tested",
                              .threads = threads,
                              .resume = resume,
                              .report = s != NULL ? follow : NULL,
                              .stop = s != NULL ? stop_now : NULL,
                              .data_of_calls = s};
    bl_train_result result;
    bl_error error = {0};
    const bl_status status = bl_train_run(&job, &result, &error);
    if (status != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return result;
}

static void assert_same_file(const fixture *f, const char *one, const char *other, const char *file)
{
    uint8_t *bytes[2];
    size_t sizes[2];
    const char *names[2] = {one, other};
    for (int i = 0; i < 2; i++) {
        char path[160];
        bl_error error = {0};
        snprintf(path, sizeof path, "%s/%s/%s", f->folder, names[i], file);
        assert_int_equal(bl_file_read(path, BL_LIMIT_FILE_BYTES, &bytes[i], &sizes[i], &error),
                         BL_STATUS_OK);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static void learns_an_amplifier(void **state)
{
    fixture *f = *state;
    const bl_train_result adam = train(f, "adam", 1, false, NULL);
    print_message("adam: ESR %.5f after %d epochs\n", adam.best_esr, (int)adam.epochs);
    assert_true(adam.best_esr < 0.01);
    assert_true(fabs(adam.played_esr - adam.best_esr) < 1e-5);
    f->config.training.optimizer = BL_CONFIG_SOAP;
    f->config.training.learning_rate = 0.006;
    const bl_train_result soap = train(f, "soap", 1, false, NULL);
    print_message("soap: ESR %.5f after %d epochs\n", soap.best_esr, (int)soap.epochs);
    assert_true(soap.best_esr < 1e-3);
}

// A person should hear early that a training leads nowhere, and only then.
static void tells_that_nothing_is_learnt(void **state)
{
    fixture *f = *state;
    stopper none = {.at_epoch = UINT64_MAX}, some = none;
    train(f, "some", 1, false, &some);
    assert_false(some.learns_nothing);
    f->config.training.learning_rate = 1e-8;
    train(f, "none", 1, false, &none);
    assert_true(none.learns_nothing);
}

static void learns_with_lookahead(void **state)
{
    fixture *f = *state;
    f->config.model.causal = false;
    const bl_train_result result = train(f, "centred", 1, false, NULL);
    print_message("centred: ESR %.5f\n", result.best_esr);
    assert_true(result.best_esr < 0.01);
    assert_true(fabs(result.played_esr - result.best_esr) < 1e-5);
}

static void threads_change_no_bit(void **state)
{
    fixture *f = *state;
    f->config.training.epochs = 3;
    train(f, "one", 1, false, NULL);
    train(f, "three", 3, false, NULL);
    assert_same_file(f, "one", "three", "checkpoint.safetensors");
}

static void resuming_changes_no_bit(void **state)
{
    fixture *f = *state;
    f->config.training.epochs = 6;
    f->config.training.optimizer = BL_CONFIG_SOAP;
    train(f, "whole", 2, false, NULL);
    stopper first = {.at_epoch = 2}, second = {.at_epoch = 4};
    assert_true(train(f, "parts", 2, false, &first).stopped);
    assert_true(train(f, "parts", 1, true, &second).stopped);
    const bl_train_result last = train(f, "parts", 2, true, NULL);
    assert_false(last.stopped);
    assert_int_equal(last.epochs, 6);
    assert_same_file(f, "whole", "parts", "checkpoint.safetensors");
    assert_same_file(f, "whole", "parts", "best_model.safetensors");
    assert_same_file(f, "whole", "parts", "report.json");
    assert_same_file(f, "whole", "parts", "report.svg");
    assert_true(train(f, "parts", 2, true, NULL).already_finished);
}

// What it costs is found out by real steps, of which nothing remains.
static void measuring_changes_no_bit(void **state)
{
    fixture *f = *state;
    f->config.training.optimizer = BL_CONFIG_SOAP;
    f->config.training.weight_decay = 0.5;
    bl_trainer *trainers[2];
    bl_error error = {0};
    double step_s, validation_s;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bl_trainer_create(&f->config, &f->data, NULL, 2, &trainers[i], &error),
                         BL_STATUS_OK);
        bl_trainer_run_epoch(trainers[i], NULL, NULL);
        if (i == 1) {
            bl_trainer_measure(trainers[i], 0.05, &step_s, &validation_s);
            assert_true(step_s > 0.0 && validation_s > 0.0);
        }
        bl_trainer_run_epoch(trainers[i], NULL, NULL);
    }
    const bl_trainer_state *one = bl_trainer_get_state(trainers[0]);
    const bl_trainer_state *other = bl_trainer_get_state(trainers[1]);
    assert_true(one->step == other->step && one->train_esr == other->train_esr);
    assert_memory_equal(one->parameters, other->parameters, one->parameter_count * sizeof(float));
    assert_memory_equal(one->optimizer, other->optimizer, one->optimizer_count * sizeof(float));
    bl_trainer_destroy(trainers[0]);
    bl_trainer_destroy(trainers[1]);
}

static void expect_refusal(const fixture *f, const char *name, bool resume, const char *words)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    const bl_train_job job = {.config = &f->config,
                              .data = &f->data,
                              .start = f->start,
                              .output = path,
                              .name = "tested",
                              .threads = 1,
                              .resume = resume};
    bl_train_result result;
    bl_error error = {0};
    assert_int_not_equal(bl_train_run(&job, &result, &error), BL_STATUS_OK);
    if (strstr(error.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
    }
}

// Everything that a step may depend on is in the checkpoint, for every kind of network.
static void every_kind_resumes(void **state)
{
    fixture *f = *state;
    static const bl_config_type types[] = {BL_CONFIG_NAM_WAVENET, BL_CONFIG_NAM_A2, BL_CONFIG_LSTM};
    f->config.model.channels = 3;
    f->config.model.second_channels = 2;
    f->config.model.dilations = (bl_config_list){3, {1, 2, 4}};
    f->config.model.second_dilations = (bl_config_list){2, {1, 8}};
    f->config.model.widths = (bl_config_list){2, {2, 3}};
    f->config.model.cells = 5;
    f->config.data.segment_frames = 1280;
    f->config.training.epochs = 5;
    f->config.training.optimizer = BL_CONFIG_SOAP;
    f->config.training.warm_up = 5;
    f->config.training.average = 0.9;
    f->config.training.clip = 1.0;
    f->config.training.weight_decay = 0.01;
    f->config.training.pre_emphasis = 0.85;
    f->config.training.mrstft = 0.001;
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        char whole[16], parts[16];
        snprintf(whole, sizeof whole, "whole%zu", t);
        snprintf(parts, sizeof parts, "parts%zu", t);
        f->config.model.type = types[t];
        const bl_train_result once = train(f, whole, 2, false, NULL);
        stopper first = {.at_epoch = 2};
        assert_true(train(f, parts, 1, false, &first).stopped);
        const bl_train_result last = train(f, parts, 2, true, NULL);
        print_message("kind %zu: ESR %.4f, played %.4f\n", t, last.best_esr, last.played_esr);
        assert_true(once.best_esr == last.best_esr && last.best_esr < 1.0);
        assert_true(fabs(last.played_esr - last.best_esr) < 1e-4);
        assert_same_file(f, whole, parts, "checkpoint.safetensors");
        assert_same_file(f, whole, parts, "best_model.safetensors");
    }
}

// A memory that reaches back to the beginning of the recording, to the middle of a segment there.
static void a_long_memory_is_filled(void **state)
{
    fixture *f = *state;
    f->config.model.type = BL_CONFIG_NAM_WAVENET;
    f->config.model.channels = 3;
    f->config.model.second_channels = 0;
    f->config.model.dilations = (bl_config_list){2, {1, 20000}};
    f->config.training.epochs = 2;
    const bl_train_result long_one = train(f, "long", 2, false, NULL);
    print_message("ESR %.5f, played %.5f\n", long_one.best_esr, long_one.played_esr);
    assert_true(fabs(long_one.played_esr - long_one.best_esr) < 1e-5);
}

// Of half the loudness and the other polarity.
static void turn_target(fixture *f)
{
    for (uint64_t n = 0; n < f->data.target.frames; n++) {
        f->data.target.samples[n] *= -0.5f;
    }
    f->data.target_power *= 0.25;
}

// A model goes on from another's weights, from either form of its file, at the loudness and
// polarity of the amplifier; another shape is refused.
static void starts_from_a_model(void **state)
{
    fixture *f = *state;
    static const char *const files[] = {"best_model.safetensors", "best_model.nam"};
    f->config.model.type = BL_CONFIG_NAM_WAVENET;
    f->config.model.channels = 4;
    f->config.model.second_channels = 0;
    f->config.model.dilations = (bl_config_list){4, {1, 2, 4, 8}};
    f->config.training.optimizer = BL_CONFIG_SOAP;
    f->config.training.epochs = 10;
    const bl_train_result first = train(f, "first", 1, false, NULL);
    f->config.training.epochs = 1;
    f->config.training.learning_rate = 1e-6;
    f->config.model.head_scale = 0.5;
    turn_target(f);
    for (int i = 0; i < 2; i++) {
        char path[160], name[16];
        bl_error error = {0};
        snprintf(path, sizeof path, "%s/first/%s", f->folder, files[i]);
        snprintf(name, sizeof name, "next%d", i);
        assert_int_equal(bl_model_load(path, NULL, &f->start, &error), BL_STATUS_OK);
        const bl_train_result next = train(f, name, 1, false, NULL);
        print_message("%s: %.5f, then %.5f\n", files[i], first.best_esr, next.best_esr);
        assert_true(next.best_esr < 1.01 * first.best_esr);
        f->config.model.dilations.values[2] = 5;
        expect_refusal(f, "other", false, "start from a model of the same shape");
        f->config.model.dilations.values[2] = 4;
        bl_model_release(f->start);
        f->start = NULL;
    }
}

// Going on from one's own model begins at its ESR, ends better, and loses nothing to a rate that
// wrecks it.
static void starts_from_its_own(void **state)
{
    fixture *f = *state;
    char path[160];
    bl_error error = {0};
    f->config.training.epochs = 10;
    const bl_train_result first = train(f, "first", 1, false, NULL);
    snprintf(path, sizeof path, "%s/first/best_model.safetensors", f->folder);
    assert_int_equal(bl_model_load(path, NULL, &f->start, &error), BL_STATUS_OK);
    static const double rates[] = {0.01, 1.0};
    for (int i = 0; i < 2; i++) {
        stopper s = {.at_epoch = UINT64_MAX};
        f->config.training.learning_rate = rates[i];
        const bl_train_result next = train(f, i == 0 ? "on" : "wrecked", 1, false, &s);
        print_message("%.5f, from %.5f to %.5f\n", first.best_esr, s.start.start_esr,
                      next.best_esr);
        assert_true(s.start.start_settled && !s.start.start_dropped);
        assert_true(s.start.start_esr < 1.0001 * first.best_esr);
        assert_true(s.start.start_esr > 0.99 * first.best_esr);
        assert_true(i == 0 ? next.best_esr < 0.9 * s.start.start_esr
                           : next.best_esr == s.start.start_esr);
    }
    bl_model_release(f->start);
    f->start = NULL;
}

// A model of another amplifier, all of whose units are saturated, is not used: the training is the
// one from nothing, bit for bit.
static void a_hindering_start_is_dropped(void **state)
{
    fixture *f = *state;
    bl_model_info info;
    bl_error error = {0};
    f->config.training.epochs = 5;
    train(f, "nothing", 1, false, NULL);
    assert_int_equal(bl_model_info_from_config(&f->config, &info, &error), BL_STATUS_OK);
    float *weights = calloc((size_t)info.parameters, sizeof *weights);
    assert_non_null(weights);
    uint32_t seed = 3;
    for (uint64_t i = 0; i < info.parameters; i++) {
        weights[i] = 8.0f * shape_random(&seed);
    }
    assert_int_equal(bl_model_from_config(&f->config, weights, (size_t)info.parameters, "driven",
                                          &f->start, &error),
                     BL_STATUS_OK);
    free(weights);
    stopper s = {.at_epoch = UINT64_MAX};
    train(f, "driven", 2, false, &s);
    print_message("start %.3f, tried %.3f, drawn %.3f\n", s.start.start_esr, s.start.taught_esr,
                  s.start.drawn_esr);
    assert_true(s.start.start_settled && s.start.start_dropped);
    assert_true(s.start.drawn_esr > 0.0 && s.start.drawn_esr < s.start.taught_esr);
    assert_same_file(f, "nothing", "driven", "checkpoint.safetensors");
    assert_same_file(f, "nothing", "driven", "best_model.safetensors");
    bl_model_release(f->start);
    f->start = NULL;
}

// Nothing is learnt any more at such a rate, so the training ends by itself.
static void patience_ends(void **state)
{
    fixture *f = *state;
    f->config.training.learning_rate = 1e-8;
    f->config.training.patience = 4;
    f->config.training.epochs = 1000;
    assert_true(train(f, "patient", 1, false, NULL).epochs < 1000);
    assert_true(train(f, "patient", 1, true, NULL).already_finished);
}

static void write_file(const fixture *f, const char *name, const void *bytes, size_t size)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void refuses_what_cannot_work(void **state)
{
    fixture *f = *state;
    f->config.training.epochs = 1;
    train(f, "run", 1, false, NULL);
    expect_refusal(f, "run", false, "--resume");
    f->config.training.learning_rate = 0.5;
    expect_refusal(f, "run", true, "learning_rate");
    write_file(f, "run/checkpoint.safetensors", "\x08\0\0\0\0\0\0\0{}      ", 16);
    expect_refusal(f, "run", true, "checkpoint.safetensors");
    write_file(f, "plain", "x", 1);
    expect_refusal(f, "plain", false, "plain");
    expect_refusal(f, "no/such/folder", false, "cannot be made");
}

// A step so large that the weights blow up: the rate is halved until it works, or it is said.
static void infinite_numbers_are_survived_or_told(void **state)
{
    fixture *f = *state;
    f->config.model.activation = BL_CONFIG_RELU;
    f->config.training.learning_rate = 1.0;
    f->config.training.epochs = 3;
    for (size_t n = 0; n < f->data.train_frames; n++) {
        f->data.input.samples[n] *= 1e25f;
    }
    expect_refusal(f, "huge", false, "infinite numbers");
}

#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(learns_an_amplifier),          RUN_TEST(tells_that_nothing_is_learnt),
        RUN_TEST(learns_with_lookahead),        RUN_TEST(threads_change_no_bit),
        RUN_TEST(resuming_changes_no_bit),      RUN_TEST(measuring_changes_no_bit),
        RUN_TEST(every_kind_resumes),           RUN_TEST(a_long_memory_is_filled),
        RUN_TEST(starts_from_a_model),          RUN_TEST(starts_from_its_own),
        RUN_TEST(a_hindering_start_is_dropped), RUN_TEST(patience_ends),
        RUN_TEST(refuses_what_cannot_work),     RUN_TEST(infinite_numbers_are_survived_or_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
