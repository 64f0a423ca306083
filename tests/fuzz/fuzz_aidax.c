// SPDX-License-Identifier: MIT
// Fuzz target for .aidax files.

#include "fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_model(bytes, size, "fuzz.aidax");
    return 0;
}
