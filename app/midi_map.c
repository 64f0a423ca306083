// SPDX-License-Identifier: MIT
// What events do. The file is in midi_map_file.c.

#include "midi_map.h"

#include "backline/text.h"

#include <math.h>
#include <string.h>

enum { PRESSED = 64, LAST = 127, NAME_MAX = 64 };

#define STEP (1.0 / LAST) // of a relative control, of the whole range

const char *const bl_midi_modes[] = {
#define MODE_NAME(id, name) name,
    BL_MIDI_MODE_TABLE(MODE_NAME)
#undef MODE_NAME
};
const char *const bl_midi_curves[] = {"even", "slow", "fast"};

void bl_midi_map_init(bl_midi_map *map)
{
    memset(map, 0, sizeof *map);
    map->channel = BL_MIDI_ANY_CHANNEL;
}

static bool is_relative(bl_midi_mode mode)
{
    return mode == BL_MIDI_MODE_TWOS || mode == BL_MIDI_MODE_OFFSET || mode == BL_MIDI_MODE_SIGN;
}

static int steps_of(bl_midi_mode mode, int value)
{
    switch (mode) {
    case BL_MIDI_MODE_TWOS:
        return value < PRESSED ? value : value - 128;
    case BL_MIDI_MODE_OFFSET:
        return value - PRESSED;
    default: // BL_MIDI_MODE_SIGN
        return value < PRESSED ? value : PRESSED - value;
    }
}

/// Parameters that travel by ratios do so under a pedal too.
static double bend(const bl_parameter_info *info, double value)
{
    return info->curve == BL_CURVE_LOG ? log2(value) : value;
}

static double unbend(const bl_parameter_info *info, double value)
{
    return info->curve == BL_CURVE_LOG ? exp2(value) : value;
}

/// The value at `place` (0..1) of the row's range.
static double value_at(const bl_midi_row *row, double place)
{
    const bl_parameter_info *info = bl_parameter_get(row->target.parameter);
    if (place <= 0.0 || place >= 1.0) {
        return place <= 0.0 ? row->min : row->max; // exactly
    }
    const double bent = row->curve == BL_MIDI_SLOW   ? place * place
                        : row->curve == BL_MIDI_FAST ? sqrt(place)
                                                     : place;
    const double low = bend(info, row->min), high = bend(info, row->max);
    return unbend(info, low + (high - low) * bent);
}

/// Where in the row's range, evenly, a value is.
static double place_of(const bl_midi_row *row, double value)
{
    const bl_parameter_info *info = bl_parameter_get(row->target.parameter);
    const double low = bend(info, row->min), high = bend(info, row->max);
    const double place = high != low ? (bend(info, value) - low) / (high - low) : 0.0;
    return place < 0.0 ? 0.0 : place > 1.0 ? 1.0 : place;
}

static bool move_parameter(const bl_midi_row *row, int value, bool press,
                           const double current[BL_PARAMETER_COUNT], double *result)
{
    const double now = current[row->target.parameter];
    const bool is_switch = bl_parameter_get(row->target.parameter)->curve == BL_CURVE_SWITCH;
    if (is_relative(row->mode)) {
        const double steps = steps_of(row->mode, value);
        const double place = is_switch ? (steps > 0.0   ? 1.0
                                          : steps < 0.0 ? 0.0
                                                        : now)
                                       : place_of(row, now) + steps * STEP;
        bl_midi_row even = *row; // a step is the same everywhere
        even.curve = BL_MIDI_EVEN;
        *result = value_at(&even, place);
        return steps != 0.0;
    }
    switch (row->mode) {
    case BL_MIDI_MODE_TOGGLE: // to the end that is further away
        *result = place_of(row, now) >= 0.5 ? row->min : row->max;
        return press;
    case BL_MIDI_MODE_MOMENTARY:
        *result = value >= PRESSED ? row->max : row->min;
        return true;
    default:
        *result = is_switch ? (value >= PRESSED ? row->max : row->min)
                            : value_at(row, (double)value / LAST);
        return true;
    }
}

