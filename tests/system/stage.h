// SPDX-License-Identifier: MIT
// The stage of a system test: a folder of its own with the player's XDG folders in it, a sound
// server of its own, `backline live`, and sounds to play.

#ifndef TESTS_SYSTEM_STAGE_H
#define TESTS_SYSTEM_STAGE_H

#include "backline/audio.h"

#include "program.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/// Runs the tests in a private /dev/shm: goes through isolate.sh once. Only those that
/// CMOCKA_TEST_FILTER names, where it is set. First thing in main.
void stage_isolate(int argc, char **argv);

/// A server name that no test had before: one whose server was killed counts as taken until
/// somebody has collected the dead process.
int stage_rename_server(void **state);

/// Makes the folder, sets the environment. cmocka group setup and teardown.
int stage_open(void **state);
int stage_close(void **state);

/// Path of a file in the folder; one of eight buffers, used in turn.
const char *stage_path(const char *name);

/// Writes a text file in the folder, or below it.
void stage_write(const char *name, const char *text);

typedef struct stage_server {
    uint32_t rate_hz, period;
    bool async;
    bool no_ports;       ///< as with a sound card that is not plugged in yet
    const char *options; ///< more options before -d, split at blanks; or NULL
    int patience_ms;     ///< how long it waits for a client in sync mode; 0: 2000
} stage_server;

/// Starts jackd on the dummy driver and waits until it can be joined. In sync mode (unless `async`)
/// no sample is lost, but where clients come, go and connect jackd now and then waits in vain as
/// long as its patience. In freewheel it waits ten seconds, again and again, if clients come
/// meanwhile, and for ever if it was just telling of an xrun when freewheel began: only for periods
/// so long that there are none. Both without Backline too.
void stage_server_start(const stage_server *server);
void stage_server_signal(int number);
void stage_server_stop(void);

/// Kills it if it runs, and waits until its name is free.
void stage_server_kill(void);
bool stage_server_runs(void);

/// The end of what the server has written, for the message of a test that fails.
const char *stage_server_words(void);

/// Starts `backline live ARGUMENTS... --status json`, the list ends with NULL.
void stage_live_start(program *live, const char *const *arguments);

/// Waits until a status line with this state has come after `*seen` (an offset into its output,
/// which moves on). Returns the line. Fails the test after the deadline or when it ends.
json_t *stage_wait_state(program *live, size_t *seen, const char *state);

/// The same for a message that contains `text`.
void stage_wait_message(program *live, size_t *seen, const char *text);

/// Whether what is remembered holds this text.
bool stage_remembers(const char *text);

/// Waits until what is remembered holds this text, or holds it no more; false after the deadline.
bool stage_wait_remembered(const char *text, bool wanted);

/// SIGTERM, and it must end with 0.
void stage_live_stop(program *live);

/// Writes a model of the reference shape with weights from `seed`, causal or centred, at `rate_hz`.
const char *stage_make_model(const char *name, uint64_t seed, bool causal, double rate_hz);

/// Writes a model "heavy" with the widths of 3 and of `channels` channels.
const char *stage_make_heavy_model(const char *name, uint32_t channels);

/// An impulse, then `seconds` of the shipped riff, at 48 kHz, also written to `name`.
void stage_make_sound(const char *name, double seconds, bl_audio *sound);

/// What `backline render` makes of the file with a model, or a rig (*.yaml), as samples.
void stage_render(const char *sound, const char *model, bl_audio *rendered);

/// Largest difference of two signals over max(1, peak of the first); -1 where both are silent.
double stage_difference(const float *expected, const float *found, uint64_t frames);

/// Fails the test, and says where the sounds part, unless they differ by at most `tolerance` and
/// are not silent.
void stage_check_same(const float *expected, const float *found, uint64_t frames, double tolerance);

#endif
