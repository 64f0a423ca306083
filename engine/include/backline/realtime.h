// SPDX-License-Identifier: MIT
// The mark of functions that the audio thread may call: no allocation, lock, wait, log or system
// call. Compilers that know the attribute (clang from 20 on) check it, others see nothing.

#ifndef BACKLINE_REALTIME_H
#define BACKLINE_REALTIME_H

/// Stands behind the parameter list of a declaration: `void bl_x(void) BL_NONBLOCKING;`
#define BL_NONBLOCKING
#ifdef __has_attribute
#if __has_attribute(nonblocking)
#undef BL_NONBLOCKING
#define BL_NONBLOCKING __attribute__((nonblocking))
#endif
#endif

#endif
