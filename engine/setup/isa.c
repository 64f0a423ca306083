// SPDX-License-Identifier: MIT
// Which instruction sets this build and this processor have, and the choice among them.

#include "setup/isa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[BL_ISA_COUNT] = {
    [BL_ISA_C] = "c", [BL_ISA_V2] = "v2", [BL_ISA_V3] = "v3", [BL_ISA_NEON] = "neon"};

const bl_kernels *bl_isa_kernels(bl_isa isa)
{
    switch (isa) {
    case BL_ISA_C:
        return &bl_kernels_c;
#if defined(__x86_64__)
    case BL_ISA_V2:
        return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt") ? &bl_kernels_v2
                                                                                    : NULL;
    case BL_ISA_V3:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &bl_kernels_v3
                                                                               : NULL;
#elif defined(__aarch64__)
    case BL_ISA_NEON:
        return &bl_kernels_neon;
#endif
    default:
        return NULL;
    }
}

const char *bl_isa_name(bl_isa isa)
{
    return names[isa];
}

bl_status bl_isa_choose(const char *name, bl_isa *isa, bl_error *error)
{
    const char *const from = name != NULL ? "kernel" : "BL_KERNEL";
    const char *const wanted = name != NULL ? name : getenv("BL_KERNEL");
    char usable[64] = "";
    bool found = false;
    for (int i = 0; i < BL_ISA_COUNT; i++) {
        if (bl_isa_kernels((bl_isa)i) == NULL) {
            continue;
        }
        const size_t used = strlen(usable);
        snprintf(usable + used, sizeof usable - used, "%s%s", used > 0 ? ", " : "", names[i]);
        if (wanted == NULL || wanted[0] == '\0' || strcmp(wanted, names[i]) == 0) {
            *isa = (bl_isa)i;
            found = true;
        }
    }
    if (found) {
        return BL_STATUS_OK;
    }
    return bl_error_set(error, BL_STATUS_UNSUPPORTED,
                        "%s: \"%s\" does not run here; use one of: %s, or leave it unset for the "
                        "fastest",
                        from, wanted, usable);
}
