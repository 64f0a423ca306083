// SPDX-License-Identifier: MIT
// Sound cards that come and go by a file: preloaded before ALSA's library, it answers what Backline
// asks there. $BL_FAKE_CARDS names a file with one card a line; each records and plays. With
// $BL_FAKE_HANG a JACK client is never closed.

#include <alsa/asoundlib.h>
#include <dlfcn.h>
#include <jack/jack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct _snd_ctl {
    char id[32];
};

static char last_id[32];

/// The id of card `index`, false if there are fewer.
static int find_card(int index, char id[32])
{
    FILE *file = fopen(getenv("BL_FAKE_CARDS"), "r");
    int found = 0;
    for (int i = 0; file != NULL && i <= index; i++) {
        found = fscanf(file, "%31s", id) == 1;
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

int jack_client_close(jack_client_t *client)
{
    int (*close_it)(jack_client_t *) = NULL;
    *(void **)&close_it = dlsym(RTLD_NEXT, "jack_client_close");
    while (getenv("BL_FAKE_HANG") != NULL) {
        pause();
    }
    return close_it(client);
}

int snd_card_next(int *card)
{
    char id[32];
    *card = find_card(*card + 1, id) ? *card + 1 : -1;
    return 0;
}

int snd_ctl_open(snd_ctl_t **ctl, const char *name, int mode)
{
    (void)mode;
    *ctl = calloc(1, sizeof **ctl);
    return *ctl != NULL && find_card(atoi(name + strlen("hw:")), (*ctl)->id) ? 0 : -1;
}

int snd_ctl_close(snd_ctl_t *ctl)
{
    free(ctl);
    return 0;
}

int snd_ctl_card_info(snd_ctl_t *ctl, snd_ctl_card_info_t *info)
{
    (void)info;
    memcpy(last_id, ctl->id, sizeof last_id);
    return 0;
}

const char *snd_ctl_card_info_get_id(const snd_ctl_card_info_t *obj)
{
    (void)obj;
    return last_id;
}

const char *snd_ctl_card_info_get_name(const snd_ctl_card_info_t *obj)
{
    (void)obj;
    return last_id;
}

int snd_ctl_pcm_next_device(snd_ctl_t *ctl, int *device)
{
    (void)ctl;
    *device = *device < 0 ? 0 : -1;
    return 0;
}

int snd_ctl_pcm_info(snd_ctl_t *ctl, snd_pcm_info_t *info)
{
    (void)ctl;
    (void)info;
    return 0;
}
