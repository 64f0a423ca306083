// SPDX-License-Identifier: MIT
// Formatting only; the locale decides about the decimal point.

#include "words.h"

#include <math.h>
#include <stdio.h>

void bl_words_level(double level_db, char text[BL_WORDS_MAX])
{
    if (level_db <= -60.0) {
        snprintf(text, BL_WORDS_MAX, "silent");
    } else if (level_db >= 0.0) {
        snprintf(text, BL_WORDS_MAX, "CLIP");
    } else {
        snprintf(text, BL_WORDS_MAX, "\u2212%.0f dB", fabs(level_db));
    }
}

void bl_words_gain(double gain_db, char text[BL_WORDS_MAX])
{
    const double tenths = round(10.0 * gain_db);
    snprintf(text, BL_WORDS_MAX, "%s%.1f dB",
             tenths > 0.0   ? "+"
             : tenths < 0.0 ? "\u2212"
                            : "",
             fabs(tenths) / 10.0);
}

void bl_words_ms(double ms, char text[BL_WORDS_MAX])
{
    snprintf(text, BL_WORDS_MAX, "%.1f ms", ms);
}

void bl_words_figure(bool known, double ms, char text[BL_WORDS_MAX])
{
    snprintf(text, BL_WORDS_MAX, known ? "%.1f" : "?", ms);
}

void bl_words_rate(double rate_hz, char text[BL_WORDS_MAX])
{
    snprintf(text, BL_WORDS_MAX, "%g kHz", rate_hz / 1000.0);
}
