// SPDX-License-Identifier: MIT
// What is remembered comes back as it was; broken files say where; settings are read.

#include "memory.h"
#include "paths.h"
#include "server.h"
#include "settings.h"

#include "support/cmocka_all.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static int open_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/backline-memory-XXXXXX");
    assert_non_null(mkdtemp(folder));
    setenv("XDG_STATE_HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    return 0;
}

/// The files that broken ones were kept as.
static void forget_aside(void)
{
    char path[160];
    for (int i = 1; i < 100; i++) {
        snprintf(path, sizeof path,
                 i == 1 ? "%s/backline/state.yaml.bad" : "%s/backline/state.yaml.bad%d", folder, i);
        unlink(path);
    }
}

static int close_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"state.yaml", "state.yaml.lock", "state-second.yaml",
                                        "state-second.yaml.lock", "settings.yaml"};
    char path[160];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/backline/%s", folder, names[i]);
        unlink(path);
    }
    forget_aside();
    snprintf(path, sizeof path, "%s/backline", folder);
    rmdir(path);
    return rmdir(folder); // fails if a temporary file was left behind
}

static void write_file(const char *name, const char *text)
{
    char path[BL_PATH_MAX];
    assert_true(bl_path_user(BL_PATH_STATE, name, path));
    assert_true(bl_path_make_folder(path));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static bl_device device_of(const char *name, size_t connections)
{
    bl_device d = {.count = connections};
    snprintf(d.name, sizeof d.name, "%s", name);
    for (size_t i = 0; i < connections; i++) {
        snprintf(d.connections[i].ours, sizeof d.connections[i].ours, "out_left");
        snprintf(d.connections[i].theirs, sizeof d.connections[i].theirs, "%s: \"%zu\" #é", name,
                 i);
    }
    return d;
}

static void test_round_trip(void **state)
{
    (void)state;
    bl_memory memory = {0};
    bl_memory back;
    bl_error error = {0};
    snprintf(memory.model, sizeof memory.model, "/models/it's: a \"5150\" [é].nam");
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "device %d", i);
        const bl_device d = device_of(name, (size_t)i * 16);
        assert_true(bl_memory_remember(&memory, &d));
    }
    assert_int_equal(bl_memory_save("backline", &memory, &error), BL_STATUS_OK);
    assert_int_equal(bl_memory_load("backline", true, &back, &error), BL_STATUS_OK);
    assert_string_equal(back.model, memory.model);
    assert_int_equal(back.device_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(&back.devices[i], &memory.devices[i], sizeof *back.devices);
    }
    bl_memory_finish(&back);
    assert_int_equal(bl_memory_load("second", true, &back, &error), BL_STATUS_OK); // has its own
    assert_string_equal(back.model, "");
    bl_memory_finish(&back);
    bl_memory_finish(&memory);
}

/// A path in the folder of the state, or as a session that was moved has it.
static const char *inside(const char *name)
{
    static char path[2][128];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/backline/%s", folder, name);
    return path[turn];
}

static void test_what_lies_beside_it_moves_along(void **state)
{
    (void)state;
    bl_memory memory = {0}, moved;
    bl_error error = {0};
    char old[64];
    assert_true(bl_memory_play(&memory, "/models/outside.nam", "Outside"));
    assert_true(bl_memory_play(&memory, inside("files/amp.nam"), "Amp"));
    bl_memory_open_setlist(&memory, "/lists/outside.yaml");
    bl_memory_open_setlist(&memory, inside("setlist.yaml"));
    snprintf(memory.model, sizeof memory.model, "%s", inside("files/amp.nam"));
    snprintf(memory.rig, sizeof memory.rig, "%s", inside("rig.yaml"));
    assert_int_equal(bl_memory_save("backline", &memory, &error), BL_STATUS_OK);
    bl_memory_finish(&memory);

    snprintf(old, sizeof old, "%s", folder);
    strcat(folder, "-moved");
    assert_int_equal(rename(old, folder), 0);
    setenv("XDG_STATE_HOME", folder, 1);
    assert_int_equal(bl_memory_load("backline", true, &moved, &error), BL_STATUS_OK);
    assert_string_equal(moved.model, inside("files/amp.nam"));
    assert_string_equal(moved.rig, inside("rig.yaml"));
    assert_string_equal(moved.setlist, inside("setlist.yaml"));
    assert_int_equal(moved.played_count, 2);
    assert_string_equal(moved.played[0].path, inside("files/amp.nam"));
    assert_string_equal(moved.played[1].path, "/models/outside.nam");
    assert_int_equal(moved.setlist_count, 2);
    assert_string_equal(moved.setlists[0], inside("setlist.yaml"));
    assert_string_equal(moved.setlists[1], "/lists/outside.yaml");
    bl_memory_finish(&moved);
    const char *from = folder, *to = old;
    assert_int_equal(rename(from, to), 0);
    memcpy(folder, old, sizeof folder);
    setenv("XDG_STATE_HOME", folder, 1);
}

