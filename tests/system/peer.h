// SPDX-License-Identifier: MIT
// Another program on the server, inside the test: one client plays, a second one records, so that
// no feedback loop adds a period. Play and record begin in the same cycle, sample-aligned.

#ifndef TESTS_SYSTEM_PEER_H
#define TESTS_SYSTEM_PEER_H

#include <jack/jack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// MIDI that the player sends at a frame of a run.
typedef struct peer_message {
    uint64_t frame;
    uint8_t size, bytes[3];
} peer_message;

typedef struct peer {
    jack_client_t *player, *recorder;
    jack_port_t *source, *sink;
    jack_port_t *second; ///< another sink, the recorder's
    jack_port_t *foot;   ///< MIDI, the player's
    // Set before a run, read by the audio threads.
    const float *in;
    float *out;
    float *other; ///< what the second sink hears; NULL: it is not kept; the test's
    uint64_t frames;
    const peer_message *messages, *last_message; ///< the next one, and behind the last
    // Counted by the audio threads.
    _Atomic uint64_t played, recorded;           ///< frames: audio thread -> test
    _Atomic uint64_t play_cycles, record_cycles; ///< audio threads -> test
    _Atomic uint64_t xruns;                      ///< the server's -> test
    _Atomic bool running;                        ///< test -> player
    _Atomic bool began;                          ///< player -> recorder, in one cycle
} peer;

/// What happens during a run.
typedef struct peer_plan {
    const uint32_t *periods; ///< set one after the other, evenly over the run
    size_t period_count;     ///< 0: the period stays
    bool freewheel;
    const peer_message *messages; ///< in the order of their frames
    size_t message_count;
    void (*meanwhile)(void); ///< called all the time by the test; NULL: it has nothing to do
} peer_plan;

/// Opens both clients on the server of the environment; fails the test if that does not work.
void peer_open(peer *p);
void peer_close(peer *p);

/// Connects the player to `in` and `out` to the recorder; false if the server refuses.
bool peer_connect(peer *p, const char *in, const char *out);

/// Connects the player's MIDI to `midi_in`. Fails the test if that does not work.
void peer_plug_in(peer *p, const char *midi_in);

/// Plays `frames` samples and records as many. Fails the test if that takes for ever. False if the
/// server told meanwhile that it was late: then samples may be missing.
bool peer_run(peer *p, const float *in, float *out, uint64_t frames, const peer_plan *plan);

/// Whether two ports of the server are connected.
bool peer_is_connected(peer *p, const char *source, const char *destination);

/// Waits until they are (or are not); false after the deadline.
bool peer_wait_connected(peer *p, const char *source, const char *destination, bool connected);

#endif
