// SPDX-License-Identifier: MIT
// Status codes and the one error object that carries a sentence to the person.
// Foreign data gives a status, a program bug asserts, the audio thread clamps and counts.

#ifndef BACKLINE_STATUS_H
#define BACKLINE_STATUS_H

/// One row per status: identifier, short text.
#define BL_STATUS_TABLE(X)                                                                         \
    X(OK, "done")                                                                                  \
    X(NO_MEMORY, "not enough memory")                                                              \
    X(NOT_FOUND, "not found")                                                                      \
    X(IO, "cannot be read or written")                                                             \
    X(FORMAT, "not in the expected format")                                                        \
    X(UNSUPPORTED, "not supported")                                                                \
    X(LIMIT, "over a limit")                                                                       \
    X(SHAPE, "sizes do not fit together")                                                          \
    X(VALUE, "value out of range")                                                                 \
    X(USAGE, "wrong usage")                                                                        \
    X(SERVER, "no sound server")                                                                   \
    X(REFUSED, "refused")

typedef enum bl_status {
#define BL_STATUS_ENUM(id, text) BL_STATUS_##id,
    BL_STATUS_TABLE(BL_STATUS_ENUM)
#undef BL_STATUS_ENUM
} bl_status;

enum { BL_ERROR_TEXT_MAX = 1024 };

/// Detail of a failure, filled once, where it happened. `text` is one line without a newline:
/// file, place, what was found, what was expected, what to do.
typedef struct bl_error {
    bl_status status;
    char text[BL_ERROR_TEXT_MAX];
} bl_error;

/// Short English text of a status. Thread: any, RT safe. Never NULL.
const char *bl_status_text(bl_status status);

/// Fills `error` (which may be NULL) unless it already holds a failure, and returns `status`, so
/// that `return bl_error_set(error, BL_STATUS_FORMAT, "...")` ends a function. Control characters
/// in the text (file names are foreign data) are replaced by '?'. Thread: any but RT.
bl_status bl_error_set(bl_error *error, bl_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Sets `error` (which may be NULL) to BL_STATUS_OK and an empty text. Thread: any.
void bl_error_clear(bl_error *error);

#endif
