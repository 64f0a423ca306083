// SPDX-License-Identifier: MIT
// The choice among the variants of kernels_body.c that this build holds.

#include "train/kernels.h"

#include <stdbool.h>

#if defined(__x86_64__)
extern const bl_train_kernels bl_train_kernels_v2, bl_train_kernels_v3;

const bl_train_kernels *const *bl_train_kernels_list(void)
{
    static const bl_train_kernels *const all[] = {&bl_train_kernels_v3, &bl_train_kernels_v2, NULL};
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return v3 ? all : all + 1;
}
#elif defined(__aarch64__)
extern const bl_train_kernels bl_train_kernels_neon;

const bl_train_kernels *const *bl_train_kernels_list(void)
{
    static const bl_train_kernels *const all[] = {&bl_train_kernels_neon, NULL};
    return all;
}
#endif

const bl_train_kernels *bl_train_kernels_choose(void)
{
    return bl_train_kernels_list()[0];
}
