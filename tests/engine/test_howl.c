// SPDX-License-Identifier: MIT
// The howl guard against simulated loops (the output returns to the input through a delay, a
// resonance and a gain) and against guitars that only sound like it: the engine's output must stay
// the same bit for bit. The loudness of a loop, and how soon it was found, are printed: 50 ms at
// most after the output has passed -20 dBFS, or, where an amplifier is at its top before there is
// any growth to see, up to 700 ms: the tone has to stand still for a sixth of a second, and for a
// third where the input clips, since a clipped string looks the same for as long.

#include "backline/audio.h"

#include "riff.h"
#include "rt/engine.h"
#include "rt/howl.h"
#include "skip.h"
#include "support/chains.h"
#include "support/engines.h"
#include "support/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PI 3.14159265358979323846

enum { RATE = 48000, PERIOD = 64 };

// All steps, while samples that do not belong to it come into the ring.
static void take(const bl_spectrum *spectrum, const float *samples, float *powers)
{
    static float ring[BL_SPECTRUM_RING];
    static bl_spectrum_work work;
    const uint32_t from = BL_SPECTRUM_RING - 100; // around the end
    for (uint32_t i = 0; i < BL_SPECTRUM_SIZE; i++) {
        ring[(from + i) % BL_SPECTRUM_RING] = samples[i];
    }
    for (uint32_t step = 0; step < BL_SPECTRUM_STEPS; step++) {
        bl_spectrum_step(spectrum, &work, step, ring, from, powers);
        ring[(from + BL_SPECTRUM_SIZE + step) % BL_SPECTRUM_RING] = 1000.0F;
    }
}

// Against a transform written as its definition.
static void test_spectrum_is_the_transform(void **state)
{
    (void)state;
    static bl_spectrum spectrum;
    static float samples[BL_SPECTRUM_SIZE], powers[BL_SPECTRUM_BINS];
    bl_spectrum_init(&spectrum);
    random_source random = {3};
    for (int i = 0; i < BL_SPECTRUM_SIZE; i++) {
        samples[i] = random_float(&random, -1.0F, 1.0F);
    }
    take(&spectrum, samples, powers);
    for (int k = 0; k < BL_SPECTRUM_BINS; k++) {
        double re = 0.0, im = 0.0;
        for (int i = 0; i < BL_SPECTRUM_SIZE; i++) {
            const double hann = (0.5 - 0.5 * cos(2.0 * PI * i / BL_SPECTRUM_SIZE)) * 4.0;
            const double angle = 2.0 * PI * k * i / BL_SPECTRUM_SIZE;
            re += (double)samples[i] * hann / BL_SPECTRUM_SIZE * cos(angle);
            im -= (double)samples[i] * hann / BL_SPECTRUM_SIZE * sin(angle);
        }
        assert_true(fabs(re * re + im * im - (double)powers[k]) < 1e-6);
    }
    for (int i = 0; i < BL_SPECTRUM_SIZE; i++) {
        samples[i] = (float)sin(2.0 * PI * 20.0 * i / BL_SPECTRUM_SIZE);
    }
    take(&spectrum, samples, powers);
    assert_true(fabsf(powers[20] - 1.0F) < 1e-5F);
}

// A room: delay, resonance (a loudspeaker and a pickup have one) and gain at the resonance.
typedef struct loop {
    double delay_ms, resonance_hz, gain;
    bool clean;     // else an amplifier that saturates
    double knob_db; // the gain rises by 1 dB every 100 ms, by so many
    double late_ms; // it may be found so much later than others
} loop;

typedef struct outcome {
    double heard_ms;  // the output passed -20 dBFS, after the loop was closed
    double found_ms;  // the guard acted; -1: never
    double peak, end; // of the output: afterwards, and in the last half second
    uint64_t howls;
} outcome;

static bl_engine *playing_engine(bool clean, bool guard)
{
    bl_engine *engine = engine_of(bare_config());
    bl_chain *chain = clean ? gain_chain(1, 0.0) : net_chain(1, 20.0F, 0);
    chain->stages = true; // with the ceiling
    chain->gate = bl_gate_at_rest(RATE);
    chain->tone = bl_tone_at_rest(RATE);
    chain->cuts = bl_cuts_at_rest(RATE);
    chain->ceiling = bl_ceiling_at_rest(RATE);
    bl_chain_set_parameter(chain, BL_PARAMETER_HOWL_GUARD, guard ? 1.0 : 0.0);
    bl_chain_rewind(chain);
    bl_engine_swap(engine, chain);
    return engine;
}

