// SPDX-License-Identifier: MIT
// The overload guard: full width, armed (narrow fed unheard), fallen, coming back. Feeding costs
// time too, so the narrow width is armed early only while both fit below the limit together.

#include "rt/overload.h"

bl_overload bl_overload_at_rest(double sample_rate_hz, uint32_t fade_frames)
{
    return (bl_overload){.quiet_frames = (uint32_t)(BL_OVERLOAD_QUIET_S * sample_rate_hz),
                         .fade = bl_smoother_at(0.0F, fade_frames)};
}

void bl_overload_begin(bl_overload *overload, double ratio, uint32_t memory_frames)
{
    *overload = (bl_overload){.quiet_frames = overload->quiet_frames,
                              .ratio = ratio,
                              .memory_frames = memory_frames,
                              .fade = bl_smoother_at(0.0F, overload->fade.frames)};
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

static bool judge_full(bl_overload *o, double load, bool freewheel)
{
    const double together = 1.0 + o->ratio; // what both cost against the full width
    if (freewheel) {
        rest(o);
        return false;
    }
    if (load >= BL_OVERLOAD_FALL) {
        o->wanted = true;
        return feed(o);
    }
    if (o->both) {
        if (!o->wanted && load < BL_OVERLOAD_DISARM * together) {
            rest(o);
        }
        return false;
    }
    return load >= BL_OVERLOAD_ARM && load * together < BL_OVERLOAD_FALL && feed(o);
}

static bool judge_narrow(bl_overload *o, double load, bool freewheel)
{
    const double full = load / (o->both ? 1.0 + o->ratio : o->ratio); // expected of it alone
    if (!freewheel && full > BL_OVERLOAD_RETURN) {
        o->calm_frames = 0;
        rest(o);
        return false;
    }
    o->calm_frames += o->seen_frames;
    o->wanted = freewheel || o->calm_frames >= o->quiet_frames;
    return o->wanted && feed(o);
}

bool bl_overload_report(bl_overload *overload, double share, uint32_t frames, bool freewheel)
{
    bl_overload *o = overload;
    // One period that some other program held up is late already, and a narrower width is no help.
    o->busy_frames += (share < 1.0 ? share : 1.0) * frames;
    o->seen_frames += frames;
    o->seen_periods++;
    if (o->seen_frames < BL_OVERLOAD_WINDOW || o->seen_periods < BL_OVERLOAD_PERIODS) {
        return false;
    }
    const double load = o->busy_frames / o->seen_frames;
    bool begins = false;
    if (o->ratio > 0.0 && !o->fading) {
        begins = o->narrow ? judge_narrow(o, load, freewheel) : judge_full(o, load, freewheel);
    }
    forget(o);
    return begins;
}

void bl_overload_advance(bl_overload *overload, uint32_t frames)
{
    bl_overload *o = overload;
    if (!o->both) {
        return;
    }
    o->cold_frames -= o->cold_frames < frames ? o->cold_frames : frames;
    if (o->fading && o->fade.remaining == 0) {
        o->fading = false;
        o->both = false;
        forget(o); // it was of another width
    } else if (o->wanted && o->cold_frames == 0) {
        o->wanted = false;
        o->fading = true;
        o->narrow = !o->narrow;
        o->calm_frames = 0;
        bl_smoother_move(&o->fade, o->narrow ? 1.0F : 0.0F);
    }
}
