// SPDX-License-Identifier: MIT
// Denormal numbers off: decaying histories would otherwise slow a processor down a hundredfold.
// Per thread, and a library may turn it back, so every thread that computes audio asserts it often.

#ifndef BACKLINE_RT_FTZ_H
#define BACKLINE_RT_FTZ_H

#include <stdint.h>

#if defined(__SSE2__)
#include <xmmintrin.h>

/// Flush-to-zero and denormals-are-zero of this thread; costs two loads when both are set.
static inline void bl_ftz_enable(void)
{
    const unsigned int flush = 0x8040; // MXCSR: FTZ is bit 15, DAZ bit 6
    const unsigned int state = _mm_getcsr();
    if ((state & flush) != flush) {
        _mm_setcsr(state | flush);
    }
}

#elif defined(__aarch64__)

/// Flush-to-zero of this thread, for inputs and results alike.
static inline void bl_ftz_enable(void)
{
    const uint64_t flush = UINT64_C(1) << 24; // FPCR: FZ
    uint64_t state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    if ((state & flush) == 0) {
        __asm__ volatile("msr fpcr, %0" : : "r"(state | flush));
    }
}

#else

/// This processor has no such mode that Backline knows.
static inline void bl_ftz_enable(void)
{
}

#endif

#endif