// Three seconds: a soft noise, as every input has, and the room from 0.5 s on.
static outcome run_loop(const loop *room, bool guard)
{
    bl_engine *engine = playing_engine(room->clean, guard);
    outcome o = {.heard_ms = -1.0, .found_ms = -1.0};
    static float past[RATE];
    memset(past, 0, sizeof past);
    random_source random = {9};
    const int delay = (int)(room->delay_ms * RATE / 1000.0);
    const double w = 2.0 * PI * room->resonance_hz / RATE, r = 0.99;
    double y1 = 0.0, y2 = 0.0;
    const double norm = (1.0 - r) * hypot(1.0 - r * cos(2.0 * w), r * sin(2.0 * w));
    for (int at = 0; at < 3 * RATE; at += PERIOD) {
        float in[PERIOD], out[PERIOD];
        for (int i = 0; i < PERIOD; i++) {
            const int from = at + i - delay;
            const double back = from >= RATE / 2 ? (double)past[from % RATE] : 0.0;
            const double y = norm * back + 2.0 * r * cos(w) * y1 - r * r * y2;
            y2 = y1;
            y1 = y;
            const double ms = from * 1000.0 / RATE - 500.0;
            const double knob_db = fmin(floor(fmax(ms, 0.0) / 100.0), room->knob_db);
            const double back_now = room->gain * pow(10.0, knob_db / 20.0) * y;
            const double noisy = back_now + (double)random_float(&random, -1e-3F, 1e-3F);
            in[i] = (float)fmax(-1.0, fmin(noisy, 1.0)); // the converter
        }
        bl_engine_process(engine, in, out, PERIOD);
        for (int i = 0; i < PERIOD; i++) {
            const double ms = (at + i) * 1000.0 / RATE - 500.0;
            past[(at + i) % RATE] = out[i];
            o.heard_ms = o.heard_ms < 0.0 && fabsf(out[i]) >= 0.1F ? ms : o.heard_ms;
            o.peak = fmax(o.peak, (double)fabsf(out[i]));
            o.end = ms > 2000.0 ? fmax(o.end, (double)fabsf(out[i])) : 0.0;
        }
        if (o.found_ms < 0.0 && bl_howl_acts(&engine->howl)) {
            o.found_ms = (at + PERIOD) * 1000.0 / RATE - 500.0;
        }
    }
    o.howls = last_telemetry(engine, BL_TELEMETRY_METERS).howls;
    bl_engine_destroy(engine);
    return o;
}