static bool act(const bl_midi_row *row, int value, bool press, double *result)
{
    const bl_action_kind kind = bl_action_get(row->target.action)->kind;
    const bool on = value >= PRESSED;
    if (kind == BL_ACTION_SWITCH && row->mode != BL_MIDI_MODE_TOGGLE) {
        const int steps = is_relative(row->mode) ? steps_of(row->mode, value) : 0;
        *result = is_relative(row->mode) ? steps > 0 : on;
        return !is_relative(row->mode) || steps != 0;
    }
    if (kind == BL_ACTION_NUMBER && row->target.number == 0) { // the value chooses
        *result = value + 1;
        return true;
    }
    *result = kind == BL_ACTION_SWITCH ? BL_ACTION_TOGGLE : row->target.number;
    return is_relative(row->mode) ? steps_of(row->mode, value) > 0 : press;
}

bool bl_midi_map_apply(bl_midi_map *map, size_t index, const bl_midi_event *event,
                       const double current[BL_PARAMETER_COUNT], bl_midi_effect *effect)
{
    bl_midi_row *row = &map->rows[index];
    if (row->kind != (bl_midi_kind)event->kind || row->number != event->number ||
        (row->channel != BL_MIDI_ANY_CHANNEL && row->channel != event->channel)) {
        return false;
    }
    // A note is pressed however softly.
    const int value = event->kind == BL_MIDI_NOTE && event->value > 0 ? LAST : event->value;
    const bool press = value >= PRESSED && !row->pressed;
    row->pressed = value >= PRESSED;
    effect->target = row->target;
    return row->target.action == BL_ACTION_COUNT
               ? move_parameter(row, value, press, current, &effect->value)
               : act(row, value, press, &effect->value);
}

static bool is_same(const bl_midi_target *a, const bl_midi_target *b)
{
    return a->action == b->action && a->parameter == b->parameter && a->number == b->number;
}

static void remove_row(bl_midi_map *map, size_t index)
{
    map->count--;
    memmove(&map->rows[index], &map->rows[index + 1], (map->count - index) * sizeof *map->rows);
}

bool bl_midi_map_forget(bl_midi_map *map, const bl_midi_target *target)
{
    const size_t before = map->count;
    for (size_t i = map->count; i-- > 0;) {
        if (is_same(&map->rows[i].target, target)) {
            remove_row(map, i);
        }
    }
    return map->count < before;
}

static bl_midi_mode usual_mode(const bl_midi_event *event, const bl_midi_target *target)
{
    const bool is_switch = target->action != BL_ACTION_COUNT
                               ? bl_action_get(target->action)->kind == BL_ACTION_SWITCH
                               : bl_parameter_get(target->parameter)->curve == BL_CURVE_SWITCH;
    return is_switch || event->kind == BL_MIDI_NOTE ? BL_MIDI_MODE_TOGGLE : BL_MIDI_MODE_ABSOLUTE;
}

bool bl_midi_map_learn(bl_midi_map *map, const bl_midi_event *event, const bl_midi_wish *wish)
{
    bl_midi_map_forget(map, &wish->target);
    for (size_t i = map->count; i-- > 0;) {
        const bl_midi_row *row = &map->rows[i];
        if (row->kind == (bl_midi_kind)event->kind && row->number == event->number &&
            (row->channel == event->channel || row->channel == BL_MIDI_ANY_CHANNEL)) {
            remove_row(map, i);
        }
    }
    if (map->count == BL_MIDI_MAP_MAX) {
        return false;
    }
    map->rows[map->count++] = (bl_midi_row){
        .kind = (bl_midi_kind)event->kind,
        .channel = event->channel,
        .number = event->number,
        .target = wish->target,
        .mode = wish->mode != BL_MIDI_MODES ? wish->mode : usual_mode(event, &wish->target),
        .curve = wish->curve,
        .min = wish->min,
        .max = wish->max,
        .pressed = event->value >= PRESSED, // the press that taught it does nothing
    };
    return true;
}