static void test_oldest_device_goes(void **state)
{
    (void)state;
    bl_memory memory = {0};
    char name[32];
    for (int i = 0; i < BL_DEVICES_MAX + 1; i++) {
        snprintf(name, sizeof name, "device %d", i);
        const bl_device d = device_of(name, 1);
        assert_true(bl_memory_remember(&memory, &d));
        const bl_device again = device_of("device 0", 2); // in use all the time
        assert_true(bl_memory_remember(&memory, &again));
    }
    assert_int_equal(memory.device_count, BL_DEVICES_MAX);
    assert_null(bl_memory_find(&memory, "device 1"));
    assert_int_equal(bl_memory_find(&memory, "device 0")->count, 2);
    assert_non_null(bl_memory_find(&memory, "device 2"));
    bl_memory_finish(&memory);
}

static void expect_file(const char *name, const char *text)
{
    char path[BL_PATH_MAX];
    char found[256] = "";
    assert_true(bl_path_user(BL_PATH_STATE, name, path));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(found, text);
}

/// What this Backline cannot read is kept, also when it saves.
static void test_unreadable_is_kept_aside(void **state)
{
    (void)state;
    static const char *const texts[] = {"version: 99\nmodel: /newer.nam\n",
                                        "version: 1\nmodel: [\n"};
    static const char *const names[] = {"state.yaml.bad", "state.yaml.bad2"};
    forget_aside();
    for (int i = 0; i < 2; i++) {
        bl_memory memory;
        bl_error error = {0};
        write_file("state.yaml", texts[i]);
        assert_int_not_equal(bl_memory_load("backline", true, &memory, &error), BL_STATUS_OK);
        assert_non_null(strstr(error.text, names[i]));
        assert_string_equal(memory.model, "");
        bl_error_clear(&error);
        assert_int_equal(bl_memory_save("backline", &memory, &error), BL_STATUS_OK);
        expect_file(names[i], texts[i]);
        bl_memory_finish(&memory);
    }
    expect_file(names[0], texts[0]);
}

/// A program that remembers keeps others from it, under its own name, until it has ended: also one
/// that is killed.
static void test_one_remembers(void **state)
{
    (void)state;
    int other[2], fd = -1, second = -1;
    char said = 0;
    assert_int_equal(pipe(other), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        const char answer = bl_memory_claim("backline", &fd) && fd >= 0 ? 'y' : 'n';
        const ssize_t wrote = write(other[1], &answer, 1);
        (void)wrote;
        pause();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(read(other[0], &said, 1), 1);
    assert_int_equal(said, 'y');
    assert_false(bl_memory_claim("backline", &fd));
    assert_int_equal(fd, -1);
    assert_true(bl_memory_claim("second", &second));
    assert_true(second >= 0);
    close(second);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_true(bl_memory_claim("backline", &fd));
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC); // a server that is started does not hold it
    close(fd);
    close(other[0]);
    close(other[1]);
}

/// Who does not remember does not touch the file either.
static void test_guest_leaves_it(void **state)
{
    (void)state;
    bl_memory memory;
    bl_error error = {0};
    write_file("state.yaml", "version: 99\n");
    assert_int_not_equal(bl_memory_load("backline", false, &memory, &error), BL_STATUS_OK);
    expect_file("state.yaml", "version: 99\n");
    bl_memory_finish(&memory);
}

static void expect_error(const char *text, const char *words)
{
    bl_memory memory;
    bl_error error = {0};
    write_file("state.yaml", text);
    assert_int_not_equal(bl_memory_load("backline", true, &memory, &error), BL_STATUS_OK);
    if (strstr(error.text, words) == NULL) {
        fail_msg("expected \"%s\" in: %s", words, error.text);
    }
    bl_memory_finish(&memory);
}

static void test_broken_files(void **state)
{
    (void)state;
    expect_error("", "state.yaml:1:1: expected keys");
    expect_error("- a\n", "state.yaml:1:1: expected keys");
    expect_error("model: x\n", "found version missing, expected 1; is this another kind of file?");
    expect_error("version: 2\n", "found version 2, expected 1; it needs another Backline");
    expect_error("version: 0.5.4\n", "is this another kind of file?");
    expect_error("version: 1\nmodel: [a]\n", "state.yaml:2:8: expected a text");
    expect_error("version: 1\nmodel: \"a\\0b\"\n", "zero byte");
    expect_error(
        "version: 1\ndevices:\n- device: a\n  connections:\n  - ours: much-too-long-a-name\n",
        "state.yaml:5:11: this text is too long");
    expect_error("version: 1\n\tmodel: x\n", "not YAML");
}

static void test_settings(void **state)
{
    (void)state;
    bl_settings settings;
    bl_error error = {0};
    assert_int_equal(bl_settings_load(&settings, &error), BL_STATUS_OK);
    assert_string_equal(settings.server_command, "");
    write_file("settings.yaml", "version: 1\nserver_command: jackd -d {driver}\n");
    assert_int_equal(bl_settings_load(&settings, &error), BL_STATUS_OK);
    assert_string_equal(settings.server_command, "jackd -d {driver}");
}

