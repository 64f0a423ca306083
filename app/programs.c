// SPDX-License-Identifier: MIT
// The table of programs: list, bank, program and rig packed into one word a row.

#include "programs.h"

enum { RIG_BITS = 11, PROGRAM_BITS = 7, LIST_SHIFT = 32 };

_Static_assert(BL_SETLIST_RIGS_MAX < 1 << RIG_BITS, "a rig counts from 1 in its bits");
_Static_assert(BL_SETLIST_BANK_MAX < 1 << (32 - RIG_BITS - PROGRAM_BITS), "and so do banks");

static uint32_t pack(uint32_t bank, uint32_t program)
{
    return (bank << PROGRAM_BITS | program) << RIG_BITS;
}

void bl_programs_set(bl_programs *programs, const bl_setlist *setlist, uint32_t list,
                     const int *chosen_by_rig)
{
    for (size_t i = 0; i < BL_SETLIST_PARTS_MAX; i++) {
        uint64_t row = 0;
        if (i < setlist->part_count) {
            const bl_setlist_part *part = &setlist->parts[i];
            const int chosen = chosen_by_rig[part->rig];
            row = part->program >= 0 && chosen >= 0
                      ? (uint64_t)list << LIST_SHIFT |
                            pack((uint32_t)part->bank, (uint32_t)part->program) |
                            ((uint32_t)chosen + 1)
                      : 0;
        }
        // Who finds it is stamped later than the choice that its list began with.
        atomic_store_explicit(&programs->rows[i], row, memory_order_release);
    }
}

static uint64_t find(const bl_programs *programs, uint32_t bank, uint32_t program)
{
    const uint32_t wanted = pack(bank, program);
    const uint32_t rig_mask = (1U << RIG_BITS) - 1;
    for (size_t i = 0; i < BL_SETLIST_PARTS_MAX; i++) {
        const uint64_t row = atomic_load_explicit(&programs->rows[i], memory_order_acquire);
        if (row != 0 && ((uint32_t)row & ~rig_mask) == wanted) {
            return row;
        }
    }
    return 0;
}

void bl_programs_choose(const bl_programs *programs, bl_stage *stage, bl_midi_event *program)
{
    const uint64_t row = find(programs, program->bank, program->number);
    const uint32_t list = (uint32_t)(row >> LIST_SHIFT);
    const int rig = (int)((uint32_t)row & ((1U << RIG_BITS) - 1)) - 1;
    program->list = row != 0 && bl_stage_choose_now(stage, list, rig) ? list : 0;
}
