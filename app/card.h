// SPDX-License-Identifier: MIT
// Sound cards as ALSA knows them. None is an answer, not a failure.

#ifndef BACKLINE_APP_CARD_H
#define BACKLINE_APP_CARD_H

#include <stdbool.h>
#include <stddef.h>

enum { BL_CARD_LIST_MAX = 32 };

typedef struct bl_card {
    char id[32];    ///< ALSA's short name, stable over reboots: "hw:ID" opens it
    int number;     ///< "hw:NUMBER" opens it too, as long as it stays plugged in
    char name[128]; ///< for people
    bool captures, plays;
} bl_card;

/// Lists at most BL_CARD_LIST_MAX cards and returns how many there are. Opens no device for
/// sound. Thread: any but RT, may wait for the disk.
size_t bl_card_list(bl_card cards[BL_CARD_LIST_MAX]);

/// What a sound card is called where something is remembered for it: "alsa:ID", or "alsa:ID,DEVICE"
/// for another than its first device, whether `device` is of our own server ("alsa:CARD") or an
/// alias that jackd gave ("alsa_pcm:hw:CARD"), and although CARD may be a number. What is no such
/// card stays as it is. Thread: any but RT, may wait for the disk.
void bl_card_key(const char *device, char *key, size_t capacity);

#endif
