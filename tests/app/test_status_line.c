// SPDX-License-Identifier: MIT
// What the line for a terminal says of the place in the set list and of the tempo.

#include "status_line.h"

#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

static char line[512];

static void expect(const bl_app_state *s, const char *words)
{
    bl_status_line_format(s, line, sizeof line);
    if (strncmp(line, words, strlen(words)) != 0) {
        fail_msg("expected \"%s...\", found \"%s\"", words, line);
    }
}

static void test_the_tempo_is_told(void **state)
{
    (void)state;
    bl_app_state s = {.phase = BL_APP_PLAYING, .word = "playing"};
    expect(&s, "playing | no model | in ");
    s.tempo_bpm = 95.6;
    expect(&s, "96 bpm | playing | no model | in ");
    s.place.number = 1;
    s.place.count = 3;
    snprintf(s.place.song, sizeof s.place.song, "One");
    snprintf(s.place.part, sizeof s.place.part, "Solo");
    expect(&s, "1/3 One: Solo | 0 of 0 rigs armed, 0.0 MB | 96 bpm | playing | ");
    s.tempo_bpm = 0.0;
    expect(&s, "1/3 One: Solo | 0 of 0 rigs armed, 0.0 MB | playing | ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_tempo_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
