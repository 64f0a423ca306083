// SPDX-License-Identifier: MIT
// Findings as `backline check --json` and report.json hold them.

#ifndef BACKLINE_TRAIN_CHECK_JSON_H
#define BACKLINE_TRAIN_CHECK_JSON_H

#include "train/check.h"

#include <jansson.h>

/// A list of {kind, severity, recording, from_s, to_s, value, text}. Thread: any but RT. Owns: the
/// caller. NULL if memory is short.
json_t *bl_check_list_findings(const bl_check *check);

#endif
