// SPDX-License-Identifier: MIT
// The half of bl_app that deals with the server, by way of LINK: joining, losing, coming back,
// latency, load. MAIN's.

#include "app_parts.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOAD_PATIENCE_MS = 2000, ///< a model that loads longer than this does not hold up the ports
    SURVEY_CYCLES = 4,
    HEARTBEAT_MS = 800,   ///< and four periods: after that the server counts as silent
    OWN_FROZEN_MS = 5000, ///< after that our own is started anew
    LOAD_EVERY_MS = 1000,
    JOIN_PATIENCE_MS = 2000, ///< for a server that is being joined
};

void bl_app_survey_in(bl_app *app, int64_t ms)
{
    const int64_t due = bl_clock_ms() + ms;
    if (app->survey_due_ms == 0 || due < app->survey_due_ms) {
        app->survey_due_ms = due;
    }
}

/// Marks the last message as one that ends with the server's return.
static void mark_absence(bl_app *app)
{
    app->messages[(app->state.message_count - 1) % BL_APP_MESSAGES_KEPT].absence = true;
}

// Joining -------------------------------------------------------------------------------------

static void on_opened(bl_app *app, const bl_link_answer *answer)
{
    bl_app_state *s = &app->state;
    app->epoch = answer->epoch;
    app->joined = true;
    app->activated = false;
    app->surveyed = false;
    app->opened_ms = bl_clock_ms();
    atomic_store(&app->pulse.freewheel, false); // a server may have died in it
    bl_app_set_phase(app, BL_APP_LOADING);
    s->sample_rate_hz = answer->rate_hz;
    s->period_frames = answer->period_frames;
    s->own_server = answer->driver[0] != '\0';
    snprintf(s->client, sizeof s->client, "%s", answer->client);
    snprintf(s->server, sizeof s->server, "%s", answer->server);
    snprintf(app->driver, sizeof app->driver, "%s", answer->driver);
    if (strcmp(answer->client, app->config.name) != 0) {
        bl_app_tell(app, BL_APP_INFO,
                    "another program is called \"%s\", so the ports of this one begin with \"%s:\"",
                    app->config.name, answer->client);
    }
    bl_app_prepare_sound(app, answer->rate_hz);
    bl_app_attached(app, true);
    bl_app_try_activate(app);
}

void bl_app_try_activate(bl_app *app)
{
    if (!app->joined || app->activated || app->state.phase == BL_APP_FAILED) {
        return;
    }
    if (!bl_app_sound_is_ready(app) && bl_clock_ms() - app->opened_ms < LOAD_PATIENCE_MS) {
        return;
    }
    app->activated = true;
    bl_app_attach(app);
    bl_link_activate(app->link);
}

static void on_lost(bl_app *app, const char *why)
{
    app->joined = false;
    app->activated = false;
    app->epoch = 0;
    bl_app_set_phase(app, BL_APP_LOOKING);
    app->state.client[0] = '\0';
    app->state.server[0] = '\0';
    app->survey_due_ms = 0;
    bl_wishes_lost(&app->wishes);
    bl_app_tell(app, BL_APP_ERROR, "%s", why);
    mark_absence(app);
    bl_link_open(app->link);
}

static void on_active(bl_app *app, const bl_link_answer *answer)
{
    if (answer->error.status != BL_STATUS_OK) {
        on_lost(app, answer->error.text); // it is going down: look again
        return;
    }
    bl_app_set_phase(app, BL_APP_PLAYING);
    app->watch.beat_ms = bl_clock_ms();
    bl_app_send_switches(app);
    bl_link_survey(app->link);
}

void bl_app_set_period(bl_app *app, uint32_t frames)
{
    bl_link_set_period(app->link, frames);
}

void bl_app_start_server(bl_app *app)
{
    bl_link_allow_start(app->link);
}

// Answers and news ----------------------------------------------------------------------------

