// SPDX-License-Identifier: MIT
// The tuner of a bl_app: while it is on, the input comes from the audio thread block by block, and
// nothing is heard. MAIN's.

#include "app_parts.h"

#include <stdio.h>

enum { LOOK_MS = 50 }; ///< the most often that a pitch is looked for, which takes a millisecond

#define A4_HZ 440.0

void bl_app_set_tuner(bl_app *app, bool on)
{
    bl_tuner_block block;
    if (on == app->state.tuner.on || app->pulse.tuner == NULL) {
        return;
    }
    app->state.changes++;
    app->state.tuner = (bl_app_tuner){.on = on};
    while (bl_ring_read(app->pulse.tuner, &block)) {
        // left over from the last time
    }
    app->tuner_rate_hz = 0.0;
    atomic_store(&app->pulse.tuner_on, on);
    bl_app_send_switches(app);
}

static void look(bl_app *app)
{
    bl_app_tuner *t = &app->state.tuner;
    t->has_pitch = bl_pitch_find(&app->pitch, &t->frequency_hz);
    if (t->has_pitch) {
        const bl_note note = bl_note_of(t->frequency_hz, A4_HZ);
        snprintf(t->note, sizeof t->note, "%s%d", note.name, note.octave);
        t->cents = note.cents;
    }
}

void bl_app_hear_tuner(bl_app *app, int64_t now_ms)
{
    bl_tuner_block block;
    if (!app->state.tuner.on || app->state.sample_rate_hz == 0) {
        return;
    }
    if (app->tuner_rate_hz != app->state.sample_rate_hz) {
        app->tuner_rate_hz = app->state.sample_rate_hz;
        bl_pitch_init(&app->pitch, app->tuner_rate_hz);
    }
    while (bl_ring_read(app->pulse.tuner, &block)) {
        bl_pitch_hear(&app->pitch, block.samples, block.count);
    }
    if (now_ms >= app->tuner_look_ms) {
        app->tuner_look_ms = now_ms + LOOK_MS;
        look(app);
    }
}
