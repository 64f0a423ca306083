// SPDX-License-Identifier: MIT
// What JACK's threads tell the rest: plain counters, read whenever somebody cares, and one eventfd
// that wakes MAIN. It outlives every client, so that a callback of a dying one finds it alive.

#ifndef BACKLINE_APP_PULSE_H
#define BACKLINE_APP_PULSE_H

#include "midi.h"
#include "programs.h"
#include "stage.h"

#include "backline/ring.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// What has changed, as bits of bl_pulse.news.
enum {
    BL_NEWS_PORTS = 1 << 0,   ///< something about ports or connections
    BL_NEWS_FORMAT = 1 << 1,  ///< rate or period
    BL_NEWS_LATENCY = 1 << 2, ///< latency ranges of our ports
    BL_NEWS_LOST = 1 << 3,    ///< the server is gone, see lost_epoch
    BL_NEWS_WHEEL = 1 << 4,   ///< freewheel
    BL_NEWS_XRUN = 1 << 6,
};

enum {
    BL_PULSE_LEVELS = 256, ///< ports whose level is measured, at most
    BL_PULSE_CAME = 256,   ///< ports that come from one survey to the next, told one by one
};

enum { BL_PULSE_REASON_MAX = 96 };

/// A piece of the input.
typedef struct bl_tuner_block {
    uint32_t count;
    float samples[64];
} bl_tuner_block;

typedef struct bl_pulse {
    int wake_fd;           ///< eventfd of MAIN, written by NOTIFY, set before any client is opened
    bl_midi_intake *midi;  ///< filled by RT, set before any client is opened; NULL: deaf
    bl_stage *stage;       ///< that program changes choose from, set like `midi`; NULL: none
    bl_programs *programs; ///< what they choose, set with `stage`
    bl_ring *tuner;        ///< bl_tuner_block, RT -> MAIN, set like `midi`; NULL: none
    _Atomic bool tuner_on; ///< MAIN -> RT: the input goes there

    /// In freewheel RT calls it before each cycle, and waits as long as it takes: nothing can be
    /// late there, and runs are to be exact. Never called else. Set before any client is opened;
    /// NULL: there is nothing to wait for.
    void (*settle)(void *argument);
    void *settle_argument;
    _Atomic bool unsettled; ///< NOTIFY -> MAIN, RT: freewheel has begun, MAIN has not followed yet

    _Atomic uint64_t cycles;  ///< RT -> MAIN: the heartbeat
    _Atomic uint64_t frames;  ///< RT -> MAIN: frames of those cycles
    _Atomic uint64_t busy_ns; ///< RT -> MAIN: time spent in them
    _Atomic uint64_t max_ppm; ///< RT -> MAIN: worst share of one period, in millionths; MAIN clears

    /// Bits of the largest |sample| as a float, of the audio ports of others in the order of the
    /// last survey. MAIN takes it and leaves 0.
    _Atomic uint32_t levels[BL_PULSE_LEVELS]; ///< RT of the listening client -> MAIN

    _Atomic int thread;     ///< RT, before its first cycle -> MAIN: its id in the system; 0: none
    _Atomic bool real_time; ///< LINK -> MAIN: the server wants real-time priority for its clients

    _Atomic uint32_t graph_ppm; ///< LINK -> MAIN: load of the whole graph, in millionths

    _Atomic uint32_t own_latency_frames; ///< RT (and LINK before the first cycle) -> NOTIFY, MAIN

    _Atomic uint32_t news;       ///< NOTIFY -> MAIN, bits that MAIN clears
    _Atomic uint32_t rate_hz;    ///< NOTIFY -> MAIN
    _Atomic uint32_t period;     ///< NOTIFY -> MAIN, frames
    _Atomic uint32_t xruns;      ///< NOTIFY -> MAIN, total
    _Atomic bool freewheel;      ///< NOTIFY -> MAIN, RT
    _Atomic uint64_t lost_epoch; ///< NOTIFY -> MAIN: which client lost its server
    /// Why, in the server's words; NOTIFY's until it writes lost_epoch, then MAIN's.
    char lost_reason[BL_PULSE_REASON_MAX];

    _Atomic uint32_t came[BL_PULSE_CAME]; ///< NOTIFY -> LINK: ids of ports that came, turn by turn
    _Atomic uint32_t came_count;          ///< NOTIFY -> LINK: of them, since the start

    _Atomic uint32_t capture_latency_frames;  ///< NOTIFY -> MAIN: what arrives at `in`
    _Atomic uint32_t playback_latency_frames; ///< NOTIFY -> MAIN: what follows the outs
} bl_pulse;

#endif
