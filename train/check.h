// SPDX-License-Identifier: MIT
// What is wrong with a pair of recordings before anything is learnt from it: each finding says
// what, where and what to do.

#ifndef BACKLINE_TRAIN_CHECK_H
#define BACKLINE_TRAIN_CHECK_H

#include "backline/audio.h"
#include "backline/status.h"
#include "train/align.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One row per kind of finding: identifier, name in JSON.
#define BL_FINDING_TABLE(X)                                                                        \
    X(LENGTH, "length")                                                                            \
    X(RATE, "rate")                                                                                \
    X(CHANNEL, "channel")                                                                          \
    X(SILENCE, "silence")                                                                          \
    X(CLIPPING, "clipping")                                                                        \
    X(DC, "dc")                                                                                    \
    X(NOISE, "noise")                                                                              \
    X(HUM, "hum")                                                                                  \
    X(POLARITY, "polarity")                                                                        \
    X(DELAY, "delay")                                                                              \
    X(DRIFT, "drift")                                                                              \
    X(UNRELATED, "not_the_same_performance")                                                       \
    X(SAME, "same_recording")                                                                      \
    X(SWAPPED, "swapped")                                                                          \
    X(GATE, "gate")                                                                                \
    X(ECHO, "echo")                                                                                \
    X(REVERB, "reverb")                                                                            \
    X(REPEAT, "repeat")

typedef enum bl_finding_kind {
#define BL_FINDING_ENUM(id, name) BL_FINDING_##id,
    BL_FINDING_TABLE(BL_FINDING_ENUM)
#undef BL_FINDING_ENUM
} bl_finding_kind;

typedef enum bl_severity {
    BL_SEVERITY_NOTE,    ///< nothing to do
    BL_SEVERITY_WARNING, ///< the model will be worse for it
    BL_SEVERITY_FAULT,   ///< cannot work
} bl_severity;

enum { BL_FINDINGS_MAX = 48, BL_FINDING_TEXT_MAX = 400 };

typedef struct bl_finding {
    bl_finding_kind kind;
    bl_severity severity;
    bool in_target;      ///< the amplifier's recording, else the clean one
    double from_s, to_s; ///< place in that recording
    double value;        ///< what was measured, in the unit that the text names
    char text[BL_FINDING_TEXT_MAX];
} bl_finding;

typedef struct bl_check {
    bl_finding findings[BL_FINDINGS_MAX];
    size_t count;
    double duration_s; ///< that both recordings cover
    bl_alignment alignment;
    double correction_frames; ///< at the start; what bl_check_load has taken off
    double noise_dbfs;        ///< of the target in pauses, without what the guitar explains; or NaN
    double noise_esr;         ///< the best ESR that this noise allows; NaN: no pause to tell by
    double repeat_esr;        ///< between the target's answers to the same input; NaN: no repeat
} bl_check;

typedef struct bl_check_request {
    const char *input, *target;
    uint32_t channel;      ///< from 0, of both files
    double sample_rate_hz; ///< that both are wanted at; 0: the clean file's own
    bool align;            ///< take off delay and drift
    /// Of a pair recorded with the same gear, or NULL: its delay is this one's too, unless this
    /// one's is plainly another. What a validation is moved by must not differ by a guess.
    const bl_check *like;
    void (*tell)(void *context, double done); ///< 0..1 while it runs; may be NULL
    void *context;
} bl_check_request;

/// Loads a pair, brings it to one rate and length, checks it, and aligns the target if wished. A
/// fault in the recordings is a finding, not a failure; it fails if a file cannot be read or memory
/// is short. Thread: any but RT. Owns: the caller, both recordings.
bl_status bl_check_load(const bl_check_request *request, bl_audio *input, bl_audio *target,
                        bl_check *check, bl_error *error);

/// Checks a pair of one rate; the longer recording is cut to the shorter by the caller.
/// Thread: any but RT.
bl_status bl_check_pair(const bl_audio *input, const bl_audio *target, bl_check *check,
                        bl_error *error);

/// The first fault, or NULL. Thread: any.
const bl_finding *bl_check_fault(const bl_check *check);

/// "delay", "note". Thread: any. Never NULL.
const char *bl_finding_name(bl_finding_kind kind);
const char *bl_severity_name(bl_severity severity);

#endif
