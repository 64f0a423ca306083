// SPDX-License-Identifier: MIT
// A gig, simulated: a set list's rigs on a stage, parts chosen at random by MIDI and by hand,
// knobs, mute and bypass, floods of MIDI, periods that change, over and over. Nothing
// that is heard is NaN or over full scale, silence is silence, what was chosen sounds, and memory
// does not grow. BL_GIG_S says how many seconds (300); tests/gig/run.sh plays an hour.

#include "gig.h"

#include "midi.h"

#include <stdio.h>
#include <unistd.h>

enum {
    SECONDS = 300,
    CHUNK = RATE_HZ,       ///< input is made by the second
    FLOOD_BYTES = 6000,    ///< 2,000 messages in a period
    SETTLED = RATE_HZ / 4, ///< frames in which every ramp has ended
    GROWTH_KB = 8192,      ///< what the allocator may have taken meanwhile
};

static const uint32_t periods[] = {64, 128, 256, 37, 1024, 16, 441, 8192, 512};

typedef struct night {
    bl_engine *engine;
    bl_stage *stage;
    bl_midi_intake midi;
    random_source random;
    uint32_t period;
    bool muted, bypassed;
    uint64_t frame, switched_frame; ///< now; of the last change of mute or bypass
    uint64_t silent_frames, loud_frames, events, programs, knobs, swaps;
    float peak;
} night;

