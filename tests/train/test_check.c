// SPDX-License-Identifier: MIT
// Every fault planted in a good pair is found, named and placed; the good pair has none, and no
// fault is taken for another.

#include "train/check.h"

#include "skip.h"
#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/random.h"
#include "train/pair.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECONDS = 24 };

static const pair_amp crunch = {
    .drive = 15.0, .bias = 0.1, .highpass_hz = 60.0, .lowpass_hz = 7000.0, .noise = 1e-5};

typedef struct pair {
    bl_audio input, target;
    bl_check check;
} pair;

static int set_up(void **state)
{
    pair *p = calloc(1, sizeof *p);
    p->input = pair_guitar(SECONDS, 3);
    p->target = pair_answer(&p->input, &crunch, 4);
    *state = p;
    return test_folder_make(state);
}

static int tear_down(void **state)
{
    pair *p = *state;
    bl_audio_finish(&p->input);
    bl_audio_finish(&p->target);
    free(p);
    return test_folder_remove(state);
}

static void run(pair *p)
{
    bl_error error = {0};
    if (bl_check_pair(&p->input, &p->target, &p->check, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
}

static const bl_finding *seek(const bl_check *check, bl_finding_kind kind)
{
    for (size_t i = 0; i < check->count; i++) {
        if (check->findings[i].kind == kind) {
            return &check->findings[i];
        }
    }
    return NULL;
}

// Nothing worse than a note but, where `only` is a kind, that.
static void assert_nothing_else(const bl_check *check, int only)
{
    for (size_t i = 0; i < check->count; i++) {
        const bl_finding *f = &check->findings[i];
        if (f->severity != BL_SEVERITY_NOTE && (int)f->kind != only) {
            fail_msg("%s: %s", bl_finding_name(f->kind), f->text);
        }
    }
}

static const bl_finding *expect(const bl_check *check, bl_finding_kind kind, bl_severity severity,
                                const char *words)
{
    const bl_finding *found = seek(check, kind);
    if (found == NULL) {
        fail_msg("no finding of kind %s", bl_finding_name(kind));
        abort();
    }
    if (strstr(found->text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", found->text, words);
    }
    assert_int_equal(found->severity, severity);
    assert_nothing_else(check, (int)kind);
    return found;
}

static void assert_near(double value, double wanted, double off)
{
    if (!(fabs(value - wanted) <= off)) {
        fail_msg("%g is not within %g of %g", value, off, wanted);
    }
}

static void good_pairs_have_no_faults(void **state)
{
    pair *p = *state;
    static const pair_amp amps[] = {
        {.drive = 1.0},
        {.drive = 3.0, .highpass_hz = 80.0, .resonance_hz = 5000.0},
        {.drive = 60.0, .bias = 0.1, .highpass_hz = 100.0, .lowpass_hz = 6000.0, .noise = 1e-5},
        {.drive = -300.0, .highpass_hz = 400.0, .lowpass_hz = 5000.0, .noise = 1e-4},
    };
    for (uint64_t seed = 1; seed <= 8; seed++) {
        bl_audio_finish(&p->input);
        bl_audio_finish(&p->target);
        p->input = pair_guitar(SECONDS, 10 * seed);
        p->target = pair_answer(&p->input, &amps[seed % 4], seed);
        run(p);
        assert_nothing_else(&p->check, -1);
        assert_null(bl_check_fault(&p->check));
        assert_true(p->check.alignment.sure);
        if (p->check.noise_esr < 1e-6) {
            assert_null(seek(&p->check, BL_FINDING_NOISE)); // nobody can hear it
        }
    }
}

static void silence_is_found(void **state)
{
    pair *p = *state;
    bl_audio played = pair_copy(&p->target);
    memset(p->target.samples, 0, (size_t)p->target.frames * sizeof(float));
    run(p);
    assert_ptr_equal(expect(&p->check, BL_FINDING_SILENCE, BL_SEVERITY_FAULT, "amplifier's"),
                     bl_check_fault(&p->check));
    memcpy(p->target.samples, played.samples, (size_t)played.frames * sizeof(float));
    uint64_t dead = 8 * PAIR_RATE;
    while (fabsf(p->input.samples[dead]) < 0.02f) { // where the guitar plays
        dead++;
    }
    memset(p->target.samples + dead, 0, PAIR_RATE / 2 * sizeof(float));
    run(p);
    const bl_finding *found =
        expect(&p->check, BL_FINDING_SILENCE, BL_SEVERITY_WARNING, "where the guitar plays");
    assert_near(found->from_s, (double)dead / PAIR_RATE, 0.2);
    bl_audio_finish(&played);
}

static void clipping_is_found(void **state)
{
    pair *p = *state;
    uint64_t first = 0;
    for (uint64_t n = p->target.frames; n-- > 0;) {
        if (fabsf(p->target.samples[n]) > 0.3f) {
            first = n;
        }
        p->target.samples[n] = fminf(fmaxf(p->target.samples[n] / 0.3f, -1.0f), 1.0f);
    }
    run(p);
    const bl_finding *found =
        expect(&p->check, BL_FINDING_CLIPPING, BL_SEVERITY_WARNING, "amplifier's");
    assert_near(found->from_s, (double)first / PAIR_RATE, 0.05);
}

static void clipped_guitar_is_found(void **state)
{
    pair *p = *state;
    for (uint64_t n = 0; n < p->input.frames; n++) { // an interface that stops before full scale
        p->input.samples[n] = fminf(fmaxf(p->input.samples[n], -0.06f), 0.06f);
    }
    bl_audio_finish(&p->target);
    p->target = pair_answer(&p->input, &crunch, 4);
    run(p);
    expect(&p->check, BL_FINDING_CLIPPING, BL_SEVERITY_WARNING, "clean recording is clipped");
}

static void dc_is_found(void **state)
{
    pair *p = *state;
    for (uint64_t n = 0; n < p->target.frames; n++) {
        p->target.samples[n] += 0.05f;
    }
    run(p);
    assert_near(expect(&p->check, BL_FINDING_DC, BL_SEVERITY_WARNING, "+0.0")->value, 0.05, 0.01);
}

static void noise_predicts_the_best_esr(void **state)
{
    pair *p = *state;
    random_source source = {5};
    double power = 0.0;
    for (uint64_t n = 0; n < p->target.frames; n++) {
        power += (double)p->target.samples[n] * (double)p->target.samples[n];
        p->target.samples[n] += random_float(&source, -0.02f, 0.02f);
    }
    run(p);
    expect(&p->check, BL_FINDING_NOISE, BL_SEVERITY_WARNING, "no model can reach");
    const double noise = 0.02 * 0.02 / 3.0;
    assert_near(p->check.noise_dbfs, 10.0 * log10(noise), 1.0);
    assert_near(p->check.noise_esr / (noise * (double)p->target.frames / power), 1.0, 0.25);
}

static void the_guitars_own_noise_is_no_fault(void **state)
{
    pair *p = *state;
    random_source source = {6};
    for (uint64_t n = 0; n < p->input.frames; n++) {
        p->input.samples[n] += random_float(&source, -4e-4f, 4e-4f);
    }
    bl_audio_finish(&p->target);
    p->target = pair_answer(&p->input, &crunch, 4);
    run(p);
    assert_nothing_else(&p->check, -1);
    assert_true(p->check.noise_esr < 1e-5); // amplified it is at -45 dBFS
}

static void hum_is_found(void **state)
{
    pair *p = *state;
    bl_audio clean = pair_copy(&p->target);
    for (int mains = 50; mains <= 60; mains += 10) {
        for (uint64_t n = 0; n < p->target.frames; n++) {
            const double turn = 6.283185307179586 * mains * (double)n / PAIR_RATE;
            p->target.samples[n] =
                clean.samples[n] + (float)(1e-3 * sin(turn) + 5e-4 * sin(3.0 * turn + 1.0));
        }
        run(p);
        expect(&p->check, BL_FINDING_HUM, BL_SEVERITY_WARNING, mains == 50 ? "50 Hz" : "60 Hz");
        assert_true(seek(&p->check, BL_FINDING_HUM)->in_target);
    }
    bl_audio_finish(&clean);
}

static void polarity_is_noted(void **state)
{
    pair *p = *state;
    run(p);
    assert_null(seek(&p->check, BL_FINDING_POLARITY));
    for (uint64_t n = 0; n < p->target.frames; n++) {
        p->target.samples[n] = -p->target.samples[n];
    }
    run(p);
    expect(&p->check, BL_FINDING_POLARITY, BL_SEVERITY_NOTE, "polarity");
}

static void delay_is_noted(void **state)
{
    pair *p = *state;
    static const double delays[] = {431.25, -57.0};
    for (int i = 0; i < 2; i++) {
        bl_audio whole = p->target;
        p->target = pair_delayed(&whole, delays[i], 0.0);
        run(p);
        const bl_finding *found = expect(&p->check, BL_FINDING_DELAY, BL_SEVERITY_NOTE,
                                         i == 0 ? "late; it is moved" : "early; it is moved");
        assert_near(found->value, delays[i], 0.1);
        bl_audio_finish(&p->target);
        p->target = whole;
    }
}

static void drift_is_found(void **state)
{
    pair *p = *state;
    bl_audio whole = p->target;
    p->target = pair_delayed(&whole, 20.0, 25.0);
    bl_audio_finish(&whole);
    run(p);
    assert_near(expect(&p->check, BL_FINDING_DRIFT, BL_SEVERITY_WARNING, "clocks")->value, 25.0,
                0.1);
}

static void another_performance_is_refused(void **state)
{
    pair *p = *state;
    for (uint64_t seed = 30; seed < 36; seed++) {
        bl_audio_finish(&p->input);
        p->input = pair_guitar(SECONDS, seed);
        run(p);
        expect(&p->check, BL_FINDING_UNRELATED, BL_SEVERITY_FAULT, "not of the same performance");
    }
}

// The same guitar and the same song, another minute of it.
static void another_part_is_refused(void **state)
{
    pair *p = *state;
    const uint64_t half = p->input.frames / 2;
    memmove(p->target.samples, p->target.samples + half, (size_t)half * sizeof(float));
    p->input.frames = p->target.frames = half;
    run(p);
    expect(&p->check, BL_FINDING_UNRELATED, BL_SEVERITY_FAULT, "not of the same performance");
}

// Only an amplifier that changes the swing of the level can be told from a guitar.
static void swapped_files_are_named(void **state)
{
    pair *p = *state;
    static const pair_amp amps[] = {
        {.drive = 60.0, .bias = 0.1, .highpass_hz = 100.0, .lowpass_hz = 6000.0, .noise = 1e-4},
        {.drive = -30.0, .highpass_hz = 80.0, .lowpass_hz = 4000.0, .noise = 1e-4}};
    for (size_t i = 0; i < 2; i++) {
        bl_audio_finish(&p->input);
        bl_audio_finish(&p->target);
        p->target = pair_guitar(SECONDS, 3 + i);
        p->input = pair_answer(&p->target, &amps[i], 4);
        run(p);
        expect(&p->check, BL_FINDING_SWAPPED, BL_SEVERITY_WARNING, "seem to be swapped");
    }
}

static void the_same_recording_twice_is_refused(void **state)
{
    pair *p = *state;
    bl_audio_finish(&p->target);
    p->target = pair_copy(&p->input);
    run(p);
    expect(&p->check, BL_FINDING_SAME, BL_SEVERITY_FAULT, "both files are the same recording");
    p->target.samples[p->target.frames / 2] += 0.01f;
    run(p);
    assert_null(seek(&p->check, BL_FINDING_SAME));
}

static void gate_is_found(void **state)
{
    pair *p = *state;
    double envelope = 0.0;
    for (uint64_t n = 0; n < p->target.frames; n++) {
        envelope = fmax(fabs((double)p->input.samples[n]), envelope * 0.9995);
        p->target.samples[n] *= envelope < 0.015 ? 1e-4f : 1.0f;
    }
    run(p);
    expect(&p->check, BL_FINDING_GATE, BL_SEVERITY_WARNING, "noise gate");
}

static void echo_is_found(void **state)
{
    pair *p = *state;
    const uint64_t later = PAIR_RATE * 350 / 1000;
    for (uint64_t n = p->target.frames; n-- > later;) {
        p->target.samples[n] += 0.3f * p->target.samples[n - later];
    }
    run(p);
    assert_near(expect(&p->check, BL_FINDING_ECHO, BL_SEVERITY_WARNING, "delay effect")->value,
                350.0, 1.0);
}

// Schroeder's four combs (1962), a second long.
static void reverb_is_found(void **state)
{
    pair *p = *state;
    static const size_t combs[] = {1309, 1637, 1811, 1931};
    bl_audio dry = pair_copy(&p->target);
    for (size_t c = 0; c < 4; c++) {
        float line[2000] = {0.0f};
        for (uint64_t n = 0; n < dry.frames; n++) {
            float *place = &line[n % combs[c]];
            p->target.samples[n] += 0.12f * *place;
            *place = dry.samples[n] + 0.8f * *place;
        }
    }
    run(p);
    expect(&p->check, BL_FINDING_REVERB, BL_SEVERITY_WARNING, "reverb");
    bl_audio_finish(&dry);
}

static void repeats_are_compared(void **state)
{
    pair *p = *state;
    const uint64_t early = 2 * PAIR_RATE, late = 15 * PAIR_RATE + 77, frames = 5 * PAIR_RATE;
    memcpy(p->input.samples + late, p->input.samples + early, (size_t)frames * sizeof(float));
    bl_audio_finish(&p->target);
    p->target = pair_answer(&p->input, &crunch, 4);
    run(p);
    const bl_finding *found = expect(&p->check, BL_FINDING_REPEAT, BL_SEVERITY_NOTE, "again");
    assert_near(found->from_s, (double)late / PAIR_RATE, 0.06);
    assert_true(p->check.repeat_esr < 1e-4);
    for (uint64_t n = late; n < late + frames; n++) { // warmed up meanwhile
        p->target.samples[n] *= 1.3f;
    }
    run(p);
    expect(&p->check, BL_FINDING_REPEAT, BL_SEVERITY_WARNING, "warm up");
}

static void save(const char *name, const bl_audio *audio)
{
    bl_error error = {0};
    if (bl_audio_save(test_folder_file(name), audio, BL_AUDIO_FLOAT_32, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
}

static void load_like(pair *p, double rate_hz, bool align, const bl_check *like)
{
    bl_audio_finish(&p->input);
    bl_audio_finish(&p->target);
    char input[256];
    snprintf(input, sizeof input, "%s", test_folder_file("di.wav"));
    const bl_check_request request = {.input = input,
                                      .target = test_folder_file("amp.wav"),
                                      .sample_rate_hz = rate_hz,
                                      .align = align,
                                      .like = like};
    bl_error error = {0};
    if (bl_check_load(&request, &p->input, &p->target, &p->check, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
}

static void load(pair *p, double rate_hz, bool align)
{
    load_like(p, rate_hz, align, NULL);
}

static void lengths_are_compared(void **state)
{
    pair *p = *state;
    const uint64_t frames = p->target.frames;
    save("di.wav", &p->input);
    p->target.frames = frames - 3 * PAIR_RATE;
    save("amp.wav", &p->target);
    load(p, 0.0, false);
    expect(&p->check, BL_FINDING_LENGTH, BL_SEVERITY_WARNING, "3.00 s shorter");
    assert_int_equal(p->input.frames, frames - 3 * PAIR_RATE);
    assert_int_equal(p->target.frames, p->input.frames);
    p->input.frames = 15 * PAIR_RATE;
    save("di.wav", &p->input);
    load(p, 0.0, false);
    expect(&p->check, BL_FINDING_LENGTH, BL_SEVERITY_WARNING, "6.00 s longer");
}

// The amplifier's file has a second side: the one that was chosen is silent, almost so, or as loud.
static void another_channel_is_named(void **state)
{
    pair *p = *state;
    save("di.wav", &p->input);
    bl_audio both = pair_copy(&p->target);
    both.right = both.samples;
    const uint64_t frames = both.frames;
    static const float gains[] = {0.0f, 0.01f, 0.5f};
    for (int i = 0; i < 3; i++) {
        bl_audio first = pair_copy(&both);
        for (uint64_t n = 0; n < frames; n++) {
            first.samples[n] *= gains[i];
        }
        both.samples = first.samples;
        save("amp.wav", &both);
        both.samples = both.right;
        bl_audio_finish(&first);
        load(p, 48000.0, false);
        if (i == 0) {
            const bl_finding *found = seek(&p->check, BL_FINDING_CHANNEL);
            assert_true(found != NULL && found->severity == BL_SEVERITY_FAULT);
            assert_non_null(strstr(found->text, "is silent from 0 to 24.00 s"));
            assert_non_null(strstr(found->text, "use --channel 2"));
        } else if (i == 1) {
            assert_true(expect(&p->check, BL_FINDING_CHANNEL, BL_SEVERITY_WARNING, "almost silent")
                            ->value == 2.0);
        } else {
            assert_null(seek(&p->check, BL_FINDING_CHANNEL));
        }
    }
    both.right = NULL;
    bl_audio_finish(&both);
}

static void rates_are_brought_together(void **state)
{
    pair *p = *state;
    save("di.wav", &p->input);
    bl_error error = {0};
    bl_audio high = pair_copy(&p->target);
    assert_int_equal(bl_audio_resample(&high, 96000.0, &error), BL_STATUS_OK);
    save("amp.wav", &high);
    load(p, 48000.0, true);
    expect(&p->check, BL_FINDING_RATE, BL_SEVERITY_NOTE, "96000 Hz");
    assert_true(p->input.sample_rate_hz == 48000.0 && p->target.sample_rate_hz == 48000.0);
    assert_near(p->check.alignment.delay_frames, 0.0, 0.5);
    high.sample_rate_hz = 48000.0; // twice as long, says the file
    high.frames = (uint64_t)((double)SECONDS * 48000.0 * 48000.0 / 44100.0);
    save("amp.wav", &high);
    load(p, 0.0, false);
    bool named = false;
    for (size_t i = 0; i < p->check.count; i++) {
        named = named || strstr(p->check.findings[i].text, "names a wrong rate") != NULL;
    }
    assert_true(named);
    bl_audio_finish(&high);
}

static void delays_are_taken_off(void **state)
{
    pair *p = *state;
    bl_audio whole = pair_copy(&p->target), late = pair_delayed(&whole, 500.0, 0.0);
    save("di.wav", &p->input);
    save("amp.wav", &late);
    load(p, 0.0, true);
    double error = 0.0, power = 0.0;
    for (uint64_t n = 0; n + 1000 < whole.frames; n++) {
        const double wanted = (double)whole.samples[n];
        error += pow((double)p->target.samples[n] - wanted, 2.0);
        power += wanted * wanted;
    }
    assert_near(p->check.correction_frames, 500.0, 0.1);
    assert_true(error / power < 1e-3);
    bl_audio_finish(&whole);
    bl_audio_finish(&late);
}

// A validation is moved as what is learnt from was, not by an estimate of its own that differs by a
// frame; and by its own where it was recorded with another delay.
static void a_validation_is_moved_alike(void **state)
{
    pair *p = *state;
    static const double delays[] = {502.0, 700.0}, taken_off[] = {500.0, 700.0};
    const bl_check like = {.correction_frames = 500.0};
    bl_audio whole = pair_copy(&p->target);
    save("di.wav", &p->input);
    for (int i = 0; i < 2; i++) {
        bl_audio late = pair_delayed(&whole, delays[i], 0.0);
        save("amp.wav", &late);
        load_like(p, 0.0, true, &like);
        assert_near(p->check.correction_frames, taken_off[i], 0.1);
        assert_true((seek(&p->check, BL_FINDING_DELAY) != NULL) == (i == 1));
        bl_audio_finish(&late);
    }
    bl_audio_finish(&whole);
}

static void what_no_file_is_fails(void **state)
{
    pair *p = *state;
    save("di.wav", &p->input);
    bl_check_request request = {.input = test_folder_file("di.wav"), .target = "/nowhere/amp.wav"};
    bl_audio input, target;
    bl_error error = {0};
    assert_int_equal(bl_check_load(&request, &input, &target, &p->check, &error),
                     BL_STATUS_NOT_FOUND);
    assert_null(input.samples);
}

// Recordings of real amplifiers beside the project: nothing is wrong with them.
static void real_pairs_have_no_faults(void **state)
{
    pair *p = *state;
    static const char *const names[] = {"amp-6505-highgain", "amp-princeton-clean"};
    const char *shared = getenv("BL_SHARED");
    shared = shared != NULL ? shared : BL_SOURCE_DIR "/../shared";
    char input[512], target[512];
    snprintf(input, sizeof input, "%s/data/di.flac", shared);
    if (access(input, R_OK) != 0) {
        bl_test_skip("%s is not there", input);
    }
    // At their own rate and taken to another, which leaves the top of the band empty.
    for (int i = 0; i < 4; i++) {
        const double rate_hz = i < 2 ? 0.0 : 48000.0;
        snprintf(target, sizeof target, "%s/data/%s.flac", shared, names[i % 2]);
        bl_audio_finish(&p->input);
        bl_audio_finish(&p->target);
        const bl_check_request request = {
            .input = input, .target = target, .sample_rate_hz = rate_hz};
        bl_error error = {0};
        assert_int_equal(bl_check_load(&request, &p->input, &p->target, &p->check, &error),
                         BL_STATUS_OK);
        assert_nothing_else(&p->check, -1);
        assert_null(seek(&p->check, BL_FINDING_NOISE));
        assert_true(p->check.alignment.sure);
        assert_true(fabs(p->check.alignment.delay_frames) < 1.5);
        assert_true(p->check.correction_frames == 0.0 && p->check.alignment.drift_ppm == 0.0);
    }
}

#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(good_pairs_have_no_faults),
        RUN_TEST(silence_is_found),
        RUN_TEST(clipping_is_found),
        RUN_TEST(clipped_guitar_is_found),
        RUN_TEST(dc_is_found),
        RUN_TEST(noise_predicts_the_best_esr),
        RUN_TEST(the_guitars_own_noise_is_no_fault),
        RUN_TEST(hum_is_found),
        RUN_TEST(polarity_is_noted),
        RUN_TEST(delay_is_noted),
        RUN_TEST(drift_is_found),
        RUN_TEST(another_performance_is_refused),
        RUN_TEST(another_part_is_refused),
        RUN_TEST(swapped_files_are_named),
        RUN_TEST(the_same_recording_twice_is_refused),
        RUN_TEST(gate_is_found),
        RUN_TEST(echo_is_found),
        RUN_TEST(reverb_is_found),
        RUN_TEST(repeats_are_compared),
        RUN_TEST(lengths_are_compared),
        RUN_TEST(another_channel_is_named),
        RUN_TEST(rates_are_brought_together),
        RUN_TEST(delays_are_taken_off),
        RUN_TEST(a_validation_is_moved_alike),
        RUN_TEST(what_no_file_is_fails),
        RUN_TEST(real_pairs_have_no_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
