// SPDX-License-Identifier: MIT
// Running the engine: what the audio thread does in a period, from the control ring to the meters.
// What a frame sounds like depends on the frames before it, never on how they were cut into
// periods; controls and new chains are taken at the start of a period.

#include "rt/engine.h"

#include "rt/chain.h"
#include "rt/ftz.h"
#include "rt/swap.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static_assert(BL_PERIOD_MAX % BL_INNER_FRAMES == 0, "is recorded in whole blocks");

static bool parameter_reaches(const bl_control *control, const bl_chain *chain)
{
    return chain != NULL && (control->generation == 0 || chain->generation <= control->generation);
}

static void set_parameter(bl_engine *engine, const bl_control *control)
{
    bl_chain *playing[] = {engine->live, engine->successor};
    for (int i = 0; i < 2; i++) {
        if (parameter_reaches(control, playing[i])) {
            bl_chain_set_parameter(playing[i], control->parameter, control->value);
        }
    }
    bl_engine_coming *coming = &engine->coming[control->parameter];
    if (control->generation >= coming->generation) {
        *coming = (bl_engine_coming){.generation = control->generation, .value = control->value};
    }
}

static void reset_chains(bl_engine *engine)
{
    if (engine->live != NULL) {
        bl_chain_reset(engine->live);
    }
    if (engine->successor != NULL) {
        bl_chain_reset(engine->successor);
    }
    if (engine->tail.chain != NULL) {
        bl_chain_reset(engine->tail.chain);
    }
}

// At most as many as the ring holds, so that a writer that never rests cannot hold up the sound.
static void drain_controls(bl_engine *engine)
{
    bl_control control;
    for (int n = 0; n < BL_CONTROL_CAPACITY && bl_ring_read(engine->controls, &control); n++) {
        switch (control.kind) {
        case BL_CONTROL_PARAMETER:
            set_parameter(engine, &control);
            break;
        case BL_CONTROL_MUTE:
            bl_smoother_move(&engine->audible, control.value != 0.0 ? 0.0F : 1.0F);
            break;
        case BL_CONTROL_BYPASS:
            bl_smoother_move(&engine->bypass, control.value != 0.0 ? 1.0F : 0.0F);
            break;
        case BL_CONTROL_RESET:
            reset_chains(engine);
            break;
        }
    }
}

// The largest magnitude, NaN above infinity above all numbers. Compared as integers, which have the
// same order and become a few vector instructions.
static float peak_of(const float *samples, uint32_t frames)
{
    int32_t largest = 0;
    for (uint32_t i = 0; i < frames; i++) {
        int32_t bits;
        memcpy(&bits, &samples[i], sizeof bits);
        bits &= INT32_MAX;
        largest = bits > largest ? bits : largest;
    }
    float peak;
    memcpy(&peak, &largest, sizeof peak);
    return peak;
}

// What a chain gave: silence where it broke, and in all `channels`.
static void guard_chain(bl_engine *engine, bl_chain *chain, float *const *out, uint32_t channels,
                        uint32_t frames)
{
    const uint32_t own = bl_chain_channels(chain);
    if (!isfinite(peak_of(out[0], frames)) || !isfinite(peak_of(out[own - 1], frames))) {
        memset(out[0], 0, frames * sizeof **out);
        memset(out[own - 1], 0, frames * sizeof **out);
        bl_chain_reset(chain);
        engine->totals.not_finite_blocks++;
    }
    if (own < channels) {
        memcpy(out[1], out[0], frames * sizeof **out);
    }
}

// One chain on its own.
void bl_engine_play_chain(bl_engine *engine, bl_chain *chain, const float *clean, float *const *out,
                          uint32_t channels, uint32_t frames)
{
    bl_chain_process(chain, clean, out, frames);
    guard_chain(engine, chain, out, channels, frames);
}

// Records the input of a whole period before any of it is played, so that LOADER can bring a chain
// to the period's end meanwhile; with silence for samples that are no numbers.
static void listen(bl_engine *engine, const float *in, uint32_t frames)
{
    for (uint32_t at = 0; at < frames; at += BL_INNER_FRAMES) {
        const uint32_t block = frames - at < BL_INNER_FRAMES ? frames - at : BL_INNER_FRAMES;
        float clean[BL_INNER_FRAMES];
        memcpy(clean, in + at, block * sizeof *in);
        if (!isfinite(peak_of(clean, block))) {
            for (uint32_t i = 0; i < block; i++) {
                clean[i] = isfinite(clean[i]) ? clean[i] : 0.0F;
            }
            engine->totals.not_finite_blocks++;
        }
        bl_tape_record(&engine->tape, clean, block);
    }
}

