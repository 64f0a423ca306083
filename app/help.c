// SPDX-License-Identifier: MIT
// One walk over a command's table, two ways to write it: plain text and man's language (man(7)).

#include "help.h"

#include <stdbool.h>
#include <string.h>

enum { COLUMNS = 80, BODY = 4, ITEM = 8 };

typedef struct help_page {
    FILE *stream;
    bool man;   ///< false: plain text
    bool inner; ///< a command within the manual page, under a heading of its own
} help_page;

// Writes text with the characters escaped that mean something to man.
static void put_man(FILE *stream, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const bool starts_line = i == 0 || text[i - 1] == '\n';
        if (starts_line && (text[i] == '.' || text[i] == '\'')) {
            fputs("\\&", stream);
        }
        if (text[i] == '\\') {
            fputs("\\e", stream);
        } else if (text[i] == '-') {
            fputs("\\-", stream);
        } else {
            fputc(text[i], stream);
        }
    }
}

// Wraps words into COLUMNS, each line after `indent` blanks.
static void put_wrapped(FILE *stream, size_t indent, const char *text, size_t length)
{
    size_t column = 0;
    for (size_t i = 0; i < length;) {
        size_t word = 0;
        while (i + word < length && text[i + word] != ' ' && text[i + word] != '\n') {
            word++;
        }
        if (column > 0 && column + 1 + word > COLUMNS) {
            fputc('\n', stream);
            column = 0;
        }
        if (word > 0) {
            column += (size_t)fprintf(stream, "%*s%.*s", column > 0 ? 1 : (int)indent, "",
                                      (int)word, text + i);
        }
        i += word + 1;
    }
    fputc('\n', stream);
}

static void put_heading(const help_page *page, const char *heading)
{
    if (!page->inner) {
        fprintf(page->stream, page->man ? ".SH %s\n" : "%s\n", heading);
    }
}

// Paragraphs are parted by an empty line.
static void put_paragraphs(const help_page *page, size_t indent, const char *text)
{
    bool first = true;
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        const size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        if (page->man) {
            fputs(first ? "" : ".PP\n", page->stream);
            put_man(page->stream, text, length);
            fputc('\n', page->stream);
        } else {
            fputs(first ? "" : "\n", page->stream);
            put_wrapped(page->stream, indent, text, length);
        }
        first = false;
        text += length + (end != NULL ? 2 : 0);
    }
}

static void put_gap(const help_page *page)
{
    if (!page->man) {
        fputc('\n', page->stream);
    }
}

static void put_item(const help_page *page, const char *term, const char *text)
{
    if (page->man) {
        fputs(".TP\n.B ", page->stream);
        put_man(page->stream, term, strlen(term));
        fputc('\n', page->stream);
    } else {
        fprintf(page->stream, "%*s%s\n", BODY, "", term);
    }
    put_paragraphs(page, ITEM, text);
}

// "-m, --model MODEL", with the choices in place of a name where there are some.
static void format_option(const bl_option *option, char *text, size_t size)
{
    size_t used = 0;
    if (option->letter != 0) {
        used += (size_t)snprintf(text, size, "-%c, ", option->letter);
    }
    used += (size_t)snprintf(text + used, size - used, "--%s", option->name);
    if (option->argument != NULL) {
        used += (size_t)snprintf(text + used, size - used, " %s", option->argument);
    }
    for (size_t i = 0; option->choices != NULL && option->choices[i] != NULL && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%c%s", i > 0 ? '|' : ' ',
                                 option->choices[i]);
    }
}

static void put_options(const help_page *page, const bl_option *options)
{
    char term[128];
    put_heading(page, "OPTIONS");
    for (const bl_option *option = options; option->name != NULL; option++) {
        format_option(option, term, sizeof term);
        put_item(page, term, option->help);
        put_gap(page);
    }
    put_item(page, "-h, --help", "Prints this page and ends.");
    put_gap(page);
}

static void put_exit_status(const help_page *page)
{
    put_heading(page, "EXIT STATUS");
    put_item(page, "0", "Done.");
    put_item(page, "1", "Failed; one line on standard error says what, where and what to do.");
    put_item(page, "2", "Wrong usage; one line on standard error says what was expected.");
    put_gap(page);
}

// `examples` are pairs of lines: the command, then what it does.
static void put_examples(const help_page *page, const char *examples)
{
    char command[256], meaning[512];
    put_heading(page, "EXAMPLES");
    while (*examples != '\0') {
        const size_t first = strcspn(examples, "\n");
        snprintf(command, sizeof command, "%.*s", (int)first, examples);
        examples += first + (examples[first] == '\n');
        const size_t second = strcspn(examples, "\n");
        snprintf(meaning, sizeof meaning, "%.*s", (int)second, examples);
        examples += second + (examples[second] == '\n');
        put_item(page, command, meaning);
        if (*examples != '\0') {
            put_gap(page);
        }
    }
}

