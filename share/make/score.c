// SPDX-License-Identifier: MIT
// The player: strokes become commands for single strings, sorted by frame; then the guitar runs.

#include "score.h"

#include <math.h>
#include <stdlib.h>

static const double touch_s = 0.006; // the pick lies on a string that long before it lets go
static const double fret_s = 0.003;  // a finger comes down that fast
static const double release_s = 0.1; // a new stroke this soon needs no hand to end the old note

enum { COMMANDS_PER_STRING = 8 }; // the most one stroke asks of one string

typedef struct score_player {
    const bl_score *score;
    double sample_rate_hz, seconds_per_beat;
    bl_random random;
    bl_guitar_command *commands;
    size_t count;
} score_player;

int bl_stroke_fret(char symbol)
{
    if (symbol >= '0' && symbol <= '9') {
        return symbol - '0';
    }
    if (symbol == 'x') {
        return 0;
    }
    return symbol >= 'a' && symbol < 'x' ? symbol - 'a' + 10 : -1;
}

static bl_guitar_command *add(score_player *player, double at_s, uint32_t string,
                              bl_guitar_action action)
{
    bl_guitar_command *command = &player->commands[player->count];
    *command = (bl_guitar_command){
        .frame = (uint64_t)llround(fmax(0.0, at_s) * player->sample_rate_hz),
        .order = (uint32_t)player->count,
        .string = string,
        .action = action,
    };
    player->count++;
    return command;
}

static void add_values(score_player *player, double at_s, uint32_t string, bl_guitar_action action,
                       double a, double b)
{
    bl_guitar_command *command = add(player, at_s, string, action);
    command->a = a;
    command->b = b;
}

static void add_damping(score_player *player, double at_s, uint32_t string, bl_damping damping)
{
    add(player, at_s, string, BL_GUITAR_DAMP)->damping = damping;
}

// Beat at which the string is struck next, after stroke `index`.
static double next_beat(const bl_score *score, size_t index, uint32_t string)
{
    for (size_t i = index + 1; i < score->count; i++) {
        if (bl_stroke_fret(score->strokes[i].frets[string]) >= 0) {
            return score->strokes[i].beat;
        }
    }
    return HUGE_VAL;
}

static void add_ornament(score_player *player, const bl_stroke *stroke, uint32_t string,
                         double at_s, double fret)
{
    double length_s = stroke->length_beats * player->seconds_per_beat;
    double turn_s = at_s + length_s / 3.0;
    switch (stroke->ornament) {
    case BL_ORNAMENT_NONE:
        break;
    case BL_ORNAMENT_HAMMER:
        add_values(player, turn_s, string, BL_GUITAR_GLIDE, fret + stroke->semitones, fret_s);
        add_values(player, turn_s, string, BL_GUITAR_TAP, 0.5 * stroke->velocity, 0.0);
        break;
    case BL_ORNAMENT_SLIDE:
        add_values(player, turn_s, string, BL_GUITAR_GLIDE, fret + stroke->semitones,
                   fmin(0.12, length_s / 4.0));
        break;
    case BL_ORNAMENT_BEND:
    case BL_ORNAMENT_RELEASE:
        add_values(player, at_s + length_s / 8.0, string, BL_GUITAR_GLIDE, fret + stroke->semitones,
                   fmin(0.25, length_s / 4.0));
        if (stroke->ornament == BL_ORNAMENT_RELEASE) {
            add_values(player, at_s + length_s * 2.0 / 3.0, string, BL_GUITAR_GLIDE, fret,
                       fmin(0.2, length_s / 4.0));
        }
        break;
    case BL_ORNAMENT_VIBRATO:
        add_values(player, turn_s, string, BL_GUITAR_VIBRATO, stroke->semitones, 5.2);
        break;
    }
}

static void add_string(score_player *player, size_t index, uint32_t string, double at_s,
                       double velocity)
{
    const bl_stroke *stroke = &player->score->strokes[index];
    double fret = bl_stroke_fret(stroke->frets[string]);
    bool dead = stroke->frets[string] == 'x';
    add_damping(player, at_s - touch_s, string, BL_DAMPING_TOUCH);
    add_values(player, at_s - touch_s, string, BL_GUITAR_VIBRATO, 0.0, 0.0);
    add_values(player, at_s - fret_s, string, BL_GUITAR_GLIDE, fret, fret_s);
    add_damping(player, at_s, string, dead ? BL_DAMPING_DEAD : stroke->damping);
    add_values(player, at_s, string, BL_GUITAR_STRIKE, velocity, 0.0);
    add_ornament(player, stroke, string, at_s, fret);

    // The note ends when its time is over, unless the pick comes back to the string by then.
    double left_beats = next_beat(player->score, index, string) - stroke->beat;
    if (left_beats > stroke->length_beats + release_s / player->seconds_per_beat) {
        add_damping(player, at_s + stroke->length_beats * player->seconds_per_beat, string,
                    BL_DAMPING_STOP);
    }
}

