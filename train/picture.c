// SPDX-License-Identifier: MIT
#include "train/picture.h"

#include "backline/text.h"

#include <math.h>

static const char *const ink_names[] = {"target", "model", "difference", "faint"};
static const double small = 12.0, legend_step = 120.0;

// A tenth of a pixel is fine enough.
static void number(FILE *out, double value)
{
    char text[BL_TEXT_NUMBER_MAX];
    bl_text_format_number(round(value * 10.0) / 10.0, text);
    (void)fputs(text, out);
}

static void attribute(FILE *out, const char *name, double value)
{
    (void)fprintf(out, " %s=\"", name);
    number(out, value);
    (void)fputc('"', out);
}

static void escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '&':
            (void)fputs("&amp;", out);
            break;
        default:
            (void)fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
    }
}

static void text_at(FILE *out, double x, double y, double size, const char *anchor,
                    const char *text)
{
    (void)fputs("<text", out);
    attribute(out, "x", x);
    attribute(out, "y", y);
    attribute(out, "font-size", size);
    (void)fprintf(out, " text-anchor=\"%s\">", anchor);
    escaped(out, text);
    (void)fputs("</text>\n", out);
}

void bl_picture_begin(FILE *out, double width, double height, const char *title,
                      const char *description)
{
    (void)fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
                "aria-labelledby=\"title description\" viewBox=\"0 0 ",
                out);
    number(out, width);
    (void)fputc(' ', out);
    number(out, height);
    (void)fputc('"', out);
    attribute(out, "width", width);
    attribute(out, "height", height);
    (void)fputs(">\n<title id=\"title\">", out);
    escaped(out, title);
    (void)fputs("</title>\n<desc id=\"description\">", out);
    escaped(out, description);
    (void)fputs("</desc>\n<style>\n"
                "svg { background: #fff; font-family: Inter, 'DejaVu Sans', sans-serif; }\n"
                "text { fill: #1b1916; } .grid { stroke: #cbc4b5; } .frame { stroke: #7d7466; }\n"
                "path, line, rect { fill: none; stroke-width: 1; }\n"
                "path { stroke-width: 1.6; stroke-linejoin: round; }\n"
                "path.target { stroke: #565047; } path.model { stroke: #006d67; }\n"
                "path.difference { stroke: #b3231a; } path.faint { stroke: #7d7466; "
                "stroke-dasharray: 4 3; }\n"
                "circle.target { fill: #565047; } circle.model { fill: #006d67; }\n"
                "@media (prefers-color-scheme: dark) {\n"
                "svg { background: #151412; } text { fill: #f5f1e9; }\n"
                ".grid { stroke: #4d4840; } .frame { stroke: #8f8778; }\n"
                "path.target { stroke: #c0b8aa; } path.model { stroke: #3fd2c7; }\n"
                "path.difference { stroke: #ff7a6a; } path.faint { stroke: #8f8778; }\n"
                "circle.target { fill: #c0b8aa; } circle.model { fill: #3fd2c7; }\n"
                "}\n</style>\n",
                out);
}

void bl_picture_end(FILE *out)
{
    (void)fputs("</svg>\n", out);
}

void bl_picture_text(FILE *out, double x, double y, double size, const char *text)
{
    text_at(out, x, y, size, "start", text);
}

// 0..1 along an axis, or NaN for a value that has no place.
static double along(const bl_axis *axis, double value)
{
    if (axis->log) {
        return value > 0.0 ? log(value / axis->from) / log(axis->to / axis->from) : (double)NAN;
    }
    return (value - axis->from) / (axis->to - axis->from);
}

static double clamp(double value)
{
    return fmin(fmax(value, 0.0), 1.0);
}

static double x_of(const bl_plot *plot, double value)
{
    return plot->left + plot->width * clamp(along(&plot->x, value));
}

static double y_of(const bl_plot *plot, double value)
{
    return plot->top + plot->height * (1.0 - clamp(along(&plot->y, value)));
}

void bl_plot_begin(const bl_plot *plot, const char *title)
{
    FILE *out = plot->out;
    (void)fputs("<rect class=\"frame\"", out);
    attribute(out, "x", plot->left);
    attribute(out, "y", plot->top);
    attribute(out, "width", plot->width);
    attribute(out, "height", plot->height);
    (void)fputs("/>\n", out);
    text_at(out, plot->left, plot->top - 28.0, 15.0, "start", title);
    text_at(out, plot->left + plot->width, plot->top + plot->height + 32.0, small, "end",
            plot->x.label);
    text_at(out, plot->left + plot->width, plot->top - 28.0, small, "end", plot->y.label);
}

static void grid_line(const bl_plot *plot, double x1, double y1, double x2, double y2)
{
    (void)fputs("<line class=\"grid\"", plot->out);
    attribute(plot->out, "x1", x1);
    attribute(plot->out, "y1", y1);
    attribute(plot->out, "x2", x2);
    attribute(plot->out, "y2", y2);
    (void)fputs("/>\n", plot->out);
}

void bl_plot_mark_x(const bl_plot *plot, double value, const char *label)
{
    const double x = x_of(plot, value), bottom = plot->top + plot->height;
    grid_line(plot, x, plot->top, x, bottom);
    text_at(plot->out, x, bottom + 16.0, small, "middle", label);
}

void bl_plot_mark_y(const bl_plot *plot, double value, const char *label)
{
    const double y = y_of(plot, value);
    grid_line(plot, plot->left, y, plot->left + plot->width, y);
    text_at(plot->out, plot->left - 6.0, y + 4.0, small, "end", label);
}

void bl_plot_line(const bl_plot *plot, const double *x, const double *y, size_t count, bl_ink ink)
{
    bool drawing = false;
    (void)fprintf(plot->out, "<path class=\"%s\" d=\"", ink_names[ink]);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(along(&plot->x, x[i])) || !isfinite(along(&plot->y, y[i]))) {
            drawing = false;
            continue;
        }
        (void)fputc(drawing ? 'L' : 'M', plot->out);
        number(plot->out, x_of(plot, x[i]));
        (void)fputc(' ', plot->out);
        number(plot->out, y_of(plot, y[i]));
        drawing = true;
    }
    (void)fputs("\"/>\n", plot->out);
}

void bl_plot_dots(const bl_plot *plot, const double *x, const double *y, size_t count, bl_ink ink)
{
    for (size_t i = 0; i < count; i++) {
        if (isfinite(along(&plot->x, x[i])) && isfinite(along(&plot->y, y[i]))) {
            (void)fprintf(plot->out, "<circle class=\"%s\" r=\"1.3\"", ink_names[ink]);
            attribute(plot->out, "cx", x_of(plot, x[i]));
            attribute(plot->out, "cy", y_of(plot, y[i]));
            (void)fputs("/>\n", plot->out);
        }
    }
}

void bl_plot_legend(const bl_plot *plot, int index, const char *label, bl_ink ink)
{
    const double x = plot->left + legend_step * index, y = plot->top - 10.0;
    (void)fprintf(plot->out, "<path class=\"%s\" d=\"M", ink_names[ink]);
    number(plot->out, x);
    (void)fputc(' ', plot->out);
    number(plot->out, y - 4.0);
    (void)fputs("h18\"/>\n", plot->out);
    text_at(plot->out, x + 24.0, y, small, "start", label);
}
