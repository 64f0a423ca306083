// SPDX-License-Identifier: MIT
// The terminal's keys.

#include "keys.h"

#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { ESCAPE = 27 };

char bl_key_decode(bl_key_decoder *decoder, char byte)
{
    static const struct {
        const char *bytes;
        char key;
    } sequences[] = {
        {"[C", 'n'}, {"[B", 'n'}, {"OC", 'n'}, {"OB", 'n'}, {"[6~", 'n'},
        {"[D", 'p'}, {"[A", 'p'}, {"OD", 'p'}, {"OA", 'p'}, {"[5~", 'p'},
    };
    if (byte == ESCAPE) {
        decoder->sequence[0] = ESCAPE;
        decoder->count = 1;
        return 0;
    }
    if (decoder->count == 0) {
        return (char)(byte == '\r' || byte == '\n' ? 'n' : byte);
    }
    const bool first = decoder->count == 1;
    if (first && byte != '[' && byte != 'O') {
        decoder->count = 0; // the Escape key alone, or Alt and a key: nothing to us
        return 0;
    }
    if (decoder->count < sizeof decoder->sequence) {
        decoder->sequence[decoder->count++] = byte;
    }
    // A letter or ~ ends it, save the O and [ it begins with.
    if (first || ((byte < 'A' || byte > 'Z') && (byte < 'a' || byte > 'z') && byte != '~')) {
        return 0;
    }
    char key = 0;
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
        const size_t length = strlen(sequences[i].bytes);
        if (decoder->count == length + 1 &&
            memcmp(decoder->sequence + 1, sequences[i].bytes, length) == 0) {
            key = sequences[i].key;
        }
    }
    decoder->count = 0;
    return key;
}

static struct termios before;
static int terminal = -1;

static bool set_raw(int descriptor)
{
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    // A program in the background would be stopped for it.
    return tcgetpgrp(descriptor) == getpgrp() && tcsetattr(descriptor, TCSANOW, &raw) == 0;
}

bool bl_keys_open(int descriptor)
{
    static bool registered;
    if (isatty(descriptor) == 0 || tcgetattr(descriptor, &before) != 0 || !set_raw(descriptor)) {
        return false;
    }
    terminal = descriptor;
    if (!registered) {
        registered = atexit(bl_keys_close) == 0;
    }
    return true;
}

void bl_keys_resume(void)
{
    if (terminal >= 0) {
        set_raw(terminal);
    }
}

void bl_keys_close(void)
{
    if (terminal >= 0 && tcgetpgrp(terminal) == getpgrp()) {
        tcsetattr(terminal, TCSANOW, &before);
    }
    terminal = -1;
}
