// SPDX-License-Identifier: MIT
// The table of what a bl_app's player can move by foot, and what moves it. MAIN's.

#include "app_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PARTS_OFFERED = 8 };

/// Whether the table has a row for a numbered target even if nothing does it.
static bool is_offered(const bl_midi_target *target)
{
    return target->number == 0 ||
           (target->action == BL_ACTION_PART && target->number <= PARTS_OFFERED);
}

static bool is_same(const bl_midi_target *a, const bl_midi_target *b)
{
    return a->action == b->action && a->parameter == b->parameter && a->number == b->number;
}

/// The first of the map's rows that do the same.
static bool is_first(const bl_midi_map *map, size_t row)
{
    size_t first = 0;
    while (!is_same(&map->rows[first].target, &map->rows[row].target)) {
        first++;
    }
    return first == row;
}

/// Actions, each part of a song behind those of the list; what else the map does; parameters.
static bool find_target(const bl_midi_map *map, size_t index, bl_midi_target *target)
{
    for (int a = 0; a < BL_ACTION_COUNT; a++) {
        const size_t count = a == BL_ACTION_PART ? 1 + PARTS_OFFERED : 1;
        if (index < count) {
            *target = (bl_midi_target){.action = (bl_action)a, .number = (int)index};
            return true;
        }
        index -= count;
    }
    for (size_t i = 0; i < map->count; i++) {
        if (!is_offered(&map->rows[i].target) && is_first(map, i) && index-- == 0) {
            *target = map->rows[i].target;
            return true;
        }
    }
    *target = (bl_midi_target){.action = BL_ACTION_COUNT, .parameter = (bl_parameter)index};
    return index < BL_PARAMETER_COUNT;
}

/// Adds to a text what fits.
__attribute__((format(printf, 3, 4))) static void add(char *text, size_t capacity,
                                                      const char *format, ...)
{
    const size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, capacity - used, format, arguments);
    va_end(arguments);
}

/// "CC 21, channel 1, -20 to 0 dB, fast".
static void add_source(const bl_midi_row *row, char *text, size_t capacity)
{
    const bl_parameter_info *info = bl_parameter_get(row->target.parameter);
    add(text, capacity, "%s%s %d", text[0] != '\0' ? "; " : "",
        row->kind == BL_MIDI_NOTE ? "note" : "CC", row->number);
    if (row->channel != BL_MIDI_ANY_CHANNEL) {
        add(text, capacity, ", channel %d", row->channel + 1);
    }
    if (row->mode != BL_MIDI_MODE_ABSOLUTE) {
        add(text, capacity, ", %s", bl_midi_modes[row->mode]);
    }
    if (row->target.action == BL_ACTION_COUNT && (row->min != info->min || row->max != info->max)) {
        add(text, capacity, ", %g to %g%s%s", row->min, row->max, info->unit[0] != '\0' ? " " : "",
            info->unit);
    }
    if (row->curve != BL_MIDI_EVEN) {
        add(text, capacity, ", %s", bl_midi_curves[row->curve]);
    }
}

bool bl_app_get_control(const bl_app *app, size_t index, bl_app_control *control)
{
    const bl_midi_map *map = &app->midi_map;
    bl_midi_target target;
    if (!find_target(map, index, &target)) {
        return false;
    }
    *control = (bl_app_control){.source = ""};
    if (target.action == BL_ACTION_COUNT) {
        const bl_parameter_info *info = bl_parameter_get(target.parameter);
        control->is_parameter = true;
        control->min = info->min;
        control->max = info->max;
        snprintf(control->name, sizeof control->name, "%s", info->key);
        snprintf(control->label, sizeof control->label, "%s", info->label);
    } else {
        const bl_action_info *info = bl_action_get(target.action);
        snprintf(control->name, sizeof control->name, "%s", info->name);
        snprintf(control->label, sizeof control->label, "%s", info->label);
        if (target.number > 0) {
            add(control->name, sizeof control->name, " %d", target.number);
            add(control->label, sizeof control->label, ": %d", target.number);
        } else if (info->kind == BL_ACTION_NUMBER) {
            add(control->label, sizeof control->label, ", by the value");
        }
    }
    for (size_t i = 0; i < map->count; i++) {
        if (is_same(&map->rows[i].target, &target)) {
            add_source(&map->rows[i], control->source, sizeof control->source);
        }
    }
    control->learning = app->learning && is_same(&app->learn_wish.target, &target);
    return true;
}
