// SPDX-License-Identifier: MIT
// The overload guard: full width, armed (narrow fed unheard), fallen, coming back. What both cost
// together is told apart by their ratio, so feeding the one never makes the other fall. A narrow
// width that would not fit beside the full one at 70 % is never fed in advance.

#include "rt/overload.h"

bl_overload bl_overload_at_rest(double sample_rate_hz, uint32_t fade_frames)
{
    return (bl_overload){.quiet_frames = (uint32_t)(BL_OVERLOAD_QUIET_S * sample_rate_hz),
                         .fade = bl_smoother_at(0.0F, fade_frames),
                         .gain = bl_smoother_at(1.0F, fade_frames)};
}

void bl_overload_begin(bl_overload *overload, double ratio, uint32_t memory_frames)
{
    *overload = (bl_overload){.quiet_frames = overload->quiet_frames,
                              .ratio = ratio,
                              .memory_frames = memory_frames,
                              .fade = bl_smoother_at(0.0F, overload->fade.frames),
                              .gain = bl_smoother_at(1.0F, overload->gain.frames)};
}

static void forget(bl_overload *o)
{
    o->busy_frames = 0.0;
    o->seen_frames = 0;
    o->seen_periods = 0;
}

static bool feed(bl_overload *o)
{
    const bool begins = !o->both;
    if (begins) {
        o->both = true;
        o->cold_frames = o->memory_frames;
    }
    return begins;
}

static void rest(bl_overload *o)
{
    o->both = false;
    o->wanted = false;
}

static uint64_t patience_frames(const bl_overload *o)
{
    return (uint64_t)o->quiet_frames << o->doublings;
}

/// The other width is the heard one from now on.
static void exchange(bl_overload *o)
{
    const bool in_vain = o->returned && o->kept_frames < patience_frames(o);
    o->narrow = !o->narrow;
    if (!o->narrow) {
        o->returned = true;
        o->kept_frames = 0;
    } else if (!in_vain) {
        o->doublings = 0;
    } else if (o->doublings < BL_OVERLOAD_DOUBLINGS) {
        o->doublings++;
    }
    o->wanted = false;
    o->calm_frames = 0;
}

static bool dip(bl_overload *o)
{
    const bool begins = !o->both;
    rest(o);
    o->fading = true;
    o->dipping = true;
    bl_smoother_move(&o->gain, 0.0F);
    return begins;
}

static bool judge_full(bl_overload *o, double load)
{
    const double full = o->both ? load / (1.0 + o->ratio) : load;
    o->kept_frames += o->seen_frames;
    if (full >= BL_OVERLOAD_FALL) {
        if (full * (1.0 + o->ratio) > BL_OVERLOAD_SAFE) {
            return dip(o);
        }
        o->wanted = true;
        return feed(o);
    }
    if (o->both) {
        if (!o->wanted && full < BL_OVERLOAD_DISARM) {
            rest(o);
        }
        return false;
    }
    return full >= BL_OVERLOAD_ARM && BL_OVERLOAD_FALL * (1.0 + o->ratio) <= BL_OVERLOAD_SAFE &&
           feed(o);
}

static bool judge_narrow(bl_overload *o, double load)
{
    const double full = load / (o->both ? 1.0 + o->ratio : o->ratio); // expected of it alone
    if (full > BL_OVERLOAD_RETURN || full * (1.0 + o->ratio) > BL_OVERLOAD_SAFE) {
        o->calm_frames = 0;
        rest(o);
        return false;
    }
    o->calm_frames += o->seen_frames;
    o->wanted = o->calm_frames >= patience_frames(o);
    return o->wanted && feed(o);
}

/// Feeding must not make it late. What that was for is judged anew, without it.
static void spare(bl_overload *o)
{
    rest(o);
    forget(o);
    o->calm_frames = 0;
}

bool bl_overload_report(bl_overload *overload, double share, uint32_t frames)
{
    bl_overload *o = overload;
    // One period that some other program held up is late already, and a narrower width is no help.
    o->busy_frames += (share < 1.0 ? share : 1.0) * frames;
    o->seen_frames += frames;
    o->seen_periods++;
    o->late_periods = share < 1.0 ? 0 : o->late_periods + 1;
    if (o->late_periods >= BL_OVERLOAD_LATE && o->both && !o->fading) {
        spare(o);
        return false;
    }
    if (o->seen_frames < BL_OVERLOAD_WINDOW || o->seen_periods < BL_OVERLOAD_PERIODS) {
        return false;
    }
    const double load = o->busy_frames / o->seen_frames;
    bool begins = false;
    if (o->ratio > 0.0 && !o->fading) {
        begins = o->narrow ? judge_narrow(o, load) : judge_full(o, load);
    }
    forget(o);
    return begins;
}

void bl_overload_advance(bl_overload *overload, uint32_t frames)
{
    bl_overload *o = overload;
    o->cold_frames -= o->cold_frames < frames ? o->cold_frames : frames;
    if (o->dipping && o->gain.remaining == 0) {
        o->dipping = false;
        exchange(o);
        bl_smoother_jump(&o->fade, 1.0F);
        bl_smoother_move(&o->gain, 1.0F);
    } else if (o->fading && o->fade.remaining == 0 && o->gain.remaining == 0) {
        o->fading = false;
        o->both = false;
        forget(o); // it was of another width
    } else if (o->wanted && o->cold_frames == 0) {
        exchange(o);
        o->fading = true;
        bl_smoother_move(&o->fade, o->narrow ? 1.0F : 0.0F);
    }
}
