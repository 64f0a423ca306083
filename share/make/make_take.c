// SPDX-License-Identifier: MIT
// Writes what the factory models are trained on: a practice take as played into the jack, or the
// same take through one of the amplifiers.

#include "amp.h"
#include "riff.h"

#include "backline/text.h"

#include <stdio.h>

static const double rate_hz = 48000.0, peak = 0.5, looseness_s = 0.006;
enum { SEED = 1959 };

static int usage(void)
{
    (void)fprintf(stderr, "usage: make-take SECONDS OUT.wav [AMP]\namplifiers:\n");
    for (int i = 0; i < BL_AMP_DESIGNS; i++) {
        (void)fprintf(stderr, "  %-8s%s\n", bl_amp_designs[i].name, bl_amp_designs[i].description);
    }
    return 2;
}

static bl_status make(double seconds, const bl_amp_design *design, const char *path,
                      bl_error *error)
{
    bl_audio audio = {0};
    bl_score *score = bl_practice_create(seconds, SEED);
    if (score == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory");
    }
    bl_status status = bl_score_play(score, rate_hz, peak, looseness_s, SEED, &audio, error);
    if (status == BL_STATUS_OK && design != NULL) {
        status = bl_amp_play(design, &audio, error);
    }
    if (status == BL_STATUS_OK) {
        status = bl_audio_save(path, &audio, BL_AUDIO_FLOAT_32, error);
    }
    bl_audio_finish(&audio);
    bl_practice_destroy(score);
    return status;
}

int main(int argc, char **argv)
{
    double seconds = 0.0;
    const bl_amp_design *design = argc == 4 ? bl_amp_find(argv[3]) : NULL;
    if (argc < 3 || argc > 4 || !bl_text_parse_number(argv[1], &seconds) ||
        !(seconds >= 1.0 && seconds <= 3600.0) || (argc == 4 && design == NULL)) {
        return usage();
    }
    bl_error error = {0};
    if (make(seconds, design, argv[2], &error) != BL_STATUS_OK) {
        (void)fprintf(stderr, "make-take: %s\n", error.text);
        return 1;
    }
    return 0;
}