// The example is as good as none, until the # is taken away before its keys.
static void test_example_of_settings(void **state)
{
    (void)state;
    bl_settings settings;
    bl_error error = {0};
    char text[4096] = "", line[256], on[4096] = "";
    FILE *file = fopen(BL_SOURCE_DIR "/configs/settings.yaml", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        const bool is_key = strncmp(line, "# interface_input_dbu: ", 23) == 0 ||
                            strncmp(line, "# server_command: ", 18) == 0;
        strncat(text, line, sizeof text - strlen(text) - 1);
        strncat(on, is_key ? line + 2 : line, sizeof on - strlen(on) - 1);
    }
    assert_int_equal(fclose(file), 0);
    write_file("settings.yaml", text);
    assert_int_equal(bl_settings_load(&settings, &error), BL_STATUS_OK);
    assert_string_equal(settings.server_command, "");
    assert_false(settings.has_interface_input);
    write_file("settings.yaml", on);
    assert_int_equal(bl_settings_load(&settings, &error), BL_STATUS_OK);
    assert_string_equal(settings.server_command, BL_SERVER_COMMAND);
    assert_true(settings.has_interface_input && settings.interface_input_dbu == 12.5);
}

/// One line that is wrong is told with its place, and does not cost the others.
static void test_wrong_settings(void **state)
{
    (void)state;
    static const struct {
        const char *line, *words;
    } wrong[] = {
        {"sever_command: x", "settings.yaml:2:1: "},
        {"loudness: 3", "settings.yaml:2:1: "},
        {"server_command: [jackd]", "settings.yaml:2:17: expected a text here, found a list"},
        {"server_command: {a: b}", "settings.yaml:2:17: expected a text here, found keys"},
        {"interface_input_dbu: loud", "settings.yaml:2:22: found \"loud\""},
        {"interface_input_dbu: 400", "expected a number from -40 to 40 dBu"},
        {"interface_input_dbu:", "expected a number from -40 to 40 dBu"},
        {"interface_input_dbu: [12]", "found no number for interface_input_dbu, expected one from"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bl_settings settings;
        bl_error error = {0};
        char text[256];
        const bool of_server = strncmp(wrong[i].line, "server", 6) == 0;
        snprintf(text, sizeof text, "version: 1\n%s\n%s\n", wrong[i].line,
                 of_server ? "interface_input_dbu: 12.5" : "server_command: jackd -d {driver}");
        write_file("settings.yaml", text);
        assert_int_not_equal(bl_settings_load(&settings, &error), BL_STATUS_OK);
        if (strstr(error.text, wrong[i].words) == NULL ||
            strstr(error.text, "the rest of the file is used") == NULL) {
            fail_msg("expected \"%s\" in: %s", wrong[i].words, error.text);
        }
        assert_string_equal(settings.server_command, of_server ? "" : "jackd -d {driver}");
        assert_int_equal(settings.has_interface_input, of_server);
        expect_file("settings.yaml", text);
    }
}

static void test_played_models_come_back_newest_first(void **state)
{
    (void)state;
    bl_memory memory = {0}, loaded;
    bl_error error = {0};
    char path[64], name[64];
    for (int i = 0; i < BL_PLAYED_MAX + 3; i++) {
        snprintf(path, sizeof path, "/models/%d: \"#\".nam", i);
        snprintf(name, sizeof name, "Amp %d é", i);
        assert_true(bl_memory_play(&memory, path, name));
    }
    assert_true(bl_memory_play(&memory, "/models/5: \"#\".nam", "Renamed"));
    assert_int_equal(memory.played_count, BL_PLAYED_MAX); // the oldest are gone
    assert_int_equal(bl_memory_save("backline", &memory, &error), BL_STATUS_OK);
    assert_int_equal(bl_memory_load("backline", true, &loaded, &error), BL_STATUS_OK);
    assert_int_equal(loaded.played_count, BL_PLAYED_MAX);
    assert_string_equal(loaded.played[0].name, "Renamed");
    assert_string_equal(loaded.played[0].path, "/models/5: \"#\".nam");
    assert_string_equal(loaded.played[1].name, "Amp 14 é");
    for (size_t i = 0; i < BL_PLAYED_MAX; i++) {
        assert_string_equal(loaded.played[i].path, memory.played[i].path);
        assert_string_equal(loaded.played[i].name, memory.played[i].name);
    }
    bl_memory_finish(&memory);
    bl_memory_finish(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_unreadable_is_kept_aside),
        cmocka_unit_test(test_one_remembers),
        cmocka_unit_test(test_guest_leaves_it),
        cmocka_unit_test(test_what_lies_beside_it_moves_along),
        cmocka_unit_test(test_oldest_device_goes),
        cmocka_unit_test(test_played_models_come_back_newest_first),
        cmocka_unit_test(test_broken_files),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_example_of_settings),
        cmocka_unit_test(test_wrong_settings),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
