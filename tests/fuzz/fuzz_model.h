// SPDX-License-Identifier: MIT
// What every fuzz target of a model format does with its bytes.

#ifndef TESTS_FUZZ_FUZZ_MODEL_H
#define TESTS_FUZZ_FUZZ_MODEL_H

#include "fuzz.h"

/// Parses `bytes`; a model that comes out and is small also plays a block. Ends the program if a
/// promise of the loader is broken.
void fuzz_model(const uint8_t *bytes, size_t size, const char *name);

#endif