static void recall(const bl_engine *engine, uint32_t delay, float *out, uint32_t frames)
{
    bl_tape_play(&engine->tape, engine->totals.frames - delay, out, frames);
}

// A sum of two products never overflows. At weight 0 and 1 one side passes bit for bit, so that it
// makes no difference in which block a fade ends.
static void crossfade(const float *from, const float *to, const float *weights, float *out,
                      uint32_t frames)
{
    for (uint32_t i = 0; i < frames; i++) {
        const float w = weights[i];
        const float mix = from[i] * (1.0F - w) + to[i] * w;
        out[i] = w == 0.0F ? from[i] : w == 1.0F ? to[i] : mix;
    }
}

static uint32_t count_channels(const bl_engine *engine)
{
    const bool stereo = (engine->live != NULL && bl_chain_channels(engine->live) > 1) ||
                        (engine->successor != NULL && bl_chain_channels(engine->successor) > 1) ||
                        (engine->tail.chain != NULL && bl_chain_channels(engine->tail.chain) > 1);
    return stereo ? 2 : 1;
}

// The clean signal in place of what `chain` gave, as far as `bypass` (NULL: not at all) says.
static void pass_by(const bl_engine *engine, const bl_chain *chain, const float *bypass,
                    float *const *out, uint32_t channels, uint32_t frames)
{
    if (bypass != NULL) {
        float delayed[BL_INNER_FRAMES];
        recall(engine, bl_chain_latency_frames(chain), delayed, frames);
        for (uint32_t c = 0; c < channels; c++) {
            crossfade(out[c], delayed, bypass, out[c], frames);
        }
    }
}

// The live chain: one of its widths, or both along the fade from one to the other, which have the
// same delay.
static void play_live(bl_engine *engine, const float *clean, const float *bypass, float *const *out,
                      uint32_t channels, uint32_t frames)
{
    bl_overload *overload = &engine->overload;
    bl_chain *full = engine->live, *narrow = engine->live->narrow;
    const bool full_plays = overload->both || !overload->narrow;
    full->placed = full->placed && full_plays;
    bl_engine_play_chain(engine, full_plays ? full : narrow, clean, out, channels, frames);
    if (overload->both) {
        float left[BL_INNER_FRAMES], right[BL_INNER_FRAMES], weights[BL_INNER_FRAMES];
        float *const other[] = {left, right};
        bl_engine_play_chain(engine, narrow, clean, other, channels, frames);
        bl_smoother_fill(&overload->fade, weights, frames);
        for (uint32_t c = 0; c < channels; c++) {
            crossfade(out[c], other[c], weights, out[c], frames);
        }
    }
    bl_smoother_scale_all(&overload->gain, out, channels, frames);
    pass_by(engine, full, bypass, out, channels, frames);
    bl_overload_advance(overload, frames);
}

// How far the successor has joined in each frame: not at all while it warms up, then along the
// fade.
static void fill_fade(bl_engine *engine, float *weights, uint32_t frames)
{
    const uint32_t unheard = engine->warm_up < frames ? engine->warm_up : frames;
    memset(weights, 0, unheard * sizeof *weights);
    bl_smoother_fill(&engine->fade, weights + unheard, frames - unheard);
    engine->warm_up -= unheard;
}

// The successor joins while less and less goes into the cab of the live chain, which rings.
static void play_spilling(bl_engine *engine, const float *clean, const float *bypass,
                          float *const *out, uint32_t channels, uint32_t frames)
{
    float left[BL_INNER_FRAMES], right[BL_INNER_FRAMES];
    float joined[BL_INNER_FRAMES], leaving[BL_INNER_FRAMES];
    float *const joining[] = {left, right};
    fill_fade(engine, joined, frames);
    for (uint32_t i = 0; i < frames; i++) {
        leaving[i] = 1.0F - joined[i];
    }
    bl_chain_process_faded(engine->live, clean, leaving, out, frames);
    guard_chain(engine, engine->live, out, channels, frames);
    bl_engine_play_chain(engine, engine->successor, clean, joining, channels, frames);
    for (uint32_t c = 0; c < channels; c++) {
        for (uint32_t i = 0; i < frames; i++) {
            out[c][i] = bl_tail_sum(joining[c][i] * joined[i], out[c][i]);
        }
    }
    pass_by(engine, engine->successor, bypass, out, channels, frames);
}

