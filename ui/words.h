// SPDX-License-Identifier: MIT
// Numbers as people read them: a true minus, a space, the unit, in the desktop's own notation.

#ifndef BACKLINE_UI_WORDS_H
#define BACKLINE_UI_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { BL_WORDS_MAX = 64 };

/// "−11 dB"; "silent" from -60 dB down; "CLIP" from full scale up.
void bl_words_level(double level_db, char text[BL_WORDS_MAX]);

/// "−3.0 dB", "+1.5 dB", "0.0 dB"
void bl_words_gain(double gain_db, char text[BL_WORDS_MAX]);

/// "5.3 ms"
void bl_words_ms(double ms, char text[BL_WORDS_MAX]);

/// "5.3", "?" if it is not known
void bl_words_figure(bool known, double ms, char text[BL_WORDS_MAX]);

/// "48 kHz", "44.1 kHz"
void bl_words_rate(double rate_hz, char text[BL_WORDS_MAX]);

#endif
