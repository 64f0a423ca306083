// SPDX-License-Identifier: MIT
// Ends the program with a message when the thread that is inside the audio callback allocates,
// locks, waits, or talks to a file or terminal. Linked into a test, which marks the callback
// itself; or preloaded into any JACK program, whose process callback it then marks. In freewheel
// that one may lock and wait for other threads; nothing else.

#ifndef TESTS_GUARD_RT_GUARD_H
#define TESTS_GUARD_RT_GUARD_H

/// From here on this thread is inside the callback. Calls nest.
void rt_guard_enter(void);

/// The end of the innermost rt_guard_enter.
void rt_guard_leave(void);

#endif
