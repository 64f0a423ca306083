// SPDX-License-Identifier: MIT
// Fuzz target for .safetensors files.

#include "fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_model(bytes, size, "fuzz.safetensors");
    return 0;
}