bool bl_midi_target_find(const char *name, bl_midi_target *target)
{
    char word[NAME_MAX];
    const size_t length = strcspn(name, " ");
    uint64_t number = 0;
    if (length >= sizeof word) {
        return false;
    }
    memcpy(word, name, length);
    word[length] = '\0';
    const bool has_number = name[length] == ' ';
    *target = (bl_midi_target){.action = bl_action_find(word)};
    if (target->action != BL_ACTION_COUNT) {
        const bool wants = bl_action_get(target->action)->kind == BL_ACTION_NUMBER;
        if (has_number && (!wants || !bl_text_parse_count(name + length + 1, &number) ||
                           number < 1 || number > 1024)) {
            return false;
        }
        target->number = (int)number;
        return true;
    }
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        if (strcmp(bl_parameter_get((bl_parameter)p)->key, name) == 0) {
            target->parameter = (bl_parameter)p;
            return true;
        }
    }
    return false;
}

/// The next word of `*rest`, which is moved behind it; false: there is none, or it is too long.
static bool take_word(const char **rest, char word[NAME_MAX])
{
    *rest += strspn(*rest, " ");
    const size_t length = strcspn(*rest, " ");
    if (length == 0 || length >= NAME_MAX) {
        return false;
    }
    memcpy(word, *rest, length);
    word[length] = '\0';
    *rest += length;
    return true;
}

/// Its index in `words`, or `count`.
static int find_word(const char *word, const char *const *words, int count)
{
    int index = 0;
    while (index < count && strcmp(words[index], word) != 0) {
        index++;
    }
    return index;
}

/// Takes the target's name, with the number behind it if it has one.
static bool take_target(const char **rest, bl_midi_target *target)
{
    char words[2 * NAME_MAX], number[NAME_MAX];
    if (!take_word(rest, words)) {
        return false;
    }
    const char *behind = *rest;
    if (take_word(&behind, number)) {
        const size_t length = strlen(words);
        words[length] = ' ';
        strcpy(words + length + 1, number);
        if (bl_midi_target_find(words, target)) {
            *rest = behind;
            return true;
        }
        words[length] = '\0';
    }
    return bl_midi_target_find(words, target);
}

bool bl_midi_wish_find(const char *words, bl_midi_wish *wish)
{
    char word[NAME_MAX];
    double limits[2];
    int numbers = 0;
    *wish = (bl_midi_wish){.mode = BL_MIDI_MODES};
    if (!take_target(&words, &wish->target)) {
        return false;
    }
    const bool is_parameter = wish->target.action == BL_ACTION_COUNT;
    const bl_parameter_info *info = bl_parameter_get(wish->target.parameter);
    wish->min = is_parameter ? info->min : 0.0;
    wish->max = is_parameter ? info->max : 0.0;
    while (take_word(&words, word)) {
        const int mode = find_word(word, bl_midi_modes, BL_MIDI_MODES);
        const int curve = find_word(word, bl_midi_curves, BL_MIDI_CURVES);
        if (mode < BL_MIDI_MODES) {
            wish->mode = (bl_midi_mode)mode;
        } else if (is_parameter && curve < BL_MIDI_CURVES) {
            wish->curve = (bl_midi_curve)curve;
        } else if (is_parameter && numbers < 2 && bl_text_parse_number(word, &limits[numbers]) &&
                   limits[numbers] >= info->min && limits[numbers] <= info->max) {
            numbers++;
        } else {
            return false;
        }
    }
    if (numbers == 2) {
        wish->min = limits[0];
        wish->max = limits[1];
    }
    return *words == '\0' && numbers != 1;
}
