// SPDX-License-Identifier: MIT
// Parses a command's arguments by its option table, with getopt_long. Thread: MAIN.

#include "options.h"

#include "command.h"
#include "help.h"

#include "backline/text.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// getopt_long's codes: 'h', ':', '?' are its own or help; rows of the table count from here.
enum { OPTIONS_MAX = 64, CODE_ROW = 1000, CODE_HELP = 'h' };

int bl_command_fail(const bl_command *command, const bl_error *error)
{
    if (command->sign != NULL) {
        fprintf(stderr, "%s: %s\n", command->sign, error->text);
    } else {
        fprintf(stderr, "backline %s: %s\n", command->name, error->text);
    }
    return BL_EXIT_FAILED;
}

int bl_command_fail_usage(const bl_command *command, const char *format, ...)
{
    bl_error error = {0};
    char sentence[BL_ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    bl_text_format(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    bl_error_set(&error, BL_STATUS_USAGE, "%s; `backline %s --help` explains it", sentence,
                 command->name);
    bl_command_fail(command, &error);
    return BL_EXIT_USAGE;
}

// "one of 16, 24, 32f" for a sentence.
static void list_choices(const bl_option *option, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; option->choices[i] != NULL && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "one of ",
                                 option->choices[i]);
    }
}

static int fail_value(const bl_command *command, const bl_option *option, const char *value)
{
    char expected[160], min[BL_TEXT_NUMBER_MAX], max[BL_TEXT_NUMBER_MAX];
    if (option->kind == BL_OPTION_CHOICE) {
        list_choices(option, expected, sizeof expected);
    } else {
        bl_text_format_number(option->min, min);
        bl_text_format_number(option->max, max);
        snprintf(expected, sizeof expected, "%s from %s to %s",
                 option->kind == BL_OPTION_NUMBER ? "a number" : "a whole number", min, max);
    }
    return bl_command_fail_usage(command, "--%s: found \"%.100s\", expected %s", option->name,
                                 value, expected);
}

static bool set_choice(const bl_option *option, unsigned *field, const char *value)
{
    for (unsigned i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], value) == 0) {
            *field = i;
            return true;
        }
    }
    return false;
}

static bool read_count(const bl_option *option, const char *value, uint32_t *count)
{
    uint64_t wide = 0;
    if (!bl_text_parse_count(value, &wide) || (double)wide < option->min ||
        (double)wide > option->max) {
        return false;
    }
    *count = (uint32_t)wide;
    return true;
}

// Writes the value into its field; false if it does not fit the option's kind or range.
static bool set_field(const bl_option *option, void *settings, const char *value)
{
    void *field = (char *)settings + option->offset;
    bl_option_texts *texts = field;
    bl_option_counts *counts = field;
    double number = 0.0;
    switch (option->kind) {
    case BL_OPTION_FLAG:
        *(bool *)field = true;
        return true;
    case BL_OPTION_TEXT:
        *(const char **)field = value;
        return true;
    case BL_OPTION_TEXTS:
        texts->values[texts->count++] = value;
        return true;
    case BL_OPTION_COUNT:
        return read_count(option, value, field);
    case BL_OPTION_COUNTS:
        return read_count(option, value, &counts->values[counts->count++]);
    case BL_OPTION_CHOICE:
        return set_choice(option, field, value);
    case BL_OPTION_NUMBER:
        break;
    }
    if (!bl_text_parse_number(value, &number) || number < option->min || number > option->max) {
        return false;
    }
    *(double *)field = number;
    return true;
}

// True if the option may be repeated and has been given as often as there is room for.
static bool is_full(const bl_option *option, const void *settings)
{
    const void *field = (const char *)settings + option->offset;
    const bl_option_texts *texts = field;
    const bl_option_counts *counts = field;
    return (option->kind == BL_OPTION_TEXTS && texts->count == BL_OPTION_REPEAT_MAX) ||
           (option->kind == BL_OPTION_COUNTS && counts->count == BL_OPTION_REPEAT_MAX);
}

