// SPDX-License-Identifier: MIT
// The status line of `backline live`.

#include "status_line.h"

#include "json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static double level_db(float peak)
{
    const double db = 20.0 * log10((double)peak + 1e-30);
    return db > BL_STATUS_FLOOR_DB ? db : BL_STATUS_FLOOR_DB;
}

/// "8.0 ms = driver in 0.0 + period 2.7 + own 0.0 + driver out 5.3", and "at least" and "?" where
/// something is not known.
static void format_latency(const bl_app_latency *l, char *text, size_t capacity)
{
    char in[32] = "?", out[32] = "?";
    if (l->in_known) {
        snprintf(in, sizeof in, "%.1f", l->driver_in_ms);
    }
    if (l->out_known) {
        snprintf(out, sizeof out, "%.1f", l->driver_out_ms);
    }
    snprintf(text, capacity, "%s%.1f ms = driver in %s + period %.1f + own %.1f + driver out %s",
             l->in_known && l->out_known ? "" : "at least ", l->total_ms, in, l->period_ms,
             l->own_ms, out);
}

void bl_status_line_format(const bl_app_state *s, char *text, size_t capacity)
{
    if (s->phase != BL_APP_PLAYING) {
        snprintf(text, capacity, "%s | %s", s->word, s->model.name);
        return;
    }
    if (s->tuner.on) {
        if (s->tuner.has_pitch) {
            snprintf(text, capacity, "tuner | %-3s %+5.1f cents | %.2f Hz | silent", s->tuner.note,
                     s->tuner.cents, s->tuner.frequency_hz);
        } else {
            snprintf(text, capacity, "tuner | pluck a string | silent");
        }
        return;
    }
    size_t used = 0;
    if (s->place.number > 0) {
        const int length =
            snprintf(text, capacity, "%zu/%zu %s: %s | %zu of %zu rigs armed, %.1f MB | ",
                     s->place.number, s->place.count, s->place.song, s->place.part, s->stage.armed,
                     s->stage.rigs, (double)s->stage.memory_bytes * 1e-6);
        used = (size_t)length < capacity ? (size_t)length : capacity - 1;
    }
    if (s->trim_measuring) {
        const int length = snprintf(text + used, capacity - used, "its loudness is measured | ");
        used = used + (size_t)length < capacity ? used + (size_t)length : capacity - 1;
    }
    char latency[160], tempo[32] = "";
    format_latency(&s->latency, latency, sizeof latency);
    if (s->tempo_bpm > 0.0) {
        snprintf(tempo, sizeof tempo, "%.0f bpm | ", s->tempo_bpm);
    }
    snprintf(text + used, capacity - used,
             "%s%s | %s | in %.1f dB, out %.1f dB | %u frames at %u Hz | %s | load %.0f %% (worst "
             "%.0f %%, graph %.0f %%) | %u xruns",
             tempo, s->word, s->model.name[0] != '\0' ? s->model.name : "no model",
             level_db(s->in_peak), level_db(s->out_peak), s->period_frames, s->sample_rate_hz,
             latency, 100.0 * s->load, 100.0 * s->load_peak, 100.0 * s->graph_load, s->xruns);
}

static json_t *pack_ms(bool known, double ms)
{
    return known ? json_real(ms) : json_null();
}

static json_t *pack_latency(const bl_app_latency *l)
{
    return json_pack("{s:o, s:f, s:f, s:o, s:o}", "driver_in_ms",
                     pack_ms(l->in_known, l->driver_in_ms), "period_ms", l->period_ms, "own_ms",
                     l->own_ms, "driver_out_ms", pack_ms(l->out_known, l->driver_out_ms),
                     "total_ms", pack_ms(l->in_known && l->out_known, l->total_ms));
}

static json_t *pack_sound(const bl_app_state *s)
{
    return json_pack(
        "{s:f, s:f, s:I, s:b, s:f, s:f, s:b, s:b, s:I, s:I, s:b, s:b, s:b, s:o, s:o, s:o, s:I}",
        "in_db", level_db(s->in_peak), "out_db", level_db(s->out_peak), "howls",
        (json_int_t)s->howls, "howling", s->howling, "trim_db", s->trim_db, "calibration_db",
        s->calibration_db, "trim_measured", s->trim_measured, "trim_measuring", s->trim_measuring,
        "clipped_frames", (json_int_t)s->clipped_frames, "not_finite_blocks",
        (json_int_t)s->not_finite_blocks, "muted", s->muted, "bypassed", s->bypassed, "loading",
        s->loading, "model", bl_json_from_text(s->model.name), "model_path",
        bl_json_from_text(s->model_path), "demo", bl_json_from_text(s->demo),
        "receptive_field_samples", (json_int_t)s->model.receptive_field_samples);
}