static void test_loops_are_found_and_turned_down(void **state)
{
    (void)state;
    static const loop rooms[] = {
        {3.0, 400.0, 3.0, true, 0.0, 0.0},
        {5.0, 900.0, 2.0, true, 0.0, 0.0},
        {8.0, 1500.0, 3.0, true, 0.0, 0.0},
        {10.0, 600.0, 4.0, true, 0.0, 0.0},
        {12.0, 2500.0, 3.0, true, 0.0, 0.0},
        {4.0, 350.0, 3.0, true, 0.0, 0.0},
        {6.0, 700.0, 0.1, false, 0.0, 0.0},
        {10.0, 1200.0, 0.12, false, 0.0, 0.0},
        {3.0, 3000.0, 0.1, false, 0.0, 0.0},
        {5.0, 500.0, 0.1, false, 0.0, 0.0},
        // In stairs.
        {15.0, 800.0, 0.08, false, 0.0, 0.0},
        {12.0, 1000.0, 0.1, false, 0.0, 0.0},
        {18.0, 440.0, 0.07, false, 0.0, 0.0},
        {16.0, 600.0, 0.09, false, 0.0, 0.0},
        // At the top before there is anything to measure: it has to stand still.
        {10.0, 1200.0, 2.0, false, 0.0, 400.0}, // the input clips
        {5.0, 2400.0, 1.0, false, 0.0, 200.0},
        {8.0, 700.0, 0.7, false, 0.0, 250.0},
        {12.0, 1200.0, 0.4, false, 0.0, 400.0},
        {20.0, 800.0, 1.0, false, 0.0, 600.0},
        // A knob is turned up, step by step.
        {5.0, 900.0, 0.8, true, 9.0, 0.0},
        {12.0, 500.0, 0.8, true, 9.0, 0.0},
        {8.0, 1200.0, 0.04, false, 9.0, 0.0},
        {18.0, 700.0, 0.04, false, 9.0, 0.0},
        {4.0, 2000.0, 0.04, false, 6.0, 0.0},
    };
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        const outcome o = run_loop(&rooms[i], true), raw = run_loop(&rooms[i], false);
        printf("%4.0f Hz, %4.1f ms, gain %.2f%+.0f dB: heard at %.0f ms, found at %.0f ms, "
               "peak %.2f, in the end %.3f; without the guard %.2f\n",
               rooms[i].resonance_hz, rooms[i].delay_ms, rooms[i].gain, rooms[i].knob_db,
               o.heard_ms, o.found_ms, o.peak, o.end, raw.end);
        fflush(stdout);
        assert_true(raw.end > 0.5 && raw.howls == 0); // it does howl
        assert_true(o.found_ms >= 0.0 && o.howls > 0);
        assert_true(o.found_ms - o.heard_ms <= 50.0 + rooms[i].late_ms);
        assert_true(o.peak <= 1.0 && o.end < 0.3 * raw.end);
    }
}

// Plays `samples` through an engine with the guard and one without. Their outputs must be equal.
static void assert_left_alone(const char *name, const float *samples, uint64_t frames)
{
    static const bool clean[] = {true, false};
    for (int c = 0; c < 2; c++) {
        bl_engine *guarded = playing_engine(clean[c], true);
        bl_engine *plain = playing_engine(clean[c], false);
        for (uint64_t at = 0; at + PERIOD <= frames; at += PERIOD) {
            float a[PERIOD], b[PERIOD];
            bl_engine_process(guarded, samples + at, a, PERIOD);
            bl_engine_process(plain, samples + at, b, PERIOD);
            if (memcmp(a, b, sizeof a) != 0) {
                fail_msg("%s: turned down at %.3f s", name, (double)at / RATE);
            }
        }
        bl_engine_destroy(guarded);
        bl_engine_destroy(plain);
    }
}

// What a string does: an attack of some milliseconds, partials that die away, the higher the
// sooner. `bend` in semitones over half a second, `squeal`: the partial that is left.
static void add_note(float *out, uint64_t frames, double hz, double level, double bend,
                     uint32_t squeal, double attack_ms, double decay_s)
{
    double phase = 0.0;
    for (uint64_t i = 0; i < frames; i++) {
        const double t = (double)i / RATE;
        const double vibrato = 0.2 * sin(2.0 * PI * 5.5 * t) * (t > 0.4);
        phase += 2.0 * PI * hz * exp2((bend * fmin(t / 0.5, 1.0) + vibrato) / 12.0) / RATE;
        double x = 0.0;
        for (uint32_t n = squeal > 0 ? squeal : 1; n <= 12; n += squeal > 0 ? squeal : 1) {
            x += sin(n * phase) * exp(-t * (0.5 + 0.4 * n) / decay_s) / n;
        }
        out[i] += (float)(level * x * (1.0 - exp(-t * 1000.0 / attack_ms)));
    }
}