static void hear(bl_app *app, bl_link_answer *answer)
{
    const bool ours = answer->epoch == app->epoch;
    switch (answer->kind) {
    case BL_LINK_NOTE:
        bl_app_tell(app, answer->error.status == BL_STATUS_OK ? BL_APP_INFO : BL_APP_WARNING, "%s",
                    answer->error.text);
        break;
    case BL_LINK_NO_SERVER:
        bl_app_fail(app, &answer->error, app->engine == NULL);
        mark_absence(app);
        break;
    case BL_LINK_OPENED:
        on_opened(app, answer);
        break;
    case BL_LINK_ATTACHED:
        bl_app_attached(app, false);
        break;
    case BL_LINK_ACTIVE:
        if (ours) {
            on_active(app, answer);
        }
        break;
    case BL_LINK_SURVEYED:
        if (ours) {
            bl_app_surveyed(app, answer);
        }
        break;
    case BL_LINK_CONNECTED:
        if (ours) {
            bl_app_connected(app, answer);
        }
        break;
    case BL_LINK_REQUESTED:
        bl_app_fail(app, &answer->error, false);
        break;
    }
}

void bl_app_hear_link(bl_app *app)
{
    for (bl_link_answer *answer = bl_link_poll(app->link); answer != NULL;
         answer = bl_link_poll(app->link)) {
        hear(app, answer);
        bl_link_answer_free(answer);
    }
}

static void hear_format(bl_app *app)
{
    app->state.period_frames = atomic_load(&app->pulse.period);
    const uint32_t rate_hz = atomic_load(&app->pulse.rate_hz);
    if (rate_hz == app->state.sample_rate_hz) {
        return;
    }
    app->state.sample_rate_hz = rate_hz;
    bl_app_tell(app, BL_APP_INFO, "the server's sample rate is %u Hz now", rate_hz);
    bl_app_prepare_sound(app, rate_hz);
    bl_app_attach(app);
    bl_app_send_switches(app);
}

void bl_app_hear_pulse(bl_app *app)
{
    const uint32_t news = atomic_exchange_explicit(&app->pulse.news, 0, memory_order_acquire);
    if ((news & BL_NEWS_LOST) != 0 && app->joined &&
        atomic_load_explicit(&app->pulse.lost_epoch, memory_order_acquire) == app->epoch) {
        char why[BL_PULSE_REASON_MAX + 192];
        const char *reason = app->pulse.lost_reason;
        snprintf(why, sizeof why,
                 "the JACK server has gone%s%s%s; nothing is lost: everything stays loaded and "
                 "plays again by itself when a server comes back",
                 reason[0] != '\0' ? " (\"" : "", reason, reason[0] != '\0' ? "\")" : "");
        on_lost(app, why);
        return;
    }
    if (!app->joined) {
        return;
    }
    if ((news & BL_NEWS_FORMAT) != 0) {
        hear_format(app);
    }
    if ((news & BL_NEWS_WHEEL) != 0) {
        bl_app_follow_freewheel(app);
        bl_app_survey_in(app, BL_APP_SURVEY_SOON_MS);
    }
    if ((news & BL_NEWS_PORTS) != 0) {
        bl_app_survey_in(app, BL_APP_SURVEY_SOON_MS);
        app->survey_beat = atomic_load(&app->pulse.cycles) + SURVEY_CYCLES;
    }
}

const char *bl_app_user_name(void)
{
    const char *name = getenv("USER");
    return name != NULL ? name : "YOUR_NAME";
}

/// Tells, once, that the system refuses the priority that the server wants for us.
static void check_priority(bl_app *app)
{
    const int thread = atomic_load(&app->pulse.thread);
    if (app->watch.priority_told || thread == 0 || !atomic_load(&app->pulse.real_time) ||
        sched_getscheduler(thread) != SCHED_OTHER) {
        return;
    }
    app->watch.priority_told = true;
    bl_app_tell(app, BL_APP_WARNING,
                "the system gives the sound no real-time priority, so it may crackle; as root, run "
                "`dpkg-reconfigure -p high jackd2` and `usermod -aG audio %s`, then log in again",
                bl_app_user_name());
}

