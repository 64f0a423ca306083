// SPDX-License-Identifier: MIT
// Parsing and thinning out MIDI. What the audio thread calls neither waits nor fails.

#include "midi.h"

#include <string.h>

enum {
    STATUS = 0x80,
    NOTE_OFF = 0x80,
    NOTE_ON = 0x90,
    CONTROL = 0xB0,
    PROGRAM = 0xC0,
    PRESSURE = 0xD0,
    SYSTEM = 0xF0,
    REAL_TIME = 0xF8,
    BANK_COARSE = 0,
    BANK_FINE = 32,
};

/// What a complete channel message means; false: nothing to us.
static bool interpret(bl_midi_parser *parser, bl_midi_event *event)
{
    const uint8_t channel = parser->status & 0x0F;
    *event =
        (bl_midi_event){.channel = channel, .number = parser->data[0], .value = parser->data[1]};
    switch (parser->status & 0xF0) {
    case NOTE_OFF:
        event->kind = BL_MIDI_NOTE;
        event->value = 0;
        return true;
    case NOTE_ON:
        event->kind = BL_MIDI_NOTE;
        return true;
    case CONTROL:
        if (event->number == BANK_COARSE || event->number == BANK_FINE) {
            parser->bank[channel][event->number == BANK_FINE] = event->value;
            return false;
        }
        event->kind = BL_MIDI_CONTROL;
        return true;
    case PROGRAM:
        event->kind = BL_MIDI_PROGRAM;
        event->value = 0;
        event->bank = (uint16_t)(parser->bank[channel][0] * 128 + parser->bank[channel][1]);
        return true;
    default:
        return false;
    }
}

bool bl_midi_parse(bl_midi_parser *parser, uint8_t byte, bl_midi_event *event)
{
    if (byte >= REAL_TIME) {
        return false;
    }
    if (byte >= STATUS) {
        parser->status = byte < SYSTEM ? byte : 0;
        parser->count = 0;
        return false;
    }
    if (parser->status == 0) {
        return false;
    }
    parser->data[parser->count++] = byte;
    const uint8_t kind = parser->status & 0xF0;
    if (parser->count < (kind == PROGRAM || kind == PRESSURE ? 1 : 2)) {
        return false;
    }
    parser->count = 0;
    return interpret(parser, event);
}

bool bl_midi_intake_init(bl_midi_intake *intake)
{
    memset(intake, 0, sizeof *intake);
    atomic_init(&intake->channel, -1);
    intake->events = bl_ring_create(BL_MIDI_CAPACITY, sizeof(bl_midi_event));
    return intake->events != NULL;
}

void bl_midi_intake_finish(bl_midi_intake *intake)
{
    bl_ring_destroy(intake->events);
    intake->events = NULL;
}

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/// Keeps the last value of a controller for the end of the period.
static void keep(bl_midi_intake *intake, const bl_midi_event *event)
{
    const uint16_t at = (uint16_t)(event->channel * BL_MIDI_NUMBERS + event->number);
    intake->latest[at] = event->value;
    if (intake->is_late[at]) {
        count(&intake->merged);
    } else {
        intake->is_late[at] = true;
        intake->late[intake->late_count++] = at;
    }
}

static void put_event(bl_midi_intake *intake, const bl_midi_event *event)
{
    count(&intake->heard);
    if (event->kind == BL_MIDI_PROGRAM) {
        if (intake->has_program) {
            count(&intake->lost);
        }
        intake->has_program = true;
        intake->program = *event;
        return;
    }
    // As long as values wait, later ones may not overtake them.
    if (intake->late_count == 0 && intake->singles < BL_MIDI_SINGLES &&
        bl_ring_write(intake->events, event)) {
        intake->singles++;
    } else if (event->kind == BL_MIDI_CONTROL) {
        keep(intake, event);
    } else {
        count(&intake->lost);
    }
}

void bl_midi_intake_put(bl_midi_intake *intake, const uint8_t *bytes, size_t size)
{
    const int channel = atomic_load_explicit(&intake->channel, memory_order_relaxed);
    bl_midi_event event;
    for (size_t i = 0; i < size; i++) {
        if (bl_midi_parse(&intake->parser, bytes[i], &event) &&
            (channel < 0 || channel == event.channel)) {
            put_event(intake, &event);
        }
    }
}

/// Passes on the values that wait, the longest waiting first; what finds no room waits on.
static void pass_on(bl_midi_intake *intake)
{
    uint32_t done = 0;
    while (done < intake->late_count && done < BL_MIDI_SINGLES) {
        const uint16_t at = intake->late[done];
        const bl_midi_event event = {
            .kind = BL_MIDI_CONTROL,
            .channel = (uint8_t)(at / BL_MIDI_NUMBERS),
            .number = (uint8_t)(at % BL_MIDI_NUMBERS),
            .value = intake->latest[at],
        };
        if (!bl_ring_write(intake->events, &event)) {
            break;
        }
        intake->is_late[at] = false;
        done++;
    }
    intake->late_count -= done;
    memmove(intake->late, intake->late + done, intake->late_count * sizeof *intake->late);
}

bool bl_midi_intake_end(bl_midi_intake *intake, bl_midi_event *program)
{
    const bool has_program = intake->has_program;
    if (has_program) {
        *program = intake->program;
    }
    if (intake->has_untold) {
        intake->has_untold = !bl_ring_write(intake->events, &intake->untold);
    }
    pass_on(intake);
    intake->has_program = false;
    intake->singles = 0;
    return has_program;
}

void bl_midi_intake_tell(bl_midi_intake *intake, const bl_midi_event *program)
{
    intake->untold = *program; // only the last one counts
    intake->has_untold = !bl_ring_write(intake->events, program);
}

bool bl_midi_intake_take(bl_midi_intake *intake, bl_midi_event *event)
{
    return bl_ring_read(intake->events, event);
}
