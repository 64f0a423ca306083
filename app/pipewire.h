// SPDX-License-Identifier: MIT
// PipeWire as the sound server: found by its socket, joined by starting the program once more with
// PipeWire's JACK library in place of the usual one.

#ifndef BACKLINE_APP_PIPEWIRE_H
#define BACKLINE_APP_PIPEWIRE_H

#include "backline/status.h"

#include <stdbool.h>

/// Whether a PipeWire daemon of this user answers at its socket. Thread: any but RT.
bool bl_pipewire_runs(void);

/// If PipeWire is the server to join and the JACK library here is jackd's, replaces this process by
/// the same command under pw-jack. Returns if there is no reason to, with OK, or if pw-jack is
/// missing, with BL_STATUS_NOT_FOUND and a sentence that names the package. `server` is the JACK
/// server that was asked for by name, or NULL; `arguments` follow the program's name, ended by
/// NULL. Thread: MAIN, before any other thread is made.
bl_status bl_pipewire_join(const char *server, char **arguments, bl_error *error);

#endif
