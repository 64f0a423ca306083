// SPDX-License-Identifier: MIT
// The app in the test's own process, whose MAIN thread the test is.

#ifndef BACKLINE_TESTS_SYSTEM_PUMP_H
#define BACKLINE_TESTS_SYSTEM_PUMP_H

#include "app.h"
#include "stage.h"

#include <poll.h>

/// Lets `app` work when something comes, at the latest after a second, and reads its state.
static inline void pump(bl_app *app, bl_app_state *s)
{
    struct pollfd wait = {bl_app_fd(app), POLLIN, 0};
    poll(&wait, 1, 1000);
    bl_app_dispatch(app);
    bl_app_get_state(app, s);
}

/// Pumps `app` until the condition holds, with its state in `s`.
#define PUMP_UNTIL(condition)                                                                      \
    do {                                                                                           \
        const long long pump_end = now_ms() + DEADLINE_MS;                                         \
        bl_app_get_state(app, &s);                                                                 \
        while (!(condition)) {                                                                     \
            if (now_ms() > pump_end) {                                                             \
                fail_msg("never: %s; the last message: %s", #condition, s.message.text);           \
            }                                                                                      \
            pump(app, &s);                                                                         \
        }                                                                                          \
    } while (false)

#endif
