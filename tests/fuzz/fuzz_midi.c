// SPDX-License-Identifier: MIT
// Fuzz target for MIDI maps: what is read is the same once more after it was written, and no event
// moves anything out of its range.

#include "fuzz_file.h"

#include "app/midi_map.h"

#include <string.h>

static void play(bl_midi_map *map)
{
    double values[BL_PARAMETER_COUNT];
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        values[p] = bl_parameter_get((bl_parameter)p)->default_value;
    }
    for (size_t i = 0; i < map->count; i++) {
        const bl_midi_row *row = &map->rows[i];
        const uint8_t channel = row->channel >= 0 ? (uint8_t)row->channel : 0;
        for (int value = 0; value <= 127; value += 127) {
            const bl_midi_event event = {.kind = (uint8_t)row->kind,
                                         .channel = channel,
                                         .number = row->number,
                                         .value = (uint8_t)value};
            bl_midi_effect effect;
            if (!bl_midi_map_apply(map, i, &event, values, &effect)) {
                continue;
            }
            PROMISE(effect.target.action <= BL_ACTION_COUNT);
            const bl_parameter p = effect.target.parameter;
            PROMISE(effect.target.action != BL_ACTION_COUNT ||
                    effect.value == bl_parameter_clamp(p, effect.value));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bl_midi_map map, again;
    bl_error error = {0};
    bl_midi_map_init(&map);
    const char *path = fuzz_file_write("midi.yaml", bytes, size);
    const bl_status status = bl_midi_map_load(path, &map, &error);
    PROMISE(status == error.status && (status == BL_STATUS_OK || error.text[0] != '\0'));
    if (status != BL_STATUS_OK) {
        PROMISE(map.count == 0);
        return 0;
    }
    const char *copy = fuzz_file("copy.yaml");
    PROMISE(bl_midi_map_save(copy, &map, NULL) == BL_STATUS_OK);
    PROMISE(bl_midi_map_load(copy, &again, NULL) == BL_STATUS_OK);
    PROMISE(again.count == map.count && again.channel == map.channel);
    for (size_t i = 0; i < map.count; i++) {
        const bl_midi_row *a = &map.rows[i], *b = &again.rows[i];
        PROMISE(a->kind == b->kind && a->number == b->number && a->mode == b->mode);
        PROMISE(a->target.action == b->target.action && a->target.number == b->target.number);
    }
    play(&map);
    return 0;
}
