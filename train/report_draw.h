// SPDX-License-Identifier: MIT
// The picture of a report: learning curves, waves at a typical and at the worst place, spectra, and
// input against output.

#ifndef BACKLINE_TRAIN_REPORT_DRAW_H
#define BACKLINE_TRAIN_REPORT_DRAW_H

#include "train/report.h"

#include <stdio.h>

/// Writes the SVG document; errors stay in `out`. Thread: any but RT.
void bl_report_draw(FILE *out, const bl_report *report, const bl_comparison *comparison);

#endif