static void test_guitars_are_left_alone(void **state)
{
    (void)state;
    enum { FRAMES = 2 * RATE };
    static const struct {
        const char *name;
        double hz, level, bend;
        uint32_t squeal;
        double attack_ms, decay_s;
    } notes[] = {
        {"a low note", 82.4, 0.3, 0.0, 0, 2.0, 2.0},
        {"a sustained note", 440.0, 0.3, 0.0, 0, 3.0, 20.0},
        {"a bend", 392.0, 0.3, 2.0, 0, 3.0, 6.0},
        {"a high bend", 1046.5, 0.2, 3.0, 0, 2.0, 4.0},
        {"a natural harmonic", 196.0, 0.4, 0.0, 3, 4.0, 6.0},
        {"a squeal", 220.0, 0.5, 1.0, 7, 2.0, 10.0},
        {"a pure tone of the neck pickup", 660.0, 0.4, 0.0, 12, 8.0, 10.0},
        {"an e-bow", 220.0, 0.4, 0.0, 0, 300.0, 1e6},
        {"a high e-bow", 880.0, 0.4, 0.0, 0, 150.0, 1e6},
        {"a note that turns into its octave", 330.0, 0.4, 0.0, 2, 400.0, 8.0},
        {"a loud note", 440.0, 0.8, 0.0, 0, 2.0, 8.0},
    };
    float *samples = calloc(FRAMES, sizeof *samples);
    assert_non_null(samples);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        memset(samples, 0, FRAMES * sizeof *samples);
        add_note(samples, FRAMES, notes[i].hz, notes[i].level, notes[i].bend, notes[i].squeal,
                 notes[i].attack_ms, notes[i].decay_s);
        assert_left_alone(notes[i].name, samples, FRAMES);
    }
    // Two strings that beat.
    memset(samples, 0, FRAMES * sizeof *samples);
    add_note(samples, FRAMES, 440.0, 0.2, 0.0, 0, 3.0, 10.0);
    add_note(samples, FRAMES, 446.0, 0.2, 0.0, 0, 3.0, 10.0);
    assert_left_alone("a unison bend", samples, FRAMES);
    free(samples);
}

// A note of one partial, as a neck pickup has it, at the top of the input or over it, played again
// and again. What falls by less than 1.5 dB a second is no string.
typedef struct hot_note {
    const char *name;
    double hz, level, fall_db_s;
    double bend, vibrato; // semitones: over 0.3 s, and either way
    double every_s;       // a note, each two semitones above the last; 0: only one
    double damped_s;      // of these the hand is on the string
} hot_note;

static void play_hot(float *out, uint64_t frames, const hot_note *note)
{
    double phase = 0.0;
    for (uint64_t i = 0; i < frames; i++) {
        const double at = (double)i / RATE;
        const double index = note->every_s > 0.0 ? floor(at / note->every_s) : 0.0;
        const double t = at - index * note->every_s;
        const double damp_s = note->every_s > 0.0 ? t - note->every_s + note->damped_s : 0.0;
        const double semitones = note->bend * fmin(t / 0.3, 1.0) + 2.0 * fmod(index, 5.0) +
                                 note->vibrato * sin(2.0 * PI * 5.5 * t);
        phase += 2.0 * PI * note->hz * exp2(semitones / 12.0) / RATE;
        const double fall_db = note->fall_db_s * t + 600.0 * fmax(damp_s, 0.0);
        const double x = sin(phase) * (1.0 - exp(-t / 0.002)) * pow(10.0, -fall_db / 20.0);
        out[i] = (float)fmax(-1.0, fmin(note->level * x, 1.0));
    }
}

static void test_hot_guitars_are_left_alone(void **state)
{
    (void)state;
    enum { FRAMES = 2 * RATE };
    static const hot_note notes[] = {
        {"a pure note at 0.95", 660.0, 0.95, 3.0, 0.0, 0.0, 0.0, 0.0},
        {"a pure note at full scale", 440.0, 1.0, 6.0, 0.0, 0.0, 0.0, 0.0},
        {"a long one", 294.0, 1.0, 1.5, 0.0, 0.0, 0.0, 0.0},
        {"a short one", 880.0, 1.0, 40.0, 0.0, 0.0, 0.0, 0.0},
        {"between two bins", 445.3, 0.95, 3.0, 0.0, 0.0, 0.0, 0.0},
        {"just clipped", 523.3, 1.2, 3.0, 0.0, 0.0, 0.0, 0.0},
        {"clipped", 330.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0},
        {"clipped, and held", 247.0, 2.4, 1.5, 0.0, 0.0, 0.0, 0.0},
        {"clipped hard", 440.0, 6.0, 4.0, 0.0, 0.0, 0.0, 0.0},
        {"a bend at full scale", 440.0, 1.0, 3.0, 2.0, 0.0, 0.0, 0.0},
        {"a clipped bend", 784.0, 2.0, 3.0, 3.0, 0.0, 0.0, 0.0},
        {"vibrato at 0.95", 445.3, 0.95, 2.0, 0.0, 0.3, 0.0, 0.0},
        {"clipped vibrato", 1172.0, 1.5, 2.0, 0.0, 0.5, 0.0, 0.0},
        {"a run", 440.0, 1.0, 6.0, 0.0, 0.0, 0.08, 0.0},
        {"a slower run", 330.0, 0.95, 3.0, 0.0, 0.0, 0.15, 0.0},
        {"a clipped run", 392.0, 2.0, 4.0, 0.0, 0.0, 0.125, 0.0},
        {"a clipped staccato run", 523.3, 2.0, 4.0, 0.0, 0.0, 0.16, 0.03},
        {"clipped notes that are damped", 349.2, 1.5, 3.0, 0.0, 0.0, 0.5, 0.1},
    };
    float *samples = calloc(FRAMES, sizeof *samples);
    assert_non_null(samples);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        play_hot(samples, FRAMES, &notes[i]);
        assert_left_alone(notes[i].name, samples, FRAMES);
    }
    free(samples);
}

