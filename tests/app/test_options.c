// SPDX-License-Identifier: MIT
// Option tables: every kind of value, every mistake with its sentence, and the help made of them.

#include "command.h"
#include "help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct settings {
    bool streaming;
    const char *model;
    bl_option_texts outputs;
    uint32_t chunk;
    bl_option_counts blocks;
    double quality;
    unsigned bits;
} settings;

static const char *const bits[] = {"16", "24", "32f", NULL};

static const bl_option options[] = {
    {.name = "streaming",
     .kind = BL_OPTION_FLAG,
     .offset = offsetof(settings, streaming),
     .help = "Forces chunks."},
    {.name = "model",
     .letter = 'm',
     .kind = BL_OPTION_TEXT,
     .argument = "FILE",
     .offset = offsetof(settings, model),
     .required = 1,
     .help = "The model."},
    {.name = "output",
     .kind = BL_OPTION_TEXTS,
     .argument = "PORT",
     .offset = offsetof(settings, outputs),
     .help = "A port."},
    {.name = "chunk",
     .letter = 'c',
     .kind = BL_OPTION_COUNT,
     .argument = "N",
     .offset = offsetof(settings, chunk),
     .min = 1,
     .max = 8192,
     .help = "Frames."},
    {.name = "block",
     .kind = BL_OPTION_COUNTS,
     .argument = "N",
     .offset = offsetof(settings, blocks),
     .min = 1,
     .max = 8192,
     .help = "Frames."},
    {.name = "quality",
     .kind = BL_OPTION_NUMBER,
     .argument = "Q",
     .offset = offsetof(settings, quality),
     .min = 0,
     .max = 1,
     .help = "Width."},
    {.name = "bits",
     .kind = BL_OPTION_CHOICE,
     .offset = offsetof(settings, bits),
     .choices = bits,
     .help = "Sample format. A sentence that is long enough to be wrapped when it is printed on "
             "a terminal.\n\nA second paragraph."},
    {0},
};

static int run_nothing(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return BL_EXIT_DONE;
}

static const bl_command command = {
    .name = "play",
    .summary = "play a file",
    .synopsis = "IN OUT --model FILE [OPTION...]",
    .description = "Plays.\n\nA second paragraph.",
    .options = options,
    .operands_min = 2,
    .operands_max = 2,
    .examples = "backline play a b -m c\nPlays a.\nbackline play d e -m f\nPlays d.",
    .run = run_nothing,
};

enum { ARGUMENTS_MAX = 200 };

// Splits `line` at blanks and parses it; what is printed goes to `text`, if it is not NULL.
static int parse(const char *line, settings *values, char *text, size_t size)
{
    static char copy[4096];
    static char *arguments[ARGUMENTS_MAX];
    int count = 0;
    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        arguments[count++] = word;
    }
    arguments[count] = NULL;
    const char *const *operands = NULL;
    uint32_t operand_count = 0;
    FILE *capture = tmpfile();
    assert_non_null(capture);
    fflush(stdout);
    fflush(stderr);
    const int out = dup(1), err = dup(2);
    dup2(fileno(capture), 1);
    dup2(fileno(capture), 2);
    const int code =
        bl_options_parse(&command, count, arguments, values, &operands, &operand_count);
    fflush(stdout);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    if (text != NULL) {
        rewind(capture);
        text[fread(text, 1, size - 1, capture)] = '\0';
    }
    fclose(capture);
    if (code == BL_OPTIONS_RUN) {
        assert_int_equal(operand_count, 2);
        assert_string_equal(operands[0], "a");
        assert_string_equal(operands[1], "b");
    }
    return code;
}

static void test_all_kinds(void **state)
{
    (void)state;
    settings s = {.chunk = 64, .quality = 1.0};
    assert_int_equal(parse("play a --streaming -m x.nam b --output p --output=q -c7 --block 1 "
                           "--block 8192 --quality 0.25 --bits 32f",
                           &s, NULL, 0),
                     BL_OPTIONS_RUN);
    assert_true(s.streaming);
    assert_string_equal(s.model, "x.nam");
    assert_int_equal(s.outputs.count, 2);
    assert_string_equal(s.outputs.values[1], "q");
    assert_int_equal(s.chunk, 7);
    assert_int_equal(s.blocks.count, 2);
    assert_int_equal(s.blocks.values[1], 8192);
    assert_true(s.quality == 0.25);
    assert_int_equal(s.bits, 2);
}

static void test_defaults_stay(void **state)
{
    (void)state;
    settings s = {.chunk = 64, .quality = 1.0, .bits = 1};
    assert_int_equal(parse("play --model x a b", &s, NULL, 0), BL_OPTIONS_RUN);
    assert_false(s.streaming);
    assert_int_equal(s.chunk, 64);
    assert_true(s.quality == 1.0);
    assert_int_equal(s.bits, 1);
}

