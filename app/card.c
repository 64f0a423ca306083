// SPDX-License-Identifier: MIT
// Sound cards by libasound's control interface.

#include "card.h"

#include "backline/text.h"

#include <alsa/asoundlib.h>
#include <stdio.h>
#include <string.h>

static void ignore_text(const char *file, int line, const char *function, int code,
                        const char *format, ...)
{
    (void)file;
    (void)line;
    (void)function;
    (void)code;
    (void)format;
}

/// What the card's devices can do between them.
static void find_directions(snd_ctl_t *control, bl_card *card)
{
    snd_pcm_info_t *info = NULL;
    if (snd_pcm_info_malloc(&info) < 0) {
        return;
    }
    int device = -1;
    while (snd_ctl_pcm_next_device(control, &device) == 0 && device >= 0) {
        snd_pcm_info_set_device(info, (unsigned)device);
        snd_pcm_info_set_subdevice(info, 0);
        snd_pcm_info_set_stream(info, SND_PCM_STREAM_CAPTURE);
        card->captures = card->captures || snd_ctl_pcm_info(control, info) == 0;
        snd_pcm_info_set_stream(info, SND_PCM_STREAM_PLAYBACK);
        card->plays = card->plays || snd_ctl_pcm_info(control, info) == 0;
    }
    snd_pcm_info_free(info);
}

static bool describe(int index, bl_card *card)
{
    char path[16];
    snprintf(path, sizeof path, "hw:%d", index);
    snd_ctl_t *control = NULL;
    snd_lib_error_set_handler(ignore_text);
    if (snd_ctl_open(&control, path, SND_CTL_NONBLOCK) < 0) {
        return false;
    }
    bool found = false;
    snd_ctl_card_info_t *info = NULL;
    if (snd_ctl_card_info_malloc(&info) == 0 && snd_ctl_card_info(control, info) == 0) {
        *card = (bl_card){.number = index};
        snprintf(card->id, sizeof card->id, "%s", snd_ctl_card_info_get_id(info));
        snprintf(card->name, sizeof card->name, "%s", snd_ctl_card_info_get_name(info));
        find_directions(control, card);
        found = true;
    }
    snd_ctl_card_info_free(info);
    snd_ctl_close(control);
    return found;
}

size_t bl_card_list(bl_card cards[BL_CARD_LIST_MAX])
{
    size_t count = 0;
    int index = -1;
    while (count < BL_CARD_LIST_MAX && snd_card_next(&index) == 0 && index >= 0) {
        if (describe(index, &cards[count])) {
            count++;
        }
    }
    snd_config_update_free_global();
    return count;
}

/// Where CARD begins in "alsa:CARD", "alsa_pcm:hw:CARD" and their likes; NULL: it is none of them.
static const char *find_card(const char *device)
{
    static const char *const beginnings[] = {
        "alsa:", "alsa_pcm:hw:CARD=", "alsa_pcm:hw:", "alsa_pcm:plughw:CARD=", "alsa_pcm:plughw:"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        const size_t length = strlen(beginnings[i]);
        if (strncmp(device, beginnings[i], length) == 0) {
            const char *card = device + length;
            return strchr(card, ':') == NULL ? card : NULL; // PipeWire's go on
        }
    }
    return NULL;
}

void bl_card_key(const char *device, char *key, size_t capacity)
{
    const char *at = find_card(device);
    if (at == NULL) {
        snprintf(key, capacity, "%s", device);
        return;
    }
    bl_card card = {.number = -1};
    uint64_t number = 0;
    const char *comma = strchr(at, ',');
    snprintf(card.id, sizeof card.id, "%.*s", (int)strcspn(at, ","), at);
    if (bl_text_parse_count(card.id, &number) && number < BL_CARD_LIST_MAX) {
        describe((int)number, &card); // else the number is all there is
    }
    const char *of_card = comma == NULL ? "0" : comma + (strncmp(comma, ",DEV=", 5) == 0 ? 5 : 1);
    const bool first = strcmp(of_card, "0") == 0;
    snprintf(key, capacity, "alsa:%s%s%s", card.id, first ? "" : ",", first ? "" : of_card);
}