/// null without a set list.
static json_t *pack_place(const bl_app_place *p)
{
    if (p->number == 0) {
        return json_null();
    }
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:o, s:b}", "setlist",
        bl_json_from_text(p->setlist), "song", bl_json_from_text(p->song), "part",
        bl_json_from_text(p->part), "rig", bl_json_from_text(p->rig), "next_song",
        bl_json_from_text(p->next_song), "next_part", bl_json_from_text(p->next_part),
        "part_number", (json_int_t)p->part_number, "part_count", (json_int_t)p->part_count,
        "song_number", (json_int_t)p->song_number, "song_count", (json_int_t)p->song_count,
        "number", (json_int_t)p->number, "count", (json_int_t)p->count, "bank", p->bank, "program",
        p->program >= 0 ? json_integer(p->program) : json_null(), "other_model", p->other_model);
}

/// null without a set list.
static json_t *pack_stage(const bl_app_stage *s)
{
    return s->rigs == 0
               ? json_null()
               : json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "rigs", (json_int_t)s->rigs,
                           "loaded", (json_int_t)s->loaded, "armed", (json_int_t)s->armed, "failed",
                           (json_int_t)s->failed, "memory_bytes", (json_int_t)s->memory_bytes,
                           "locked_bytes", (json_int_t)s->locked_bytes, "switch_ms", s->switch_ms);
}

/// null while it is off; without a pitch, only that it is on.
static json_t *pack_tuner(const bl_app_tuner *t)
{
    if (!t->on) {
        return json_null();
    }
    return t->has_pitch ? json_pack("{s:s, s:f, s:f}", "note", t->note, "cents", t->cents,
                                    "frequency_hz", t->frequency_hz)
                        : json_pack("{s:n}", "note");
}

static json_t *pack_midi(const bl_app_midi *m)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "heard", (json_int_t)m->heard, "merged",
                     (json_int_t)m->merged, "lost", (json_int_t)m->lost, "unknown_programs",
                     (json_int_t)m->unknown_programs);
}

void bl_status_line_print_record(const bl_app_state *s, double time_s)
{
    json_t *record = json_pack(
        "{s:f, s:s, s:o, s:o, s:o, s:b, s:I, s:I, s:b, s:o, s:I, s:f, s:f, s:f, s:f, s:b, s:I, "
        "s:I}",
        "time_s", time_s, "state", s->word, "client", bl_json_from_text(s->client), "server",
        bl_json_from_text(s->server), "device", bl_json_from_text(s->device), "own_server",
        s->own_server, "sample_rate_hz", (json_int_t)s->sample_rate_hz, "period_frames",
        (json_int_t)s->period_frames, "freewheel", s->freewheel, "latency",
        pack_latency(&s->latency), "own_latency_frames", (json_int_t)s->own_latency_frames, "load",
        s->load, "load_peak", s->load_peak, "graph_load", s->graph_load, "model_load",
        s->model_load, "narrowed", s->narrowed, "xruns", (json_int_t)s->xruns, "swaps",
        (json_int_t)s->swaps);
    json_object_set_new(record, "place", pack_place(&s->place));
    json_object_set_new(record, "tempo_bpm",
                        s->tempo_bpm > 0.0 ? json_real(s->tempo_bpm) : json_null());
    json_object_set_new(record, "stage", pack_stage(&s->stage));
    json_object_set_new(record, "tuner", pack_tuner(&s->tuner));
    json_object_set_new(record, "midi", pack_midi(&s->midi));
    json_t *sound = pack_sound(s);
    json_object_update(record, sound);
    json_decref(sound);
    bl_json_print_record(record);
}

void bl_status_line_print_message(const bl_app_message *m, double time_s)
{
    static const char *const severities[] = {
        [BL_APP_INFO] = "info",
        [BL_APP_WARNING] = "warning",
        [BL_APP_ERROR] = "error",
    };
    bl_json_print_record(json_pack("{s:f, s:o, s:s}", "time_s", time_s, "message",
                                   bl_json_from_text(m->text), "severity",
                                   severities[m->severity]));
}