// The successor joins: unheard while it warms up, then along the fade, which may begin inside the
// block and ends with one.
static void play_successor(bl_engine *engine, const float *clean, const float *bypass,
                           float *const *out, uint32_t channels, uint32_t frames)
{
    float left[BL_INNER_FRAMES], right[BL_INNER_FRAMES], weights[BL_INNER_FRAMES];
    float *const joining[] = {left, right};
    bl_engine_play_chain(engine, engine->successor, clean, joining, channels, frames);
    pass_by(engine, engine->successor, bypass, joining, channels, frames);
    fill_fade(engine, weights, frames);
    for (uint32_t c = 0; c < channels; c++) {
        crossfade(out[c], joining[c], weights, out[c], frames);
    }
}

static void send(bl_engine *engine, bl_telemetry_kind kind)
{
    bl_telemetry record = engine->totals;
    record.kind = kind;
    record.narrowed = engine->overload.narrow;
    record.howls = engine->howl.count;
    record.howling = bl_howl_acts(&engine->howl);
    if (!bl_ring_write(engine->telemetry, &record)) {
        return;
    }
    if (kind == BL_TELEMETRY_METERS) {
        engine->totals.in_peak = 0.0F;
        engine->totals.out_peak = 0.0F;
    } else {
        engine->swap_untold = false;
    }
}

// Cuts the block where a meter record is due, so that records do not depend on the period. With two
// channels the louder one counts, frame by frame.
static void meter(bl_engine *engine, const float *clean, const float *out, uint32_t frames)
{
    bl_telemetry *totals = &engine->totals;
    for (uint32_t at = 0; at < frames;) {
        const uint32_t due = BL_METER_FRAMES - (uint32_t)(totals->frames % BL_METER_FRAMES);
        const uint32_t part = due < frames - at ? due : frames - at;
        const float out_peak = peak_of(out + at, part);
        totals->in_peak = fmaxf(totals->in_peak, peak_of(clean + at, part));
        totals->out_peak = fmaxf(totals->out_peak, out_peak);
        for (uint32_t i = at; out_peak > 1.0F && i < at + part; i++) {
            totals->clipped_frames += fabsf(out[i]) > 1.0F;
        }
        totals->frames += part;
        at += part;
        if (part == due) {
            send(engine, BL_TELEMETRY_METERS);
        }
    }
}

static bool howl_guard_is_on(const bl_engine *engine)
{
    const bl_chain *chain = engine->live != NULL ? engine->live : engine->successor;
    return chain != NULL && chain->parameters[BL_PARAMETER_HOWL_GUARD].target != 0.0F;
}

// All that sounds.
static void play_chains(bl_engine *engine, const float *clean, const float *bypass,
                        float *const *out, uint32_t channels, uint32_t frames)
{
    if (engine->successor != NULL && engine->spills) {
        play_spilling(engine, clean, bypass, out, channels, frames);
        return;
    }
    if (engine->live != NULL) {
        play_live(engine, clean, bypass, out, channels, frames);
    } else {
        memset(out[0], 0, frames * sizeof **out);
        memset(out[channels - 1], 0, frames * sizeof **out);
    }
    if (engine->successor != NULL) {
        play_successor(engine, clean, bypass, out, channels, frames);
    }
    if (engine->tail.chain != NULL) {
        bl_tail_add(&engine->tail, out, channels, frames);
        bl_chain *ended = bl_tail_end(&engine->tail);
        if (ended != NULL) {
            bl_swap_retire(engine, ended);
        }
    }
}

// Into `out`, of which the second is only written with two channels, whose number is returned.
static uint32_t process_block(bl_engine *engine, float *const *out, uint32_t frames)
{
    float clean[BL_INNER_FRAMES], weights[BL_INNER_FRAMES], louder[BL_INNER_FRAMES];
    const uint32_t channels = count_channels(engine);
    recall(engine, 0, clean, frames);
    const float *bypass = NULL;
    if (!bl_smoother_rests_at(&engine->bypass, 0.0F)) {
        bl_smoother_fill(&engine->bypass, weights, frames);
        bypass = weights;
    }
    play_chains(engine, clean, bypass, out, channels, frames);
    bl_howl_process(&engine->howl, howl_guard_is_on(engine), clean, out, channels, frames);
    bl_smoother_scale_all(&engine->audible, out, channels, frames);
    for (uint32_t i = 0; channels > 1 && i < frames; i++) {
        louder[i] = fabsf(out[0][i]) > fabsf(out[1][i]) ? out[0][i] : out[1][i];
    }
    meter(engine, clean, channels > 1 ? louder : out[0], frames);
    bl_swap_finish_if_due(engine);
    return channels;
}