static void check_file(const char *path, double from_s)
{
    bl_audio audio = {0};
    if (bl_audio_load(path, 0, &audio, NULL) != BL_STATUS_OK) {
        fail_msg("%s cannot be read", path);
    }
    assert_int_equal(bl_audio_resample(&audio, RATE, NULL), BL_STATUS_OK);
    const uint64_t from = (uint64_t)(from_s * RATE);
    assert_left_alone(path, audio.samples + from, audio.frames - from);
    bl_audio_finish(&audio);
}

static void test_the_riff_is_left_alone(void **state)
{
    (void)state;
    bl_audio riff = {0};
    assert_int_equal(bl_score_play(bl_riff_score(), RATE, 0.5, 0.004, 1, &riff, NULL),
                     BL_STATUS_OK);
    assert_left_alone("the riff", riff.samples, riff.frames);
    bl_audio_finish(&riff);
}

static void test_recordings_are_left_alone(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/data/di.flac", BL_SOURCE_DIR "/../shared");
    const char *shared = getenv("BL_SHARED");
    if (shared != NULL) {
        snprintf(path, sizeof path, "%s/data/di.flac", shared);
    }
    if (access(path, R_OK) != 0) {
        bl_test_skip("%s is not there", path);
    }
    check_file(path, 5.0); // behind its test signals, which are no guitar
}

// Blocks of any size see the same howl at the same frame.
static void test_does_not_depend_on_blocks(void **state)
{
    (void)state;
    static float in[RATE], one[RATE], other[RATE];
    for (int i = 0; i < RATE; i++) { // grows by 200 dB a second, then answers by a fall
        const double t = (double)i / RATE;
        in[i] = (float)(exp(fmin(23.0 * t - 12.0, 20.5 - 50.0 * t)) * sin(0.1 * i));
    }
    static bl_howl a, b;
    bl_howl_init(&a, RATE);
    bl_howl_init(&b, RATE);
    memcpy(one, in, sizeof one);
    memcpy(other, in, sizeof other);
    for (int at = 0; at < RATE; at += 64) {
        bl_howl_process(&a, true, in + at, (float *[]){one + at}, 1, 64);
    }
    for (int at = 0, n = 1; at < RATE; at += n, n = n % 61 + 1) {
        n = at + n > RATE ? RATE - at : n;
        bl_howl_process(&b, true, in + at, (float *[]){other + at}, 1, (uint32_t)n);
    }
    assert_true(a.count == 1 && b.count == 1);
    assert_memory_equal(one, other, sizeof one);
}