static double struck_strings(const bl_stroke *stroke)
{
    double count = 0.0;
    for (uint32_t string = 0; string < BL_GUITAR_STRINGS; string++) {
        count += bl_stroke_fret(stroke->frets[string]) >= 0;
    }
    return count;
}

static void add_stroke(score_player *player, size_t index, double looseness_s)
{
    const bl_stroke *stroke = &player->score->strokes[index];
    double at_s = stroke->beat * player->seconds_per_beat +
                  looseness_s * bl_random_unit(&player->random) + touch_s;
    // One stroke of the hand has one force: each string of a chord gets less of it.
    double velocity = stroke->velocity * (1.0 + 0.08 * bl_random_signed(&player->random)) *
                      pow(struck_strings(stroke), -0.35);
    for (uint32_t i = 0; i < BL_GUITAR_STRINGS; i++) {
        uint32_t string = stroke->up ? BL_GUITAR_STRINGS - 1 - i : i;
        if (bl_stroke_fret(stroke->frets[string]) < 0) {
            continue;
        }
        add_string(player, index, string, at_s, fmin(1.0, velocity));
        at_s += stroke->spread_s * (1.0 + 0.3 * bl_random_signed(&player->random));
    }
}

static int compare_commands(const void *left, const void *right)
{
    const bl_guitar_command *a = left, *b = right;
    if (a->frame != b->frame) {
        return a->frame < b->frame ? -1 : 1;
    }
    return (a->order > b->order) - (a->order < b->order);
}

static double run_guitar(const score_player *player, bl_guitar *guitar, bl_audio *audio)
{
    double peak = 0.0;
    size_t next = 0;
    for (uint64_t frame = 0; frame < audio->frames; frame++) {
        while (next < player->count && player->commands[next].frame <= frame) {
            bl_guitar_do(guitar, &player->commands[next++]);
        }
        double sample = bl_guitar_next(guitar);
        peak = fmax(peak, fabs(sample));
        audio->samples[frame] = (float)sample;
    }
    return peak;
}

bl_status bl_score_play(const bl_score *score, double sample_rate_hz, double peak,
                        double looseness_s, uint64_t seed, bl_audio *audio, bl_error *error)
{
    bl_status status = BL_STATUS_OK;
    double seconds_per_beat = 60.0 / score->beats_per_minute;
    uint64_t frames = (uint64_t)llround(score->beats * seconds_per_beat * sample_rate_hz);
    score_player player = {.score = score,
                           .sample_rate_hz = sample_rate_hz,
                           .seconds_per_beat = seconds_per_beat,
                           .random = {seed}};
    player.commands =
        calloc(score->count * BL_GUITAR_STRINGS * COMMANDS_PER_STRING + 1, sizeof *player.commands);
    bl_guitar *guitar = bl_guitar_create(sample_rate_hz, bl_random_next(&player.random));
    *audio = (bl_audio){.samples = calloc(frames + 1, sizeof(float)),
                        .frames = frames,
                        .sample_rate_hz = sample_rate_hz,
                        .file_channels = 1};
    if (player.commands == NULL || guitar == NULL || audio->samples == NULL) {
        status = bl_error_set(error, BL_STATUS_NO_MEMORY, "no memory to play a score of %.0f s",
                              (double)frames / sample_rate_hz);
        goto fail;
    }
    for (size_t i = 0; i < score->count; i++) {
        add_stroke(&player, i, looseness_s);
    }
    qsort(player.commands, player.count, sizeof *player.commands, compare_commands);
    double gain = peak / run_guitar(&player, guitar, audio);
    for (uint64_t i = 0; i < frames; i++) {
        audio->samples[i] = (float)(gain * (double)audio->samples[i]);
    }
fail:
    bl_guitar_destroy(guitar);
    free(player.commands);
    if (status != BL_STATUS_OK) {
        bl_audio_finish(audio);
    }
    return status;
}