// An inner block ends where a swap does, so that the old chain plays not a frame too long.
static uint32_t next_block(const bl_engine *engine, uint32_t left)
{
    uint32_t block = left < BL_INNER_FRAMES ? left : BL_INNER_FRAMES;
    if (engine->successor != NULL) {
        const uint32_t swap_left = engine->warm_up + engine->fade.remaining;
        block = swap_left < block ? swap_left : block;
    }
    return block;
}

// Plays what was recorded. `right` NULL: the mean of both channels in `left`.
static void play(bl_engine *engine, float *left, float *right, uint32_t frames)
{
    for (uint32_t at = 0; at < frames;) {
        const uint32_t block = next_block(engine, frames - at);
        float second[BL_INNER_FRAMES];
        const uint32_t channels = process_block(engine, (float *[]){left + at, second}, block);
        if (right != NULL) {
            memcpy(right + at, channels > 1 ? second : left + at, block * sizeof *right);
        }
        for (uint32_t i = 0; right == NULL && channels > 1 && i < block; i++) {
            left[at + i] = 0.5F * (left[at + i] + second[i]);
        }
        at += block;
    }
}

void bl_engine_process_stereo(bl_engine *engine, const float *in, float *left, float *right,
                              uint32_t frames)
{
    bl_ftz_enable();
    atomic_store_explicit(&engine->unhurried, engine->whole, memory_order_relaxed);
    engine->whole = false;
    drain_controls(engine);
    bl_swap_take(engine);
    for (uint32_t at = 0; at < frames; at += BL_PERIOD_MAX) {
        const uint32_t part = frames - at < BL_PERIOD_MAX ? frames - at : BL_PERIOD_MAX;
        float *const out[] = {left + at, right != NULL ? right + at : NULL};
        listen(engine, in + at, part);
        play(engine, out[0], out[1], part);
        bl_resume_process(&engine->resume, out, right != NULL ? 2 : 1, part);
    }
    if (engine->swap_untold) {
        send(engine, BL_TELEMETRY_SWAPPED);
    }
}

void bl_engine_process(bl_engine *engine, const float *in, float *out, uint32_t frames)
{
    bl_engine_process_stereo(engine, in, out, NULL, frames);
}

void bl_engine_play_whole(bl_engine *engine)
{
    bl_overload *overload = &engine->overload;
    engine->whole = true;
    if (engine->live == NULL) {
        return;
    }
    if (overload->narrow && !overload->both) {
        bl_chain_rewind_beside(engine->live, engine->live->narrow);
    }
    bl_overload_begin(overload, overload->ratio, overload->memory_frames);
}

void bl_engine_report_gap(bl_engine *engine, bool held)
{
    bl_resume_begin(&engine->resume, held);
}

void bl_engine_report_load(bl_engine *engine, double share, uint32_t frames)
{
    // Two chains at a time say nothing about either.
    if (engine->live == NULL || engine->successor != NULL ||
        !bl_overload_report(&engine->overload, share, frames)) {
        return;
    }
    bl_chain *full = engine->live, *narrow = engine->live->narrow;
    if (engine->overload.narrow) {
        bl_chain_rewind_beside(full, narrow);
    } else {
        bl_chain_rewind_beside(narrow, full);
    }
}

uint64_t bl_engine_heard_frames(const bl_engine *engine)
{
    return bl_tape_heard(&engine->tape);
}

uint64_t bl_engine_sounding(const bl_engine *engine, uint64_t *since)
{
    const uint64_t generation = atomic_load_explicit(&engine->sounding, memory_order_acquire);
    if (since != NULL) {
        *since = atomic_load_explicit(&engine->since, memory_order_relaxed);
    }
    return generation;
}

uint32_t bl_engine_latency_frames(const bl_engine *engine)
{
    return atomic_load_explicit(&engine->latency, memory_order_acquire);
}