static void put_command(const help_page *page, const bl_command *command)
{
    char line[512];
    put_heading(page, "NAME");
    snprintf(line, sizeof line, "backline %s - %s", command->name, command->summary);
    put_paragraphs(page, BODY, line);
    put_gap(page);
    put_heading(page, "SYNOPSIS");
    snprintf(line, sizeof line, "backline %s %s", command->name, command->synopsis);
    put_paragraphs(page, BODY, line);
    put_gap(page);
    put_heading(page, "DESCRIPTION");
    put_paragraphs(page, BODY, command->description);
    put_gap(page);
    put_options(page, command->options);
    put_exit_status(page);
    put_examples(page, command->examples);
}

// The command as a subsection of the manual: its synopsis is the heading.
static void put_man_command(const help_page *page, const bl_command *command)
{
    char line[512];
    snprintf(line, sizeof line, "backline %s %s", command->name, command->synopsis);
    fputs(".SS ", page->stream);
    put_man(page->stream, line, strlen(line));
    fputc('\n', page->stream);
    put_paragraphs(page, BODY, command->description);
    put_options(page, command->options);
    fputs(".PP\nExamples:\n", page->stream);
    put_examples(page, command->examples);
}

void bl_help_print(FILE *stream, const bl_command *command)
{
    put_command(&(help_page){.stream = stream}, command);
}

static const char program_description[] =
    "Backline is a guitar amplifier: it plays a guitar through neural models of real amplifiers, "
    "live over JACK or from file to file.\n\n"
    "Without a command it opens its window where there is a display and the window program is "
    "installed, and plays without a window otherwise, as `backline live` does.";

static void put_program(const help_page *page)
{
    put_heading(page, "NAME");
    put_paragraphs(page, BODY, "backline - a guitar amplifier of neural amplifier models");
    put_gap(page);
    put_heading(page, "SYNOPSIS");
    put_paragraphs(page, BODY, "backline [COMMAND [ARGUMENT...]]");
    put_gap(page);
    put_heading(page, "DESCRIPTION");
    put_paragraphs(page, BODY, program_description);
    put_gap(page);
}

void bl_help_print_program(FILE *stream, const bl_command *const *commands)
{
    const help_page page = {.stream = stream};
    put_program(&page);
    put_heading(&page, "COMMANDS");
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(stream, "%*s%-8s %s\n", BODY, "", commands[i]->name, commands[i]->summary);
    }
    fprintf(stream, "\n%*s`backline COMMAND --help` explains one command.\n\n", BODY, "");
    put_heading(&page, "OPTIONS");
    put_item(&page, "-h, --help", "Prints this page and ends.");
    put_gap(&page);
    put_item(&page, "--version", "Prints the version and ends.");
    put_gap(&page);
    put_exit_status(&page);
    put_heading(&page, "EXAMPLES");
    put_item(&page, "backline", "Plays: with a window, or without one where there is no display.");
    put_gap(&page);
    put_item(&page, "backline info amp.nam", "Says what a model is and what it costs.");
}

void bl_help_print_man(FILE *stream, const bl_command *const *commands)
{
    const help_page program = {.stream = stream, .man = true};
    const help_page inner = {.stream = stream, .man = true, .inner = true};
    fputs(".TH BACKLINE 1 \"\" \"backline " BL_VERSION "\" \"User commands\"\n", stream);
    put_program(&program);
    put_heading(&program, "OPTIONS");
    put_item(&program, "-h, --help", "Prints help and ends.");
    put_item(&program, "--version", "Prints the version and ends.");
    put_heading(&program, "COMMANDS");
    for (size_t i = 0; commands[i] != NULL; i++) {
        put_man_command(&inner, commands[i]);
    }
    put_exit_status(&program);
}

// The words that may follow an option, or nothing.
static void put_choices(FILE *stream, const bl_option *option)
{
    fprintf(stream, "            --%s) COMPREPLY=($(compgen -W \"", option->name);
    for (size_t i = 0; option->choices[i] != NULL; i++) {
        fprintf(stream, "%s%s", i > 0 ? " " : "", option->choices[i]);
    }
    fputs("\" -- \"$word\")); return ;;\n", stream);
}

static void put_command_completion(FILE *stream, const bl_command *command)
{
    fprintf(stream, "    %s)\n        case $before in\n", command->name);
    for (const bl_option *option = command->options; option->name != NULL; option++) {
        if (option->choices != NULL) {
            put_choices(stream, option);
        }
    }
    fputs("        esac\n        options=\"--help", stream);
    for (const bl_option *option = command->options; option->name != NULL; option++) {
        fprintf(stream, " --%s", option->name);
    }
    fputs("\" ;;\n", stream);
}

void bl_help_print_completion(FILE *stream, const bl_command *const *commands)
{
    fputs("# Completion of backline for bash; made by `backline help --completion`.\n"
          "_backline()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"--help --version",
          stream);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(stream, " %s", commands[i]->name);
    }
    fputs("\" -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n", stream);
    for (size_t i = 0; commands[i] != NULL; i++) {
        put_command_completion(stream, commands[i]);
    }
    fputs("    esac\n"
          "    case $word in\n"
          "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
          "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
          "    esac\n}\n"
          "complete -o filenames -F _backline backline\n",
          stream);
}
