// SPDX-License-Identifier: MIT
// A model's figures for people. Thread: MAIN.

#include "facts.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void bl_facts_print_text(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        // 0xC2 0x80 to 0xC2 0x9F are the control characters beyond ASCII.
        const bool control =
            byte < 0x20 || byte == 0x7F ||
            (byte == 0xC2 && (unsigned char)c[1] >= 0x80 && (unsigned char)c[1] < 0xA0);
        putchar(control ? '?' : byte);
        c += control && byte == 0xC2;
    }
}

void bl_facts_format_count(uint64_t count, char text[BL_FACTS_NUMBER_MAX])
{
    char digits[BL_FACTS_NUMBER_MAX];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < length; i++) {
        *text++ = digits[i];
        if (i + 1 < length && (length - i - 1) % 3 == 0) {
            *text++ = ',';
        }
    }
    *text = '\0';
}

static void print_samples(const char *label, uint32_t samples, double sample_rate_hz)
{
    printf("  %-17s %" PRIu32 " sample%s, %.2f ms", label, samples, samples == 1 ? "" : "s",
           samples / sample_rate_hz * 1000.0);
}

void bl_facts_print_times(const bl_model_info *info)
{
    if (info->receptive_field_samples == 0) {
        printf("  %-17s unlimited, it is recurrent", "receptive field");
    } else {
        print_samples("receptive field", info->receptive_field_samples, info->sample_rate_hz);
    }
    puts(" (what one sample depends on; not a latency)");
    print_samples("lookahead", info->lookahead_samples, info->sample_rate_hz);
    puts(info->lookahead_samples > 0 ? " (future samples that it needs)" : "");
    print_samples("added latency", info->added_latency_samples, info->sample_rate_hz);
    puts(" (when played live)");
}
