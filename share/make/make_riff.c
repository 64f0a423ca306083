// SPDX-License-Identifier: MIT
// Writes the shipped DI riff at build time: make-riff OUT.wav

#include "riff.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: make-riff OUT.wav\n");
        return 2;
    }
    bl_error error = {0};
    bl_audio audio = {0};
    bl_status status = bl_riff_play(&audio, &error);
    if (status == BL_STATUS_OK) {
        status = bl_audio_save(argv[1], &audio, BL_AUDIO_PCM_24, &error);
    }
    bl_audio_finish(&audio);
    if (status != BL_STATUS_OK) {
        (void)fprintf(stderr, "make-riff: %s\n", error.text);
    }
    return status == BL_STATUS_OK ? 0 : 1;
}