/// Load of the last second, and whether the delay of the chain is another now.
static void take_load(bl_app *app, int64_t now_ms)
{
    bl_app_watch *w = &app->watch;
    const uint64_t busy_ns = atomic_load(&app->pulse.busy_ns);
    const uint64_t frames = atomic_load(&app->pulse.frames);
    const double seconds = (double)(frames - w->frames) / (double)app->state.sample_rate_hz;
    app->state.load = seconds > 0.0 ? (double)(busy_ns - w->busy_ns) * 1e-9 / seconds : 0.0;
    app->state.load_peak = (double)atomic_exchange(&app->pulse.max_ppm, 0) * 1e-6;
    app->state.graph_load = (double)atomic_load(&app->pulse.graph_ppm) * 1e-6;
    w->busy_ns = busy_ns;
    w->frames = frames;
    w->load_ms = now_ms;
    bl_link_measure(app->link);
    check_priority(app);
}

static void watch_heart(bl_app *app, int64_t now_ms)
{
    bl_app_watch *w = &app->watch;
    const uint64_t beat = atomic_load(&app->pulse.cycles);
    if (beat != w->beat) {
        w->beat = beat;
        w->beat_ms = now_ms;
        if (app->state.phase == BL_APP_FROZEN) {
            bl_app_set_phase(app, BL_APP_PLAYING);
            bl_app_tell(app, BL_APP_INFO, "the server answers again");
        }
        return;
    }
    if (app->state.phase == BL_APP_FROZEN && app->state.own_server &&
        now_ms - w->beat_ms > OWN_FROZEN_MS) {
        w->beat_ms = now_ms;
        bl_app_tell(app, BL_APP_WARNING,
                    "the JACK server that Backline started stands still; it "
                    "is ended and started again");
        bl_link_restart(app->link);
    }
    const int64_t patience =
        HEARTBEAT_MS + 4000 * (int64_t)app->state.period_frames / app->state.sample_rate_hz;
    if (app->state.phase != BL_APP_PLAYING || now_ms - w->beat_ms < patience) {
        return;
    }
    if (bl_jack_is_pipewire()) { // it dies without a word
        on_lost(app, "PipeWire does not answer any more; nothing is lost: everything stays loaded "
                     "and plays again by itself when it comes back");
    } else {
        bl_app_set_phase(app, BL_APP_FROZEN);
        bl_app_tell(app, BL_APP_WARNING,
                    "the JACK server is there but does not move; it plays on when the server does");
        mark_absence(app);
    }
}

/// A server that stands still while it is being joined, or a library that does not come so far.
static void watch_joining(bl_app *app)
{
    const bool stands = bl_link_get_wait_ms(app->link) > JOIN_PATIENCE_MS;
    const bl_app_phase phase = app->state.phase;
    if (stands && (phase == BL_APP_LOOKING || phase == BL_APP_LOADING)) {
        bl_error error = {0};
        if (bl_jack_count_closing(0) > 0 && !bl_jack_is_pipewire()) {
            bl_jack_say_stuck(&error);
        } else {
            bl_jack_say_frozen(app->config.server, &error);
        }
        bl_app_set_phase(app, BL_APP_FROZEN);
        bl_app_tell(app, BL_APP_WARNING, "%s", error.text);
        mark_absence(app);
    } else if (!stands && phase == BL_APP_FROZEN && !app->joined) {
        bl_app_set_phase(app, BL_APP_LOOKING);
    }
}

void bl_app_watch_server(bl_app *app, int64_t now_ms)
{
    watch_joining(app);
    if (!app->activated) {
        return;
    }
    watch_heart(app, now_ms);
    if (!app->activated) {
        return;
    }
    if (now_ms - app->watch.load_ms >= LOAD_EVERY_MS) {
        take_load(app, now_ms);
    }
    const uint32_t own = atomic_load(&app->pulse.own_latency_frames);
    app->latencies_due = app->latencies_due || own != app->watch.latency_frames;
    app->watch.latency_frames = own;
    // jackd that is asked for such things in freewheel may stand still for seconds.
    if (app->latencies_due && !atomic_load(&app->pulse.freewheel)) {
        app->latencies_due = false;
        bl_link_recompute_latencies(app->link);
    }
    // News come before the cycle in which the server makes them true: a survey may be too early.
    const bool settled = app->survey_beat != 0 && app->watch.beat >= app->survey_beat;
    if (settled || (app->survey_due_ms != 0 && now_ms >= app->survey_due_ms)) {
        app->survey_due_ms = 0;
        app->survey_beat = settled ? 0 : app->survey_beat;
        bl_link_survey(app->link);
    }
}
