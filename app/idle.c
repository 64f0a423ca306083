// SPDX-License-Identifier: MIT
// The idle scheduling class, or where that is not allowed, the last place in the usual one.

#include "idle.h"

#include <sched.h>
#include <sys/resource.h>

void bl_idle_begin(void)
{
    const struct sched_param none = {0}; // 0: of Linux, the calling thread alone
    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0) {
        setpriority(PRIO_PROCESS, 0, 19);
    }
}