// What is typed, and what must be said.
static const struct {
    const char *line, *sentence;
} mistakes[] = {
    {"play a b", "--model FILE is missing"},
    {"play a --model x", "found 1 arguments, expected: backline play IN OUT --model FILE"},
    {"play a b c --model x", "found 3 arguments, expected: backline play IN OUT"},
    {"play a b --modle x", "there is no option --modle; did you mean --model?"},
    {"play a b --frobnicate", "there is no option --frobnicate;"},
    {"play a b --streaming -z", "there is no option -z;"},
    {"play a b --model x --streaming=yes", "--streaming takes no value"},
    {"play a b --help=x", "--help takes no value"},
    {"play a b --model", "--model: the value is missing"},
    {"play a b -m", "--model: the value is missing"},
    {"play a b -m x --chunk 0", "--chunk: found \"0\", expected a whole number from 1 to 8192"},
    {"play a b -m x --chunk 8193", "--chunk: found \"8193\", expected a whole number"},
    {"play a b -m x -c 1.5", "--chunk: found \"1.5\", expected a whole number from 1 to 8192"},
    {"play a b -m x --block -1", "--block: found \"-1\", expected a whole number"},
    {"play a b -m x --quality 1,5", "--quality: found \"1,5\", expected a number from 0 to 1"},
    {"play a b -m x --quality nan", "--quality: found \"nan\", expected a number from 0 to 1"},
    {"play a b -m x --bits 8", "--bits: found \"8\", expected one of 16, 24, 32f"},
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        settings s = {0};
        char text[2048];
        assert_int_equal(parse(mistakes[i].line, &s, text, sizeof text), BL_EXIT_USAGE);
        if (strstr(text, mistakes[i].sentence) == NULL ||
            strncmp(text, "backline play: ", 15) != 0 ||
            strstr(text, "; `backline play --help` explains it\n") == NULL ||
            strchr(text, '\n')[1] != '\0') {
            fail_msg("%s\nexpected: %s\nfound:    %s", mistakes[i].line, mistakes[i].sentence,
                     text);
        }
    }
}

static void test_too_many(void **state)
{
    (void)state;
    char line[4096] = "play a b -m x", text[2048];
    for (int i = 0; i <= BL_OPTION_REPEAT_MAX; i++) {
        strcat(line, " --block 3");
    }
    settings s = {0};
    assert_int_equal(parse(line, &s, text, sizeof text), BL_EXIT_USAGE);
    assert_non_null(strstr(text, "--block is given more than 64 times"));
}

static void test_help_wins(void **state)
{
    (void)state;
    settings s = {0};
    char text[8192];
    assert_int_equal(parse("play --help", &s, text, sizeof text), BL_EXIT_DONE);
    static const char *const parts[] = {
        "NAME\n    backline play - play a file\n",
        "SYNOPSIS\n    backline play IN OUT --model FILE [OPTION...]\n",
        "DESCRIPTION\n    Plays.\n\n    A second paragraph.\n",
        "OPTIONS\n    --streaming\n        Forces chunks.\n",
        "    -m, --model FILE\n        The model.\n",
        "    --bits 16|24|32f\n",
        "    -h, --help\n",
        "EXIT STATUS\n    0\n",
        "EXAMPLES\n    backline play a b -m c\n        Plays a.\n",
    };
    const char *at = text;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        at = strstr(at, parts[i]); // all of them, in this order
        if (at == NULL) {
            fail_msg("missing: %s\nin:\n%s", parts[i], text);
        }
    }
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 80);
    }
}

// Reads what a printing function writes.
static void capture(void (*print)(FILE *, const bl_command *const *), char *text, size_t size)
{
    const bl_command *const list[] = {&command, NULL};
    FILE *stream = tmpfile();
    assert_non_null(stream);
    print(stream, list);
    rewind(stream);
    text[fread(text, 1, size - 1, stream)] = '\0';
    fclose(stream);
}

static void test_documents(void **state)
{
    (void)state;
    char text[16384];
    capture(bl_help_print_program, text, sizeof text);
    assert_non_null(strstr(text, "COMMANDS\n    play     play a file\n"));
    capture(bl_help_print_man, text, sizeof text);
    assert_int_equal(strncmp(text, ".TH BACKLINE 1 ", 15), 0);
    assert_non_null(strstr(text, ".TP\n.B \\-m, \\-\\-model FILE\nThe model.\n"));
    capture(bl_help_print_completion, text, sizeof text);
    assert_non_null(strstr(text, "--bits) COMPREPLY=($(compgen -W \"16 24 32f\" "));
    assert_non_null(strstr(text, "complete -o filenames -F _backline backline\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds), cmocka_unit_test(test_defaults_stay),
        cmocka_unit_test(test_mistakes),  cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_help_wins), cmocka_unit_test(test_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
