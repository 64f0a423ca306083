// SPDX-License-Identifier: MIT
// The test's own MIDI controller.

#include "pedal.h"

#include "program.h"
#include "support/cmocka_all.h"

#include <jack/midiport.h>
#include <poll.h>
#include <string.h>

static void put(void *buffer, const uint8_t *bytes)
{
    const size_t size = (bytes[0] & 0xF0) == 0xC0 ? 2 : 3;
    jack_midi_data_t *to = jack_midi_event_reserve(buffer, 0, size);
    if (to != NULL) {
        memcpy(to, bytes, size);
    }
}

static int cycle(jack_nframes_t frames, void *argument)
{
    pedal *p = argument;
    void *buffer = jack_port_get_buffer(p->port, frames);
    jack_midi_clear_buffer(buffer);
    p->owed += (double)p->flood * frames / jack_get_sample_rate(p->client);
    for (; p->owed >= 1.0; p->owed -= 1.0) {
        const uint64_t n = p->sent++;
        put(buffer, (const uint8_t[]){0xB0 | (n & 15), (uint8_t)(33 + n % 80), n / 7 & 127});
    }
    const uint32_t message = p->message;
    if (message != 0) {
        put(buffer, (const uint8_t[]){message & 255, message >> 8 & 255, message >> 16 & 255});
        p->message = 0;
    }
    return 0;
}

static void be_quiet(const char *text)
{
    (void)text;
}

void pedal_open(pedal *p)
{
    memset(p, 0, sizeof *p);
    jack_set_error_function(be_quiet);
    jack_set_info_function(be_quiet);
    p->client = jack_client_open("pedal", JackNoStartServer, NULL);
    assert_non_null(p->client);
    p->port = jack_port_register(p->client, "out", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, 0);
    jack_set_process_callback(p->client, cycle, p);
    assert_int_equal(jack_activate(p->client), 0);
}

void pedal_close(pedal *p)
{
    jack_client_close(p->client);
    p->client = NULL;
}

void pedal_send(pedal *p, uint8_t status, uint8_t a, uint8_t b)
{
    const long long until = now_ms() + DEADLINE_MS;
    p->message = status | (uint32_t)a << 8 | (uint32_t)b << 16;
    while (p->message != 0) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 1);
    }
}
