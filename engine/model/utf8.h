// SPDX-License-Identifier: MIT
// UTF-8 (RFC 3629): which byte sequences are characters.

#ifndef BACKLINE_MODEL_UTF8_H
#define BACKLINE_MODEL_UTF8_H

#include <stddef.h>

/// Bytes of the character at `text`, of which `size` bytes may be read: 1 to 4, or 0 if it is not a
/// character. Thread: any.
size_t bl_utf8_measure(const unsigned char *text, size_t size);

#endif