static uint64_t resident_kb(void)
{
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
    (void)fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static bool chance(night *n, uint32_t of)
{
    return random_below(&n->random, of) == 0;
}

static void set_switch(night *n, bl_control_kind kind, bool *is, bool to)
{
    if (bl_engine_control(n->engine, &(bl_control){.kind = kind, .value = to ? 1.0 : 0.0})) {
        n->switched_frame = *is != to ? n->frame : n->switched_frame;
        *is = to;
    }
}

// The player's hands and feet, and a controller gone mad now and then.
static void act(night *n)
{
    uint8_t bytes[FLOOD_BYTES];
    size_t size = 0;
    if (chance(n, 400)) { // a flood of anything
        for (; size < sizeof bytes; size++) {
            bytes[size] = (uint8_t)random_below(&n->random, 256);
        }
    } else if (chance(n, 20)) {
        bytes[size++] = 0xB0;
        bytes[size++] = (uint8_t)random_below(&n->random, 128);
        bytes[size++] = (uint8_t)random_below(&n->random, 128);
    }
    if (chance(n, 150)) {
        bytes[size < sizeof bytes - 2 ? size : (size = 0)] = 0xC0;
        bytes[++size] = (uint8_t)random_below(&n->random, (uint32_t)rig_count);
        size++;
    }
    bl_midi_intake_put(&n->midi, bytes, size);
    bl_midi_event program;
    if (bl_midi_intake_end(&n->midi, &program)) {
        bl_stage_choose_now(n->stage, program.number % rig_count);
        n->programs++;
    }
    if (chance(n, 300)) {
        bl_stage_choose(n->stage, (int)random_below(&n->random, (uint32_t)rig_count));
    }
    if (chance(n, n->muted ? 200 : 800)) {
        set_switch(n, BL_CONTROL_MUTE, &n->muted, !n->muted);
    }
    if (chance(n, n->bypassed ? 100 : 2000)) {
        set_switch(n, BL_CONTROL_BYPASS, &n->bypassed, !n->bypassed);
    }
    if (chance(n, 1000)) {
        n->period = periods[random_below(&n->random, sizeof periods / sizeof *periods)];
    }
}

// What MAIN does with what was heard: every controller turns a knob of the rig that plays.
static void turn_knobs(night *n)
{
    bl_stage_state state;
    bl_midi_event event;
    bl_stage_get_state(n->stage, &state);
    while (bl_midi_intake_take(&n->midi, &event)) {
        n->events++;
        if (event.kind == BL_MIDI_CONTROL && state.chosen >= 0 && chance(n, 4)) {
            const bl_parameter p = (bl_parameter)(event.number % BL_PARAMETER_COUNT);
            const bl_parameter_info *info = bl_parameter_get(p);
            bl_stage_set_parameter(n->stage, state.chosen, p,
                                   info->min + (info->max - info->min) * event.value / 127.0);
            n->knobs++;
        }
    }
    bl_telemetry t;
    while (bl_engine_poll(n->engine, &t)) {
        n->swaps += t.kind == BL_TELEMETRY_SWAPPED;
        if (t.not_finite_blocks != 0) {
            fail_msg("NaN at %.3f s", (double)n->frame / RATE_HZ);
        }
    }
}

static void check(night *n, const float *left, const float *right, uint32_t frames)
{
    const bool silent = n->muted && n->frame >= n->switched_frame + SETTLED;
    for (uint32_t i = 0; i < frames; i++) {
        const float a = fabsf(left[i]), b = fabsf(right[i]);
        if (!(a <= 1.0F && b <= 1.0F) || (silent && (a != 0.0F || b != 0.0F))) {
            fail_msg("%g and %g at %.3f s%s", (double)left[i], (double)right[i],
                     (double)(n->frame + i) / RATE_HZ, silent ? ", and muted" : "");
        }
        n->peak = fmaxf(n->peak, a);
        n->loud_frames += a > 1e-4F;
    }
    n->silent_frames += silent ? frames : 0;
}

static void play_second(night *n, const float *in)
{
    static float left[CHUNK], right[CHUNK];
    for (uint32_t at = 0; at < CHUNK;) {
        const uint32_t frames = n->period < CHUNK - at ? n->period : CHUNK - at;
        act(n);
        turn_knobs(n);
        if (!bl_stage_wait(n->stage, PATIENCE_MS)) {
            fail_msg("the stage did not settle at %.3f s", (double)n->frame / RATE_HZ);
        }
        bl_engine_process_stereo(n->engine, in + at, left + at, right + at, frames);
        check(n, left + at, right + at, frames);
        at += frames;
        n->frame += frames;
    }
}

// Nobody does anything for a second: then what was chosen last sounds.
static void check_rest(night *n, const float *in)
{
    float left[256], right[256];
    bl_stage_state state;
    for (uint32_t at = 0; at + 256 <= CHUNK; at += 256) {
        turn_knobs(n);
        assert_true(bl_stage_wait(n->stage, PATIENCE_MS));
        bl_engine_process_stereo(n->engine, in + at, left, right, 256);
        check(n, left, right, 256);
        n->frame += 256;
    }
    assert_true(bl_stage_wait(n->stage, PATIENCE_MS));
    bl_stage_get_state(n->stage, &state);
    assert_int_equal(state.failed, 0);
    assert_int_equal(state.sounding, state.chosen);
}

static void test_gig(void **state)
{
    (void)state;
    const char *wish = getenv("BL_GIG_S");
    const int seconds = wish != NULL ? atoi(wish) : SECONDS; // NOLINT(cert-err34-c): 0 is 0
    static float in[CHUNK];
    night *n = calloc(1, sizeof *n);
    assert_true(n != NULL && seconds > 10 && bl_midi_intake_init(&n->midi));
    n->random = (random_source){77};
    n->period = periods[0];
    n->engine = engine_of(bl_engine_config_default());
    n->muted = true; // as it starts
    assert_int_equal(bl_stage_create(-1, &n->stage, NULL), BL_STATUS_OK);
    bl_stage_set_engine(n->stage, n->engine, RATE_HZ, 1.0, true);
    assert_int_equal(bl_stage_set_rigs(n->stage, rigs, rig_count, 0, NULL), BL_STATUS_OK);
    uint64_t before_kb = 0;
    for (int s = 0; s < seconds; s++) {
        test_guitar_fill(in, CHUNK, (uint64_t)s);
        play_second(n, in);
        if (s % 10 == 9) {
            check_rest(n, in);
        }
        before_kb = s == seconds / 4 ? resident_kb() : before_kb;
    }
    const uint64_t after_kb = resident_kb();
    print_message("%d s: %lu swaps, %lu program changes, %lu MIDI events, %lu knobs; %.0f s loud, "
                  "%.0f s muted, peak %.3f; memory %lu, then %lu KB\n",
                  seconds, (unsigned long)n->swaps, (unsigned long)n->programs,
                  (unsigned long)n->events, (unsigned long)n->knobs,
                  (double)n->loud_frames / RATE_HZ, (double)n->silent_frames / RATE_HZ,
                  (double)n->peak, (unsigned long)before_kb, (unsigned long)after_kb);
    assert_true(after_kb < before_kb + GROWTH_KB);
    assert_true(n->swaps > 5 && n->knobs > 10 && n->loud_frames > 0 && n->silent_frames > 0);
    bl_stage_destroy(n->stage, PATIENCE_MS);
    bl_engine_destroy(n->engine);
    bl_midi_intake_finish(&n->midi);
    free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gig, make_rigs, test_folder_remove)};
    return cmocka_run_group_tests_name("gig", tests, NULL, NULL);
}
