// SPDX-License-Identifier: MIT
// Work that must not disturb a guitar.

#ifndef BACKLINE_APP_IDLE_H
#define BACKLINE_APP_IDLE_H

/// The calling thread, and every one it starts from now on, runs only where nobody else wants to.
/// Such a thread must not hold a lock that others need. Thread: any but RT.
void bl_idle_begin(void);

#endif