// What getopt_long stumbled over, with the nearest option there is.
static int fail_unknown(const bl_command *command, const char *argument, int letter)
{
    if (letter != 0) {
        return bl_command_fail_usage(command, "there is no option -%c", letter);
    }
    char word[64];
    const char *name = argument + 2;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(name, "="), name);
    bl_text_nearest nearest = {.word = word};
    bool exact = strcmp(word, "help") == 0;
    bl_text_consider(&nearest, "help");
    for (const bl_option *option = command->options; option->name != NULL; option++) {
        bl_text_consider(&nearest, option->name);
        exact = exact || strcmp(option->name, word) == 0;
    }
    if (exact) {
        return bl_command_fail_usage(command, "--%s takes no value", word);
    }
    if (nearest.best != NULL) {
        return bl_command_fail_usage(command, "there is no option --%s; did you mean --%s?", word,
                                     nearest.best);
    }
    return bl_command_fail_usage(command, "there is no option --%s", word);
}

// Fills the tables getopt_long wants; their last rows stay zero.
static void make_tables(const bl_command *command, struct option longs[OPTIONS_MAX + 2],
                        char shorts[2 * OPTIONS_MAX + 4])
{
    size_t used = 0, count = 0;
    shorts[used++] = ':'; // tell a missing value from an unknown option
    shorts[used++] = CODE_HELP;
    longs[count++] = (struct option){"help", no_argument, NULL, CODE_HELP};
    for (const bl_option *option = command->options; option->name != NULL; option++) {
        const bool takes_value = option->kind != BL_OPTION_FLAG;
        longs[count] = (struct option){option->name, takes_value ? required_argument : no_argument,
                                       NULL, CODE_ROW + (int)count - 1};
        count++;
        if (option->letter != 0) {
            shorts[used++] = option->letter;
            if (takes_value) {
                shorts[used++] = ':';
            }
        }
    }
}

// The row of a code: short options come as their letter. NULL: not in the table.
static const bl_option *row_of_code(const bl_command *command, int code)
{
    if (code >= CODE_ROW) {
        return &command->options[code - CODE_ROW];
    }
    const bl_option *option = command->options;
    while (option->name != NULL && option->letter != code) {
        option++;
    }
    return option->name != NULL ? option : NULL;
}

static int check_complete(const bl_command *command, const bool given[OPTIONS_MAX],
                          uint32_t operands)
{
    for (size_t i = 0; command->options[i].name != NULL; i++) {
        if (command->options[i].required && !given[i]) {
            return bl_command_fail_usage(command, "--%s %s is missing", command->options[i].name,
                                         command->options[i].argument);
        }
    }
    if (operands < command->operands_min || operands > command->operands_max) {
        return bl_command_fail_usage(command, "found %u arguments, expected: backline %s %s",
                                     (unsigned)operands, command->name, command->synopsis);
    }
    return BL_OPTIONS_RUN;
}

// One step of getopt_long's answer; BL_OPTIONS_RUN to go on.
static int take_option(const bl_command *command, int code, char **argv, void *settings,
                       bool given[OPTIONS_MAX])
{
    if (code == CODE_HELP) {
        bl_help_print(stdout, command);
        return BL_EXIT_DONE;
    }
    if (code == '?') { // of a long option, optopt holds no letter of its own
        const bool is_long = optopt == 0 || optopt >= CODE_ROW || optopt == CODE_HELP;
        return fail_unknown(command, argv[optind - 1], is_long ? 0 : optopt);
    }
    const bl_option *option = row_of_code(command, code == ':' ? optopt : code);
    if (code == ':') {
        return bl_command_fail_usage(command, "--%s: the value is missing", option->name);
    }
    if (is_full(option, settings)) {
        return bl_command_fail_usage(command, "--%s is given more than %d times", option->name,
                                     BL_OPTION_REPEAT_MAX);
    }
    given[option - command->options] = true;
    if (!set_field(option, settings, optarg)) {
        return fail_value(command, option, optarg);
    }
    return BL_OPTIONS_RUN;
}

int bl_options_parse(const bl_command *command, int argc, char **argv, void *settings,
                     const char *const **operands, uint32_t *operand_count)
{
    struct option longs[OPTIONS_MAX + 2] = {0};
    char shorts[2 * OPTIONS_MAX + 4] = {0};
    bool given[OPTIONS_MAX] = {false};
    make_tables(command, longs, shorts);
    opterr = 0; // our own sentences
    optind = 0; // start afresh: a test calls this many times
    int code = 0;
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const int end = take_option(command, code, argv, settings, given);
        if (end != BL_OPTIONS_RUN) {
            return end;
        }
    }
    *operands = (const char *const *)(argv + optind);
    *operand_count = (uint32_t)(argc - optind);
    return check_complete(command, given, *operand_count);
}
