// SPDX-License-Identifier: MIT
// A level meter lying on its side: -60 to 0 dB, falls 20 dB/s, holds the peak. Also a level bar for
// screen readers, with its value in dB and as text.

#ifndef BACKLINE_UI_METER_H
#define BACKLINE_UI_METER_H

#include <gtk/gtk.h>
#include <stdint.h>

#define BL_TYPE_METER (bl_meter_get_type())
G_DECLARE_FINAL_TYPE(BlMeter, bl_meter, BL, METER, GtkDrawingArea)

/// `id` and `name` as for bl_access.
GtkWidget *bl_meter_new(const char *id, const char *name);

/// The largest sample since the last call (full scale 1.0), and the frame clock's time.
void bl_meter_set(BlMeter *meter, double peak, int64_t now_us);

/// The held peak in dB, -60 at least.
double bl_meter_held_db(const BlMeter *meter);

/// Where a level stands on the scale, 0 (-60 dB) to 1 (0 dB); the upper 12 dB get 27 % of it.
double bl_meter_position(double level_db);

#endif