// A tone that stands as still as feedback does, but is none: turned down for a moment, once.
static void test_no_feedback_is_let_go(void **state)
{
    (void)state;
    static const double tones[][2] = {{440.0, 0.3},  {445.3, 0.3}, {445.3, 0.95},
                                      {660.0, 0.95}, {440.0, 1.0}, {1101.6, 1.0}};
    for (size_t k = 0; k < sizeof tones / sizeof *tones; k++) {
        static bl_howl howl;
        bl_howl_init(&howl, RATE);
        random_source random = {5};
        int acted = 0, times = 0;
        bool did = false;
        for (int at = 0; at < 5 * RATE; at += PERIOD) {
            float in[PERIOD], out[PERIOD];
            for (int i = 0; i < PERIOD; i++) {
                const double x = tones[k][1] * sin(2.0 * PI * tones[k][0] * (at + i) / RATE);
                in[i] = out[i] = (float)x + random_float(&random, -1e-4F, 1e-4F);
            }
            bl_howl_process(&howl, true, in, (float *[]){out}, 1, PERIOD);
            const bool acts = bl_howl_acts(&howl);
            acted += acts;
            times += acts && !did;
            did = acts;
        }
        printf("a steady tone of %.1f Hz at %.2f is turned down %d times, for %.0f ms in all\n",
               tones[k][0], tones[k][1], times, acted * PERIOD * 1000.0 / RATE);
        assert_true(howl.count == 0 && times <= 1 && acted * PERIOD < RATE / 10);
        assert_true(bl_smoother_rests_at(&howl.gain, 1.0F));
    }
}

// What was heard before it was switched off does not count.
static void test_starts_anew_when_switched_on(void **state)
{
    (void)state;
    static bl_howl howl;
    bl_howl_init(&howl, RATE);
    // A block is one period of the tone: one that is not heard is not missed.
    enum { OFF = 150 * RATE / 1000 / PERIOD * PERIOD };
    int found = -1;
    for (int at = 0; at < RATE && found < 0; at += PERIOD) {
        float in[PERIOD], out[PERIOD];
        for (int i = 0; i < PERIOD; i++) {
            in[i] = out[i] = (float)(0.3 * sin(2.0 * PI * 750.0 * (at + i) / RATE));
        }
        bl_howl_process(&howl, at != OFF, in, (float *[]){out}, 1, PERIOD);
        found = bl_howl_acts(&howl) ? at : -1;
    }
    const int from = OFF + BL_HOWL_STILL * BL_HOWL_HOP * 2; // of the rate
    assert_true(found >= from && found <= from + BL_SPECTRUM_SIZE * 2 + 2 * BL_HOWL_HOP * 2);
}

static void test_comes_back(void **state)
{
    (void)state;
    static bl_howl howl;
    bl_howl_init(&howl, RATE);
    float in[64], out[64];
    uint64_t frame = 0;
    for (; frame < RATE; frame += 64) {
        for (int i = 0; i < 64; i++) {
            in[i] = (float)(fmin(exp(23.0 * (double)(frame + (uint64_t)i) / RATE - 12.0), 0.9) *
                            (double)howl.gain.target * sin(0.1 * (double)(frame + (uint64_t)i)));
        }
        memcpy(out, in, sizeof out);
        bl_howl_process(&howl, true, in, (float *[]){out}, 1, 64);
    }
    assert_true(bl_howl_acts(&howl) && howl.count == 1);
    const double depth_db = -20.0 * log10((double)howl.gain.target);
    assert_true(depth_db > 11.0 && depth_db < 61.0);
    memset(in, 0, sizeof in);
    const uint64_t ended = frame;
    while (bl_howl_acts(&howl) && frame < ended + 20 * RATE) {
        memset(out, 0, sizeof out);
        bl_howl_process(&howl, true, in, (float *[]){out}, 1, 64);
        frame += 64;
    }
    const double took_s = (double)(frame - ended) / RATE;
    assert_true(fabs(took_s - BL_HOWL_HOLD_S - depth_db / BL_HOWL_BACK_DB_PER_S) < 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spectrum_is_the_transform),
        cmocka_unit_test(test_loops_are_found_and_turned_down),
        cmocka_unit_test(test_guitars_are_left_alone),
        cmocka_unit_test(test_hot_guitars_are_left_alone),
        cmocka_unit_test(test_the_riff_is_left_alone),
        cmocka_unit_test(test_recordings_are_left_alone),
        cmocka_unit_test(test_does_not_depend_on_blocks),
        cmocka_unit_test(test_no_feedback_is_let_go),
        cmocka_unit_test(test_starts_anew_when_switched_on),
        cmocka_unit_test(test_comes_back),
    };
    return cmocka_run_group_tests_name("howl", tests, NULL, NULL);
}
