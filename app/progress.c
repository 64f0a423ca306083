// SPDX-License-Identifier: MIT
// How far a long command is. Thread: MAIN.

#include "progress.h"

#include "json.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_S 0.1
#define PATIENCE_S 0.5

enum { BAR_CELLS = 40 };

double bl_progress_clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void bl_progress_begin(bl_progress *progress, bool records)
{
    progress->records = records;
    progress->bar = !records && isatty(STDERR_FILENO);
    progress->started_s = bl_progress_clock_s();
    progress->shown_s = progress->started_s;
}

static void write_record(double done, double elapsed_s)
{
    json_t *record = json_pack("{s:s, s:f, s:f}", "event", "progress", "done", done,
                               "elapsed_seconds", elapsed_s);
    if (done > 0.0) {
        json_object_set_new(record, "left_seconds", json_real(elapsed_s * (1.0 - done) / done));
    }
    bl_json_print_record(record);
}

static void write_bar(double done, double elapsed_s)
{
    char cells[BAR_CELLS + 1];
    for (int i = 0; i < BAR_CELLS; i++) {
        cells[i] = i < (int)(done * BAR_CELLS) ? '#' : ' ';
    }
    cells[BAR_CELLS] = '\0';
    fprintf(stderr, "\r[%s] %3.0f %%  %.0f s left \033[K", cells, floor(done * 100.0),
            done > 0.0 ? ceil(elapsed_s * (1.0 - done) / done) : 0.0);
    fflush(stderr);
}

void bl_progress_update(bl_progress *progress, double done)
{
    const double now_s = bl_progress_clock_s();
    const double elapsed_s = now_s - progress->started_s;
    if (now_s - progress->shown_s < INTERVAL_S) {
        return;
    }
    if (progress->records) {
        write_record(done, elapsed_s);
        progress->shown_s = now_s;
    } else if (progress->bar && elapsed_s >= PATIENCE_S) {
        write_bar(done, elapsed_s);
        progress->shown_s = now_s;
    }
}

void bl_progress_end(bl_progress *progress)
{
    if (progress->records) {
        write_record(1.0, bl_progress_clock_s() - progress->started_s);
    } else if (progress->bar && progress->shown_s > progress->started_s) {
        fputs("\r\033[K", stderr);
    }
}
