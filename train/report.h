// SPDX-License-Identifier: MIT
// What a training came to, for people: report.svg, and for programs: report.json.

#ifndef BACKLINE_TRAIN_REPORT_H
#define BACKLINE_TRAIN_REPORT_H

#include "backline/model.h"
#include "backline/status.h"
#include "train/check.h"
#include "train/compare.h"

/// After an epoch. ESR: not finite where none was measured.
typedef struct bl_report_epoch {
    uint64_t epoch;
    double train_esr, validation_esr;
} bl_report_epoch;

typedef struct bl_report {
    const char *name;          ///< of the model
    const bl_model *model;     ///< the best one
    bl_compare_take take;      ///< what it makes of the part kept back
    const bl_check *checks[2]; ///< of the recordings, and of those for validation; may be NULL
    const bl_report_epoch *epochs;
    size_t epoch_count;
} bl_report;

/// Reads the curves of a run from its progress.ndjson; lines that are cut or foreign are left out.
/// Thread: any but RT. Owns: the caller, who frees `*epochs`.
bl_status bl_report_load_epochs(const char *path, bl_report_epoch **epochs, size_t *count,
                                bl_error *error);

/// Writes both files, atomically each. Fails as bl_compare and bl_file_writer do. Thread: any but
/// RT.
bl_status bl_report_write(const bl_report *report, const char *svg_path, const char *json_path,
                          bl_error *error);

#endif
