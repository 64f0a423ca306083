// SPDX-License-Identifier: MIT
// Running the howl guard: a look at the spectrum every few milliseconds, in steps that cost every
// block the same, at frames that do not depend on how the input is cut into blocks.

#include "rt/howl.h"

#include "backline/limits.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static_assert(BL_HOWL_HOP / BL_HOWL_PACE == BL_SPECTRUM_STEPS + 1, "a look is over at the next");

#define GAIN_S 0.005

// What even growth is: so many steps, of so many looks each.
typedef struct growth {
    uint32_t steps, looks;
    float least_db, most_db; // in all
    float smallest, largest; // step, against the mean
    uint32_t lasting;        // looks in which the tone has been the loudest
} growth;

// The long way round of a large room lets it grow in stairs. An attack after a soft noise has some
// too, but no even ones, and more of them.
static const growth growths[] = {
    {6, 1, 3.0F, HUGE_VALF, 0.25F, 2.2F, 0},
    {4, 3, 10.0F, 28.0F, 0.35F, 1.7F, 9},
    {3, 5, 10.0F, 28.0F, 0.35F, 1.7F, 9},
};

static_assert(4 * 3 <= BL_HOWL_KEPT && 3 * 5 <= BL_HOWL_KEPT, "are kept");

void bl_howl_init(bl_howl *howl, double sample_rate_hz)
{
    memset(howl, 0, sizeof *howl);
    bl_spectrum_init(&howl->spectrum);
    howl->decimation = (uint32_t)fmax(1.0, round(sample_rate_hz / BL_HOWL_RATE_HZ));
    const double look_s = BL_HOWL_HOP * howl->decimation / sample_rate_hz;
    howl->hold_looks = (uint32_t)ceil(BL_HOWL_HOLD_S / look_s);
    howl->back = (float)pow(10.0, BL_HOWL_BACK_DB_PER_S * look_s / 20.0);
    howl->gain = bl_smoother_at(1.0F, (uint32_t)lround(GAIN_S * sample_rate_hz));
}

static const float *powers_of(const bl_howl *howl, uint32_t looks_ago)
{
    return howl->powers[(howl->trail.looks - looks_ago) % (BL_HOWL_KEPT + 1)];
}

static float lobe(const float *powers, uint32_t bin)
{
    float sum = 0.0F;
    for (uint32_t k = bin - BL_HOWL_LOBE; k <= bin + BL_HOWL_LOBE && k < BL_SPECTRUM_BINS; k++) {
        sum += powers[k];
    }
    return sum;
}

static float sum_of(const float *powers)
{
    float sum = 0.0F;
    for (uint32_t k = BL_HOWL_LOBE; k < BL_SPECTRUM_BINS; k++) {
        sum += powers[k];
    }
    return sum;
}

// The loudest tone.
typedef struct tone {
    uint32_t bin;
    float power, share; // of all
} tone;

static tone find_tone(const float *powers)
{
    uint32_t best = BL_HOWL_LOWEST;
    for (uint32_t k = BL_HOWL_LOWEST; k < BL_SPECTRUM_BINS; k++) {
        best = powers[k] > powers[best] ? k : best;
    }
    const float power = lobe(powers, best);
    return (tone){best, power, power > BL_HOWL_INPUT_MIN ? power / sum_of(powers) : 0.0F};
}

static float growth_db(const bl_howl *howl, uint32_t bin, uint32_t ago, uint32_t looks)
{
    const float now = lobe(powers_of(howl, ago), bin);
    const float before = lobe(powers_of(howl, ago + looks), bin);
    return before > 0.0F ? 10.0F * log10f(now / before) : INFINITY;
}

static bool grows_as(const bl_howl *howl, uint32_t bin, const growth *as)
{
    if (howl->trail.lasting < as->lasting || howl->trail.looks <= as->steps * as->looks) {
        return false;
    }
    const float total = growth_db(howl, bin, 0, as->steps * as->looks);
    if (!(total >= as->least_db && total <= as->most_db && isfinite(total))) {
        return false;
    }
    const float mean = total / (float)as->steps;
    bool even = true;
    for (uint32_t i = 0; even && i < as->steps; i++) {
        const float step = growth_db(howl, bin, i * as->looks, as->looks);
        even = step >= as->smallest * mean && step <= as->largest * mean;
    }
    return even;
}

