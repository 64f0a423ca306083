// SPDX-License-Identifier: MIT
// What `backline live` says once a second: a line for people, or NDJSON.

#ifndef BACKLINE_APP_STATUS_LINE_H
#define BACKLINE_APP_STATUS_LINE_H

#include "app.h"

#include <stddef.h>

/// Level of a silent meter, also the lowest that is written.
#define BL_STATUS_FLOOR_DB (-120.0)

/// One line without its end, at most `capacity` bytes. Thread: MAIN.
void bl_status_line_format(const bl_app_state *state, char *text, size_t capacity);

/// A record on standard output; `time_s` since the start. Thread: MAIN.
void bl_status_line_print_record(const bl_app_state *state, double time_s);

/// A message as a record, so that the stream tells all. Thread: MAIN.
void bl_status_line_print_message(const bl_app_message *message, double time_s);

#endif
