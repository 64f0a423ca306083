// SPDX-License-Identifier: MIT
// Plots as SVG text: panels with axes, lines and dots. Colours follow the reader's light or dark
// theme; numbers are written the same in every locale.

#ifndef BACKLINE_TRAIN_PICTURE_H
#define BACKLINE_TRAIN_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct bl_axis {
    double from, to; ///< values at the two ends
    bool log;
    const char *label;
} bl_axis;

/// A panel on the page, in pixels from the top left.
typedef struct bl_plot {
    FILE *out;
    double left, top, width, height;
    bl_axis x, y;
} bl_plot;

/// How lines and dots look; the words of the legend are the caller's.
typedef enum bl_ink { BL_INK_TARGET, BL_INK_MODEL, BL_INK_DIFFERENCE, BL_INK_FAINT } bl_ink;

/// The page's head, with title and description for screen readers. Thread: any but RT.
void bl_picture_begin(FILE *out, double width, double height, const char *title,
                      const char *description);
void bl_picture_end(FILE *out);

/// Foreign text is escaped. `size` in pixels.
void bl_picture_text(FILE *out, double x, double y, double size, const char *text);

/// Frame, title, axis labels.
void bl_plot_begin(const bl_plot *plot, const char *title);

/// A grid line with its label.
void bl_plot_mark_x(const bl_plot *plot, double value, const char *label);
void bl_plot_mark_y(const bl_plot *plot, double value, const char *label);

/// A line through `count` points; it is broken at points that are not finite, and stays inside.
void bl_plot_line(const bl_plot *plot, const double *x, const double *y, size_t count, bl_ink ink);
void bl_plot_dots(const bl_plot *plot, const double *x, const double *y, size_t count, bl_ink ink);

/// An entry of the legend, the `index`-th from the left.
void bl_plot_legend(const bl_plot *plot, int index, const char *label, bl_ink ink);

#endif
