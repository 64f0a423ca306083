// SPDX-License-Identifier: MIT
// The test's own JACK clients.

#include "peer.h"

#include "stage.h"
#include "support/cmocka_all.h"

#include <errno.h>
#include <jack/midiport.h>
#include <poll.h>
#include <string.h>

/// What is due in the next `frames`, each at its frame.
static void send_messages(peer *p, void *buffer, jack_nframes_t frames)
{
    for (; p->messages < p->last_message && p->messages->frame < p->played + frames;
         p->messages++) {
        const jack_nframes_t at = (jack_nframes_t)(p->messages->frame - p->played);
        jack_midi_event_write(buffer, at, p->messages->bytes, p->messages->size);
    }
}

static int play_cycle(jack_nframes_t frames, void *argument)
{
    peer *p = argument;
    float *out = jack_port_get_buffer(p->source, frames);
    void *midi = jack_port_get_buffer(p->foot, frames);
    if (out == NULL || midi == NULL) {
        return 0; // it is being taken away
    }
    memset(out, 0, frames * sizeof *out);
    jack_midi_clear_buffer(midi);
    p->play_cycles++;
    if (!p->running) {
        return 0;
    }
    p->began = true;
    send_messages(p, midi, frames);
    const uint64_t left = p->frames - p->played;
    const uint64_t n = left < frames ? left : frames;
    if (n > 0) {
        memcpy(out, p->in + p->played, n * sizeof *out);
    }
    p->played += n;
    return 0;
}

static int record_cycle(jack_nframes_t frames, void *argument)
{
    peer *p = argument;
    const float *in = jack_port_get_buffer(p->sink, frames);
    const float *second = jack_port_get_buffer(p->second, frames);
    p->record_cycles++;
    if (!p->began) {
        return 0;
    }
    const uint64_t left = p->frames - p->recorded;
    const uint64_t n = left < frames ? left : frames;
    if (n > 0) {
        memcpy(p->out + p->recorded, in, n * sizeof *in);
    }
    if (n > 0 && p->other != NULL) {
        memcpy(p->other + p->recorded, second, n * sizeof *second);
    }
    p->recorded += n;
    return 0;
}

static int late(void *argument)
{
    peer *p = argument;
    p->xruns++;
    return 0;
}

static void be_quiet(const char *text)
{
    (void)text;
}

/// A server that just waits in vain for a client says no, and may say yes the next time.
static void activate(jack_client_t *client)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (jack_activate(client) != 0) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 10);
    }
}

void peer_open(peer *p)
{
    memset(p, 0, sizeof *p);
    jack_set_error_function(be_quiet);
    jack_set_info_function(be_quiet);
    p->player = jack_client_open("peer_play", JackNoStartServer, NULL);
    p->recorder = jack_client_open("peer_record", JackNoStartServer, NULL);
    assert_non_null(p->player);
    assert_non_null(p->recorder);
    p->source = jack_port_register(p->player, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
    p->sink = jack_port_register(p->recorder, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    p->second =
        jack_port_register(p->recorder, "second", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    p->foot = jack_port_register(p->player, "foot", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, 0);
    jack_set_process_callback(p->player, play_cycle, p);
    jack_set_xrun_callback(p->player, late, p);
    jack_set_process_callback(p->recorder, record_cycle, p);
    activate(p->player);
    activate(p->recorder);
}

void peer_close(peer *p)
{
    jack_client_close(p->player);
    jack_client_close(p->recorder);
    memset(p, 0, sizeof *p);
}

bool peer_connect(peer *p, const char *in, const char *out)
{
    const int sending = jack_connect(p->player, jack_port_name(p->source), in);
    const int hearing = jack_connect(p->recorder, out, jack_port_name(p->sink));
    return (sending == 0 || sending == EEXIST) && (hearing == 0 || hearing == EEXIST);
}

void peer_plug_in(peer *p, const char *midi_in)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (jack_connect(p->player, jack_port_name(p->foot), midi_in) != 0) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 10);
    }
}

/// Lets the server run some cycles, so that a new order of the graph is in force.
static void settle(peer *p)
{
    const uint64_t play = p->play_cycles + 8;
    const uint64_t record = p->record_cycles + 8;
    const long long until = now_ms() + DEADLINE_MS;
    while (p->play_cycles < play || p->record_cycles < record) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 1);
    }
}

bool peer_run(peer *p, const float *in, float *out, uint64_t frames, const peer_plan *plan)
{
    const long long until = now_ms() + DEADLINE_MS + (long long)(frames / 8);
    size_t next = 0;
    settle(p);
    const uint64_t xruns = p->xruns;
    p->in = in;
    p->out = out;
    p->frames = frames;
    p->played = 0;
    p->recorded = 0;
    p->messages = plan->messages;
    p->last_message = plan->messages + plan->message_count;
    if (plan->freewheel) {
        assert_int_equal(jack_set_freewheel(p->player, 1), 0);
        settle(p); // who was late in the last cycle before may run once more than the others
    }
    p->running = true;
    while (p->recorded < frames) {
        if (now_ms() > until) {
            fail_msg("played %llu and recorded %llu of %llu frames; the server wrote: %s",
                     (unsigned long long)p->played, (unsigned long long)p->recorded,
                     (unsigned long long)frames, stage_server_words());
        }
        if (next < plan->period_count && p->recorded >= frames * next / plan->period_count) {
            assert_int_equal(jack_set_buffer_size(p->player, plan->periods[next]), 0);
            next++;
        }
        if (plan->meanwhile != NULL) {
            plan->meanwhile();
        } else {
            poll(NULL, 0, 1);
        }
    }
    p->running = false;
    if (plan->freewheel) {
        assert_int_equal(jack_set_freewheel(p->player, 0), 0);
    }
    settle(p); // the player has seen it, and does not let the recorder begin once more
    p->began = false;
    return p->xruns == xruns;
}

bool peer_is_connected(peer *p, const char *source, const char *destination)
{
    const jack_port_t *port = jack_port_by_name(p->player, source);
    return port != NULL && jack_port_by_name(p->player, destination) != NULL &&
           jack_port_connected_to(port, destination) != 0;
}

bool peer_wait_connected(peer *p, const char *source, const char *destination, bool connected)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (peer_is_connected(p, source, destination) != connected) {
        if (now_ms() > until) {
            return false;
        }
        poll(NULL, 0, 5);
    }
    return true;
}