static bool grows(const bl_howl *howl, uint32_t bin)
{
    for (size_t i = 0; i < sizeof growths / sizeof *growths; i++) {
        if (grows_as(howl, bin, &growths[i])) {
            return true;
        }
    }
    return false;
}

static bool is_near(uint32_t bin, uint32_t other)
{
    return bin <= other + BL_HOWL_LOBE && bin + BL_HOWL_LOBE >= other;
}

// Counts for how long the same tone holds most of the power.
static void heed_loudest(bl_howl_trail *trail, const tone *found)
{
    const bool lasts = found->share >= BL_HOWL_MOST && is_near(found->bin, trail->loudest);
    trail->lasting = lasts ? trail->lasting + 1 : 0;
    trail->loudest = found->bin;
}

// Counts for how long the tone stands still: longer than any string does. Where the input clips,
// which all but hides a string's fall, that is twice as long.
static bool stands_still(bl_howl *howl, uint32_t bin)
{
    bl_howl_trail *trail = &howl->trail;
    const float power = bin > 0 ? lobe(powers_of(howl, 0), bin) : 0.0F;
    const bool same = bin > 0 && bin == trail->tone && power >= BL_HOWL_STILL_MIN &&
                      power >= BL_HOWL_STILL_LEAST * trail->still_power &&
                      growth_db(howl, bin, 0, 1) <= BL_HOWL_STILL_RISE_DB;
    trail->tone = bin;
    trail->still = same ? trail->still + 1 : 0;
    trail->still_power = same ? fmaxf(trail->still_power, power) : power;
    // A look reaches back over four hops, so what clipped counts until it is out of sight.
    trail->clipped = howl->input_peak >= BL_HOWL_CLIPPED ? BL_SPECTRUM_SIZE / BL_HOWL_HOP
                     : trail->clipped > 0                ? trail->clipped - 1
                                                         : 0;
    trail->clear = same && trail->clipped == 0 ? trail->clear + 1 : 0;
    return trail->still >= BL_HOWL_STILL_HIDDEN || trail->clear >= BL_HOWL_STILL;
}

static void turn_down(bl_howl *howl, float power)
{
    bl_smoother_move(&howl->gain, fmaxf(howl->gain.target * BL_HOWL_STEP, BL_HOWL_FLOOR));
    howl->trail.power = power;
    howl->trail.until_check = BL_HOWL_PATIENCE;
}

static void find(bl_howl *howl, const tone *found)
{
    howl->trail.bin = found->bin;
    howl->trail.most_power = found->power;
    howl->trail.until_proof = BL_HOWL_PROOF;
    turn_down(howl, found->power);
}

// The tone is no feedback. `innocent`: its bin, if it did not care to the end, for as long as it
// lasts; else 0.
static void acquit(bl_howl *howl, uint32_t innocent)
{
    howl->trail.innocent = innocent;
    howl->trail.bin = 0;
    bl_smoother_move(&howl->gain, 1.0F);
}

// The tone was found before: turned down further while it does not fall, let go when it is gone.
// One that goes into another before it was proved is a string that was bent, or the next note.
static void follow(bl_howl *howl)
{
    bl_howl_trail *trail = &howl->trail;
    const float *powers = powers_of(howl, 0);
    const float power = lobe(powers, trail->bin);
    const bool there = power >= BL_HOWL_INPUT_MIN && power >= 0.5F * sum_of(powers);
    trail->most_power = fmaxf(trail->most_power, power);
    if (there && trail->until_proof > 0 && power * BL_HOWL_CARES < trail->most_power) {
        trail->until_proof = 0;
        howl->count++;
    }
    if (trail->until_proof > 0 && (!there || --trail->until_proof == 0)) {
        acquit(howl, there ? trail->bin : 0);
    } else if (!there) {
        trail->bin = 0;
        trail->gone = 0;
    } else if (--trail->until_check == 0) {
        if (power > 0.5F * trail->power) {
            turn_down(howl, power);
        } else {
            trail->power = power;
            trail->until_check = BL_HOWL_PATIENCE;
        }
    }
}

