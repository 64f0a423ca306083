// SPDX-License-Identifier: MIT
// The recordings of a training: loaded, checked, aligned.

#ifndef BACKLINE_APP_PAIR_H
#define BACKLINE_APP_PAIR_H

#include "backline/config.h"
#include "backline/status.h"
#include "train/check.h"
#include "train/train.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct bl_pair_request {
    const char *input, *target;
    const char *validation_input, *validation_target; ///< NULL: the end of the first pair
    uint32_t channel;                                 ///< from 0, of all files
    bool force;                                       ///< go on in spite of faults
} bl_pair_request;

/// What was found: in the pair that is learnt from and in that for validation.
typedef struct bl_pair_findings {
    bl_check pairs[2];
} bl_pair_findings;

/// Fails with BL_STATUS_REFUSED where a pair cannot work, unless forced. Thread: MAIN. Owns: the
/// caller, who ends with bl_train_data_finish.
bl_status bl_pair_load(const bl_pair_request *request, const bl_config_data *config,
                       bl_train_data *data, bl_pair_findings *findings, bl_error *error);

/// A line for each finding. Thread: MAIN.
void bl_pair_print(const bl_pair_findings *findings, FILE *to);

#endif
