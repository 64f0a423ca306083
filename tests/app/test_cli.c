// SPDX-License-Identifier: MIT
// The program around its commands: help, version, unknown words, the window, a full standard
// output.

#include "skip.h"
#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_help(void **state)
{
    (void)state;
    static const char *const forms[] = {"--help", "-h", "help"};
    for (size_t i = 0; i < 3; i++) {
        const program_result *result = PROGRAM(forms[i]);
        assert_int_equal(result->code, 0);
        assert_string_equal(result->err, "");
        assert_int_equal(strncmp(result->out, "NAME\n    backline - ", 20), 0);
        assert_non_null(strstr(result->out, "\nCOMMANDS\n"));
        assert_non_null(strstr(result->out, "\n    render   play a file"));
        assert_non_null(strstr(result->out, "\nEXIT STATUS\n"));
    }
}

// Every command that is listed explains itself, in lines that fit a terminal.
static void test_help_of_each_command(void **state)
{
    (void)state;
    char listing[PROGRAM_OUT_MAX], name[32], start[80];
    strcpy(listing, PROGRAM("--help")->out);
    const char *line = strstr(listing, "\nCOMMANDS\n");
    assert_non_null(line);
    int commands = 0;
    for (line += 10; sscanf(line, " %31[a-z]", name) == 1; line = strchr(line, '\n') + 1) {
        const program_result *result = PROGRAM(name, "--help");
        assert_int_equal(result->code, 0);
        snprintf(start, sizeof start, "NAME\n    backline %s - ", name);
        assert_int_equal(strncmp(result->out, start, strlen(start)), 0);
        static const char *const sections[] = {"\nSYNOPSIS\n", "\nDESCRIPTION\n", "\nOPTIONS\n",
                                               "\nEXIT STATUS\n", "\nEXAMPLES\n"};
        for (size_t i = 0; i < 5; i++) {
            assert_non_null(strstr(result->out, sections[i]));
        }
        commands++;
    }
    assert_true(commands >= 3);
}

static void test_version(void **state)
{
    (void)state;
    const program_result *result = PROGRAM("--version");
    int major = -1, minor = -1, patch = -1;
    assert_int_equal(result->code, 0);
    assert_int_equal(sscanf(result->out, "backline %d.%d.%d\n", &major, &minor, &patch), 3);
}

static void test_unknown_words(void **state)
{
    (void)state;
    const program_result *result = PROGRAM("inof");
    assert_int_equal(result->code, 2);
    assert_string_equal(result->out, "");
    assert_string_equal(result->err,
                        "backline: there is no command \"inof\"; did you mean \"info\"? "
                        "`backline --help` lists the commands\n");
    result = PROGRAM("\x1b[2J\n");
    assert_int_equal(result->code, 2);
    assert_string_equal(result->err, "backline: there is no command \"?[2J?\"; `backline --help` "
                                     "lists the commands\n");
}

// The build writes these two into files.
static void test_documents(void **state)
{
    (void)state;
    const program_result *result = PROGRAM("help", "--man");
    assert_int_equal(result->code, 0);
    assert_int_equal(strncmp(result->out, ".TH BACKLINE 1 ", 15), 0);
    assert_non_null(strstr(result->out, "\n.SS backline render IN OUT \\-\\-model MODEL"));
    result = PROGRAM("help", "--completion");
    assert_int_equal(result->code, 0);
    test_folder_write("completion", result->out, strlen(result->out));
    char script[1024];
    snprintf(script, sizeof script,
             ". %s; COMP_WORDS=(backline render --bits 3); COMP_CWORD=3; _backline; "
             "echo \"${COMPREPLY[@]}\"; COMP_WORDS=(backline render --stre); COMP_CWORD=2; "
             "_backline; echo \"${COMPREPLY[@]}\"",
             test_folder_file("completion"));
    result = program_run("/bin/bash", (const char *const[]){"bash", "-c", script, NULL});
    assert_string_equal(result->err, "");
    assert_string_equal(result->out, "32f\n--streaming\n");
}

// With a display and the window program beside it, `backline` becomes that program.
static void test_window(void **state)
{
    (void)state;
    static const char window[] = "#!/bin/sh\necho window $#\nexit 7\n";
    char script[1024];
    snprintf(script, sizeof script, "exec cp '%s' '%s'", BL_PROGRAM, test_folder_path());
    assert_int_equal(program_run("/bin/sh", (const char *const[]){"sh", "-c", script, NULL})->code,
                     0);
    test_folder_write("backline-gtk", window, sizeof window - 1);
    assert_int_equal(chmod(test_folder_file("backline-gtk"), 0755), 0);
    const char *program = test_folder_file("backline");
    static const char *const displays[] = {"DISPLAY", "WAYLAND_DISPLAY"};
    for (size_t i = 0; i < 2; i++) {
        unsetenv(displays[1 - i]);
        setenv(displays[i], ":77", 1);
        const program_result *result =
            program_run(program, (const char *const[]){"backline", NULL});
        assert_string_equal(result->out, "window 0\n");
        assert_int_equal(result->code, 7);
        // A command never opens the window.
        result = program_run(program, (const char *const[]){"backline", "--version", NULL});
        assert_int_equal(strncmp(result->out, "backline ", 9), 0);
        unsetenv(displays[i]);
    }
}

static void test_full_standard_output(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        bl_test_skip("there is no /dev/full");
    }
    static const char script[] = "exec '" BL_PROGRAM "' --help >/dev/full";
    const program_result *result =
        program_run("/bin/sh", (const char *const[]){"sh", "-c", script, NULL});
    assert_int_equal(result->code, 1);
    assert_string_equal(result->err, "backline: standard output cannot be written: No space left "
                                     "on device\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_folder_make, test_folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_help),
        TEST(test_help_of_each_command),
        TEST(test_version),
        TEST(test_unknown_words),
        TEST(test_documents),
        TEST(test_window),
        TEST(test_full_standard_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