static void come_back(bl_howl *howl)
{
    if (bl_howl_acts(howl) && ++howl->trail.gone > howl->hold_looks) {
        bl_smoother_move(&howl->gain, fminf(howl->gain.target * howl->back, 1.0F));
    }
}

// Whether a tone, which was not found yet, is feedback.
static bool is_feedback(bl_howl *howl, const tone *found)
{
    const bool alone = found->share >= BL_HOWL_SHARE;
    const bool still = stands_still(howl, alone ? found->bin : 0);
    return still || (alone && grows(howl, found->bin));
}

static void decide(bl_howl *howl)
{
    bl_howl_trail *trail = &howl->trail;
    trail->looks++;
    const tone found = find_tone(powers_of(howl, 0));
    heed_loudest(trail, &found);
    const bool lasts = trail->lasting > 0 && is_near(found.bin, trail->innocent);
    trail->innocent = lasts ? trail->innocent : 0;
    if (is_feedback(howl, &found) && howl->output_peak >= BL_HOWL_OUTPUT_MIN &&
        !is_near(found.bin, trail->bin) && trail->innocent == 0) {
        find(howl, &found);
    } else if (trail->bin != 0) {
        follow(howl);
    } else {
        come_back(howl);
    }
    howl->output_peak = howl->input_peak = 0.0F;
}

// Takes one frame; true if a step is due.
static bool listen(bl_howl *howl, float x)
{
    howl->sum += x;
    howl->input_peak = fmaxf(howl->input_peak, fabsf(x));
    if (++howl->frames < howl->decimation) {
        return false;
    }
    howl->ring[howl->taken % BL_SPECTRUM_RING] = howl->sum / (float)howl->decimation;
    howl->sum = 0.0F;
    howl->frames = 0;
    return ++howl->taken % BL_HOWL_PACE == 0;
}

// One step of the look at what had been heard at the last whole hop; true if it is the decision.
static bool look(bl_howl *howl)
{
    const uint32_t since = howl->taken % BL_HOWL_HOP;
    const uint32_t step = since / BL_HOWL_PACE;
    if (step == BL_SPECTRUM_STEPS) {
        return true;
    }
    bl_spectrum_step(&howl->spectrum, &howl->work, step, howl->ring,
                     howl->taken - since - BL_SPECTRUM_SIZE,
                     howl->powers[(howl->trail.looks + 1) % (BL_HOWL_KEPT + 1)]);
    return false;
}

static void heed_output(bl_howl *howl, float *const *channels, uint32_t count, uint32_t from,
                        uint32_t to)
{
    for (uint32_t c = 0; c < count; c++) {
        for (uint32_t i = from; i < to; i++) {
            howl->output_peak = fmaxf(howl->output_peak, fabsf(channels[c][i]));
        }
    }
}

// Scales the frames from `from` to `to`.
static void scale(bl_howl *howl, float *const *channels, uint32_t count, uint32_t from, uint32_t to)
{
    float *part[BL_OUTPUTS_MAX] = {NULL};
    for (uint32_t c = 0; c < count; c++) {
        part[c] = channels[c] + from;
    }
    bl_smoother_scale_all(&howl->gain, part, count, to - from);
    heed_output(howl, channels, count, from, to);
}

static void let_go(bl_howl *howl, float *const *channels, uint32_t count, uint32_t frames)
{
    bl_smoother_move(&howl->gain, 1.0F);
    bl_smoother_scale_all(&howl->gain, channels, count, frames);
    howl->trail = (bl_howl_trail){0};
}

void bl_howl_process(bl_howl *howl, bool on, const float *in, float *const *channels,
                     uint32_t count, uint32_t frames)
{
    if (!on) {
        let_go(howl, channels, count, frames);
        return;
    }
    uint32_t from = 0;
    for (uint32_t i = 0; i < frames; i++) {
        if (listen(howl, in[i]) && look(howl)) {
            scale(howl, channels, count, from, i + 1);
            from = i + 1;
            decide(howl);
        }
    }
    if (from < frames) {
        scale(howl, channels, count, from, frames);
    }
}
