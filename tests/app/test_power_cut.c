// SPDX-License-Identifier: MIT
// What is remembered survives the end of the program at any moment: a process that saves all the
// time is killed, again and again, and the file is always whole, and never older than what was
// saved before.

#include "memory.h"

#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/random.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CUTS = 40, LONGEST_US = 20000 };

static int set_up(void **state)
{
    const int failed = test_folder_make(state);
    setenv("XDG_STATE_HOME", test_folder_path(), 1);
    return failed;
}

// The n-th thing to remember: every part of it says n.
static void fill(bl_memory *memory, uint32_t n)
{
    snprintf(memory->model, sizeof memory->model, "/models/%u.nam", n);
    snprintf(memory->rig, sizeof memory->rig, "/rigs/%u.yaml", n);
    memory->knobs.known = true;
    memory->knobs.muted = n % 2 != 0;
    memory->knobs.bypassed = n % 3 != 0;
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        const bl_parameter_info *info = bl_parameter_get((bl_parameter)p);
        memory->knobs.parameters[p] = info->min + (info->max - info->min) * (double)(n % 97) / 96.0;
    }
}

static _Noreturn void save_for_ever(uint32_t n, _Atomic uint32_t *saved)
{
    bl_memory memory = {0};
    for (;; n++) {
        fill(&memory, n);
        if (bl_memory_save("backline", &memory, NULL) != BL_STATUS_OK) {
            _exit(1);
        }
        atomic_store(saved, n);
    }
}

static uint32_t check_file(uint32_t at_least)
{
    bl_memory memory = {0}, expected = {0};
    bl_error error = {0};
    unsigned n = 0;
    if (bl_memory_load("backline", true, &memory, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(sscanf(memory.model, "/models/%u.nam", &n), 1);
    assert_true(n >= at_least);
    fill(&expected, n);
    assert_string_equal(memory.rig, expected.rig);
    assert_true(memory.knobs.known && memory.knobs.muted == expected.knobs.muted &&
                memory.knobs.bypassed == expected.knobs.bypassed);
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        assert_true(memory.knobs.parameters[p] == expected.knobs.parameters[p]);
    }
    bl_memory_finish(&memory);
    return n;
}

static void test_the_file_is_always_whole(void **state)
{
    (void)state;
    random_source random = {5};
    _Atomic uint32_t *saved =
        mmap(NULL, sizeof *saved, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(saved != MAP_FAILED);
    bl_memory first = {0};
    fill(&first, 1);
    assert_int_equal(bl_memory_save("backline", &first, NULL), BL_STATUS_OK);
    atomic_store(saved, 1);
    uint32_t n = 1;
    for (int cut = 0; cut < CUTS; cut++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            save_for_ever(n + 1, saved);
        }
        const struct timespec pause = {0, 1000L * random_below(&random, LONGEST_US)};
        nanosleep(&pause, NULL);
        int status = 0;
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        n = check_file(atomic_load(saved));
    }
    print_message("%u saved, %d cuts\n", n, CUTS);
    munmap(saved, sizeof *saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_file_is_always_whole, set_up, test_folder_remove)};
    return cmocka_run_group_tests_name("power cut", tests, NULL, NULL);
}
