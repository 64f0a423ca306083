// SPDX-License-Identifier: MIT
// A model's figures for people. Receptive field and latency are always shown side by side and
// never by each other's name.

#ifndef BACKLINE_APP_FACTS_H
#define BACKLINE_APP_FACTS_H

#include "backline/model.h"

#include <stdint.h>

/// Prints text that a file brought along: control characters become '?', so that it cannot steer
/// the terminal. Thread: MAIN, as all here.
void bl_facts_print_text(const char *text);

/// A whole number with a comma after each three digits, as "7,889".
enum { BL_FACTS_NUMBER_MAX = 32 };
void bl_facts_format_count(uint64_t count, char text[BL_FACTS_NUMBER_MAX]);

/// Lines "  receptive field ...", "  lookahead ...", "  added latency ...".
void bl_facts_print_times(const bl_model_info *info);

#endif
