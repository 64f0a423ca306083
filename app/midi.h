// SPDX-License-Identifier: MIT
// MIDI on its way from the audio thread to MAIN: bytes become messages, and a flood of them becomes
// what a player can mean. The work of a period is bounded by the bytes that a port can hold.
// Bytes as in the MIDI 1.0 Detailed Specification.

#ifndef BACKLINE_APP_MIDI_H
#define BACKLINE_APP_MIDI_H

#include "backline/realtime.h"
#include "backline/ring.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BL_MIDI_CHANNELS = 16, BL_MIDI_NUMBERS = 128 };

typedef enum bl_midi_kind {
    BL_MIDI_CONTROL, ///< `number`, `value` 0..127
    BL_MIDI_NOTE,    ///< `number`, `value` is the velocity; 0: released
    BL_MIDI_PROGRAM, ///< `number`, `bank`: the last bank select of this channel, `list`
} bl_midi_kind;

/// What Backline listens to; everything else in the stream is passed over.
typedef struct bl_midi_event {
    uint8_t kind;    ///< bl_midi_kind
    uint8_t channel; ///< 0..15
    uint8_t number, value;
    uint16_t bank; ///< 0..16383
    uint32_t list; ///< of the stage, whose rig the audio thread has chosen; 0: none
} bl_midi_event;

/// Where a stream of bytes stands.
typedef struct bl_midi_parser {
    uint8_t status;                    ///< running status; 0: none, data bytes mean nothing
    uint8_t data[2], count;            ///< data bytes so far
    uint8_t bank[BL_MIDI_CHANNELS][2]; ///< coarse and fine bank select
} bl_midi_parser;

/// Takes one byte; true if it completes an event. Real-time bytes may stand anywhere, running
/// status is understood, system messages end it. Any parser of zeros is at the beginning of a
/// stream. Thread: any, RT safe.
bool bl_midi_parse(bl_midi_parser *parser, uint8_t byte, bl_midi_event *event) BL_NONBLOCKING;

enum {
    BL_MIDI_SINGLES = 32,    ///< events of a period that are passed on one by one
    BL_MIDI_CAPACITY = 1024, ///< events that can wait for MAIN
};

/// Collects the events of a period and passes them on. Beyond BL_MIDI_SINGLES, of each controller
/// only the last value of the period counts, and notes are dropped; program changes never count
/// here, of them only the last one of a period is given to the caller.
typedef struct bl_midi_intake {
    // RT alone.
    bl_midi_parser parser;
    uint32_t singles;                                  ///< of this period
    uint16_t late[BL_MIDI_CHANNELS * BL_MIDI_NUMBERS]; ///< controllers whose last value waits
    uint32_t late_count;
    bool is_late[BL_MIDI_CHANNELS * BL_MIDI_NUMBERS];
    uint8_t latest[BL_MIDI_CHANNELS * BL_MIDI_NUMBERS];
    bool has_program;
    bl_midi_event program;
    bool has_untold; ///< a program change that found no room yet
    bl_midi_event untold;

    bl_ring *events;         ///< RT -> MAIN
    _Atomic uint64_t heard;  ///< RT -> MAIN: events so far
    _Atomic uint64_t merged; ///< RT -> MAIN: values that a later one of the same period replaced
    _Atomic uint64_t lost;   ///< RT -> MAIN: notes, and program changes overtaken by another
    _Atomic int channel;     ///< MAIN -> RT: the only one listened to, 0..15; -1: all
} bl_midi_intake;

/// Thread: any but RT. Owns: the caller, who ends with bl_midi_intake_finish. False: memory is
/// short.
bool bl_midi_intake_init(bl_midi_intake *intake);

/// Thread: any but RT, with both sides at rest.
void bl_midi_intake_finish(bl_midi_intake *intake);

/// Bytes of the stream. Thread: RT.
void bl_midi_intake_put(bl_midi_intake *intake, const uint8_t *bytes, size_t size) BL_NONBLOCKING;

/// Ends a period. Passes on what waits, as far as there is room, and gives the last program change
/// of the period, if there was one, in `*program`: true. Thread: RT.
bool bl_midi_intake_end(bl_midi_intake *intake, bl_midi_event *program) BL_NONBLOCKING;

/// Tells MAIN of a program change, as soon as there is room. Thread: RT.
void bl_midi_intake_tell(bl_midi_intake *intake, const bl_midi_event *program) BL_NONBLOCKING;

/// The oldest event; false if there is none. Thread: MAIN.
bool bl_midi_intake_take(bl_midi_intake *intake, bl_midi_event *event);

#endif
