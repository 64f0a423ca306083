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
    return howl->powers[(howl->looks - looks_ago) % (BL_HOWL_STEPS + 1)];
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

// The bin of a tone that holds almost all of the power; 0 if none does.
static uint32_t find_tone(const float *powers)
{
    uint32_t best = BL_HOWL_LOWEST;
    for (uint32_t k = BL_HOWL_LOWEST; k < BL_SPECTRUM_BINS; k++) {
        best = powers[k] > powers[best] ? k : best;
    }
    const float own = lobe(powers, best);
    return own > BL_HOWL_INPUT_MIN && own >= BL_HOWL_SHARE * sum_of(powers) ? best : 0;
}

static bool grows_evenly(const bl_howl *howl, uint32_t bin)
{
    float least = INFINITY, most = 0.0F, total = 0.0F;
    for (uint32_t ago = 0; ago < BL_HOWL_STEPS; ago++) {
        const float now = lobe(powers_of(howl, ago), bin);
        const float before = lobe(powers_of(howl, ago + 1), bin);
        const float step = before > 0.0F ? 10.0F * log10f(now / before) : INFINITY;
        least = fminf(least, step);
        most = fmaxf(most, step);
        total += step;
    }
    const float mean = total / BL_HOWL_STEPS;
    return total >= BL_HOWL_GROWTH_DB && isfinite(total) && least >= BL_HOWL_EVEN_MIN * mean &&
           most <= BL_HOWL_EVEN_MAX * mean;
}

// Counts for how long the tone stands still.
static bool stands_still(bl_howl *howl, uint32_t bin)
{
    if (bin == 0 || bin != howl->tone) {
        howl->tone = bin;
        howl->still = 0;
        return false;
    }
    const float now = lobe(powers_of(howl, 0), bin), before = lobe(powers_of(howl, 1), bin);
    const float step = before > 0.0F ? 10.0F * log10f(now / before) : INFINITY;
    const bool still =
        now >= BL_HOWL_STILL_MIN && step >= -BL_HOWL_STILL_FALL_DB && step <= BL_HOWL_STILL_RISE_DB;
    howl->still = still ? howl->still + 1 : 0;
    return howl->still >= BL_HOWL_STILL;
}

static void turn_down(bl_howl *howl, float power)
{
    bl_smoother_move(&howl->gain, fmaxf(howl->gain.target * BL_HOWL_STEP, BL_HOWL_FLOOR));
    howl->power = power;
    howl->until_check = BL_HOWL_PATIENCE;
}

// The tone was found before: turned down further while it does not fall, let go when it is gone.
static void follow(bl_howl *howl)
{
    const float *powers = powers_of(howl, 0);
    const float power = lobe(powers, howl->bin);
    if (power < BL_HOWL_INPUT_MIN || power < 0.5F * sum_of(powers)) {
        howl->bin = 0;
        howl->gone = 0;
    } else if (--howl->until_check == 0) {
        if (power > 0.5F * howl->power) {
            turn_down(howl, power);
        } else {
            howl->power = power;
            howl->until_check = BL_HOWL_PATIENCE;
        }
    }
}

static void come_back(bl_howl *howl)
{
    if (bl_howl_acts(howl) && ++howl->gone > howl->hold_looks) {
        bl_smoother_move(&howl->gain, fminf(howl->gain.target * howl->back, 1.0F));
    }
}

static void decide(bl_howl *howl)
{
    howl->looks++;
    const uint32_t bin = find_tone(powers_of(howl, 0));
    const bool still = stands_still(howl, bin);
    if (howl->looks > BL_HOWL_STEPS && bin != 0 && howl->output_peak >= BL_HOWL_OUTPUT_MIN &&
        bin != howl->bin && (still || grows_evenly(howl, bin))) {
        howl->count += howl->bin == 0;
        howl->bin = bin;
        turn_down(howl, lobe(powers_of(howl, 0), bin));
    } else if (howl->bin != 0) {
        follow(howl);
    } else {
        come_back(howl);
    }
    howl->output_peak = 0.0F;
}

// Takes one frame; true if a step is due.
static bool listen(bl_howl *howl, float x)
{
    howl->sum += x;
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
                     howl->powers[(howl->looks + 1) % (BL_HOWL_STEPS + 1)]);
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
    howl->looks = 0;
    howl->bin = 0;
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
