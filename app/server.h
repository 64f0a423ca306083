// SPDX-License-Identifier: MIT
// A JACK server as our own child: started from a command template, listened to, ended with us. The
// kernel ends it too if the program is killed. All functions but one belong to the LINK thread,
// which lives as long as the program (the kernel's promise hangs on the thread that forks).

#ifndef BACKLINE_APP_SERVER_H
#define BACKLINE_APP_SERVER_H

#include "backline/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// {server}, {driver}, {rate} and {period} are filled in; words are split at blanks, no shell.
#define BL_SERVER_COMMAND "jackd -p 512 -n {server} -d {driver} -r {rate} -p {period}"

enum { BL_SERVER_WORDS_MAX = 4096, BL_SERVER_RATE_HZ = 48000, BL_SERVER_PERIOD = 128 };

typedef struct bl_server {
    pid_t pid;                       ///< 0: none
    atomic_int process_fd;           ///< LINK -> MAIN: of the process, for bl_server_kill; -1: none
    int output_fd;                   ///< what it says; -1: none
    char words[BL_SERVER_WORDS_MAX]; ///< the end of what it said
    char driver[64];                 ///< "dummy" or "alsa:CARD"
} bl_server;

/// How a server is started.
typedef struct bl_server_config {
    const char *command; ///< NULL: BL_SERVER_COMMAND
    const char *name;    ///< of the server
    const char *driver;  ///< "dummy" or "alsa:CARD"
    uint32_t rate_hz, period_frames;
} bl_server_config;

/// Nothing started yet.
void bl_server_init(bl_server *server);

/// Forks and executes. Fails if the template or the driver is wrong or the program cannot run.
bl_status bl_server_start(bl_server *server, const bl_server_config *config, bl_error *error);

/// Reads what it said meanwhile; false once it has ended (and been reaped).
bool bl_server_is_alive(bl_server *server);

/// Its own words without the banner, each line of them once, as one line, written to `text`.
void bl_server_quote(const bl_server *server, char *text, size_t capacity);

/// Ends it: asks, waits up to `patience_ms`, kills.
void bl_server_stop(bl_server *server, int patience_ms);

/// Kills it at once, without a look at how it takes it; nothing if there is none. Thread: any.
void bl_server_kill(bl_server *server);

/// The command that would be run: at most `capacity` bytes of words, each ended by a zero. Returns
/// how many words, 0 if they do not fit.
int bl_server_expand(const bl_server_config *config, char *words, size_t capacity);

#endif
