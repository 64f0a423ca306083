// SPDX-License-Identifier: MIT
// Sound cards by libasound's control interface.

#include "card.h"

#include <alsa/asoundlib.h>
#include <stdio.h>

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
    snd_lib_error_set_handler(ignore_text);
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
