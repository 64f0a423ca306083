// SPDX-License-Identifier: MIT
// Keys to actions. Whoever reads stderr sees questions and tables; stdout has the status alone.

#include "console.h"

#include "backline/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKSPACE = 127, CONTROL_H = 8, ESCAPE = 27 };

void bl_console_print_keys(void)
{
    fputs("\r\033[K", stderr);
    for (int a = 0; a < BL_ACTION_COUNT; a++) {
        const bl_action_info *info = bl_action_get((bl_action)a);
        if (info->keys[0] != '\0') {
            fprintf(stderr, "  %-10s %s\n",
                    info->kind == BL_ACTION_NUMBER ? "1...9" : (char[]){info->keys[0], '\0'},
                    info->label);
        }
    }
    fputs("  j, number  Part of the whole list\n"
          "  c, name    Learn which MIDI control does an action or moves a parameter\n"
          "  f, name    Forget it\n"
          "  l          List all parts and their programs, and what is done over MIDI\n"
          "  Ctrl-C     End\n",
          stderr);
}

void bl_console_print_parts(const bl_app *app)
{
    bl_app_part part;
    fprintf(stderr, "\r\033[K%5s %5s %5s  part\n", "", "bank", "prog");
    for (size_t n = 1; bl_app_get_part(app, n, &part); n++) {
        char program[16] = "-", bank[16] = "-";
        if (part.program >= 0) {
            snprintf(bank, sizeof bank, "%d", part.bank);
            snprintf(program, sizeof program, "%d", part.program);
        }
        fprintf(stderr, "%5zu %5s %5s  %s: %s (%s)%s%s\n", n, bank, program, part.song, part.part,
                part.rig, part.fault[0] != '\0' ? " CANNOT PLAY: " : "", part.fault);
    }
}

/// What is done over MIDI.
static void print_controls(const bl_app *app)
{
    bl_app_control control;
    for (size_t i = 0; bl_app_get_control(app, i, &control); i++) {
        if (control.source[0] != '\0') {
            fprintf(stderr, "  %-20s %s\n", control.name, control.source);
        }
    }
}

static void ask(bl_console *console, char question, const char *words)
{
    console->question = question;
    console->count = 0;
    fprintf(stderr, "\r\033[K%s ", words);
}

static void answered(bl_console *console)
{
    uint64_t number = 0;
    const char question = console->question;
    console->question = 0;
    if (question == 'c' && !bl_app_learn(console->app, console->answer)) {
        fprintf(stderr,
                "there is no action or parameter \"%s\"; expected its name, and how if you like: "
                "toggle, momentary, relative_twos, relative_offset or relative_sign, and of a "
                "parameter its range and slow or fast, as in \"level_db -20 0 slow\"\n",
                console->answer);
    } else if (question == 'f' && !bl_app_forget(console->app, console->answer)) {
        fprintf(stderr, "nothing over MIDI does \"%s\"\n", console->answer);
    } else if (question == 'j' && bl_text_parse_count(console->answer, &number) && number >= 1 &&
               number <= INT32_MAX) {
        bl_app_act(console->app, BL_ACTION_JUMP, (int)number);
    }
}

/// A byte of the answer.
static void type(bl_console *console, char byte)
{
    if (byte == '\r' || byte == '\n') {
        console->answer[console->count] = '\0';
        fputc('\n', stderr);
        answered(console);
    } else if (byte == ESCAPE) {
        console->question = 0;
        fputs("\r\033[K", stderr);
    } else if ((byte == BACKSPACE || byte == CONTROL_H) && console->count > 0) {
        console->count--;
        fputs("\b \b", stderr);
    } else if (byte >= ' ' && byte < BACKSPACE && console->count + 1 < sizeof console->answer) {
        console->answer[console->count++] = byte;
        fputc(byte, stderr);
    }
}

void bl_console_take(bl_console *console, char byte)
{
    int value = 0;
    if (console->question != 0) {
        type(console, byte);
        return;
    }
    const char key = bl_key_decode(&console->decoder, byte);
    const bl_action action = bl_action_of_key(key, &value);
    if (action != BL_ACTION_COUNT) {
        bl_app_act(console->app, action, value);
    } else if (key == 'j') {
        ask(console, key, "jump to part number:");
    } else if (key == 'c') {
        ask(console, key, "learn a control for which action or parameter (and how):");
    } else if (key == 'f') {
        ask(console, key, "forget the control of which action or parameter:");
    } else if (key == 'l') {
        bl_console_print_parts(console->app);
        print_controls(console->app);
    } else if (key == '?' || key == 'h') {
        bl_console_print_keys();
    }
}
