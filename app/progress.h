// SPDX-License-Identifier: MIT
// How far a long command is: a bar on a terminal, records for a program, nothing for a pipe.

#ifndef BACKLINE_APP_PROGRESS_H
#define BACKLINE_APP_PROGRESS_H

#include <stdbool.h>

typedef struct bl_progress {
    bool records;     ///< NDJSON on stdout instead of the bar on stderr
    bool bar;         ///< stderr is a terminal
    double started_s; ///< monotonic
    double shown_s;   ///< when the last bar or record was written
} bl_progress;

/// Seconds of the monotonic clock. Thread: any.
double bl_progress_clock_s(void);

/// Thread: MAIN, as the two below.
void bl_progress_begin(bl_progress *progress, bool records);

/// `done` from 0 to 1. Cheap to call often: writes ten times a second at most, and no bar for
/// work that is over in half a second.
void bl_progress_update(bl_progress *progress, double done);

/// Takes the bar away, or writes the last record.
void bl_progress_end(bl_progress *progress);

#endif
