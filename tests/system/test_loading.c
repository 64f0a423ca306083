// SPDX-License-Identifier: MIT
// Models chosen while the guitar plays at 64 frames: each comes to sound, and every period is
// played meanwhile. How many came late is printed beside those of as many seconds without a choice,
// not judged. BL_TEST_LOADS=100 chooses that many, with real-time priority.

#include "app.h"
#include "stage.h"
#include "support/cmocka_all.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { RATE_HZ = 48000, PERIOD = 64, EVERY_MS = 250 };

static bl_app *app;
static bl_app_state s;

/// Drives the app, and lets so many milliseconds pass.
static void pump(int ms)
{
    const long long until = now_ms() + ms;
    do {
        struct pollfd wait = {bl_app_fd(app), POLLIN, 0};
        poll(&wait, 1, 10);
        bl_app_dispatch(app);
        bl_app_get_state(app, &s);
    } while (now_ms() < until);
}

static void wait_for_swaps(uint64_t count)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (s.swaps < count) {
        assert_true(now_ms() < until);
        pump(0);
    }
    assert_int_equal(s.phase, BL_APP_PLAYING);
}

static int open_app(void **state)
{
    bl_app_config config = bl_app_config_default();
    stage_open(state);
    stage_server_start(&(stage_server){.rate_hz = RATE_HZ,
                                       .period = PERIOD,
                                       .async = true,
                                       .options = getenv("BL_TEST_LOADS") != NULL ? "-R" : NULL});
    config.model = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    assert_int_equal(bl_app_create(&config, &app, NULL), BL_STATUS_OK);
    pump(0);
    wait_for_swaps(1);
    return 0;
}

static int close_app(void **state)
{
    bl_app_destroy(app);
    stage_server_stop();
    return stage_close(state);
}

static void test_models_are_chosen_while_it_plays(void **state)
{
    (void)state;
    const char *wanted = getenv("BL_TEST_LOADS");
    const int loads = wanted != NULL ? atoi(wanted) : 4;
    uint32_t late[2] = {0, 0}; // without, with a choice
    size_t count = 0;
    pump(1000);
    for (int i = 0; i < 2 * loads; i++) { // in turn, since the machine is not always alike
        const uint32_t before = s.xruns;
        const uint64_t swaps = s.swaps;
        const bool choose = i % 2 == 1;
        if (choose) {
            const bl_app_model *models = bl_app_get_models(app, &count);
            assert_true(count >= 2);
            bl_app_load_model(app, models[(size_t)i / 2 % count].path);
        }
        pump(EVERY_MS);
        wait_for_swaps(swaps + choose);
        late[choose] += s.xruns - before;
    }
    printf("xruns in %d times %d ms: %u while models were loaded, %u in between\n", loads, EVERY_MS,
           late[1], late[0]);
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_are_chosen_while_it_plays),
    };
    return cmocka_run_group_tests(tests, open_app, close_app);
}
