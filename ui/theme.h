// SPDX-License-Identifier: MIT
// The look of the whole program: style sheet and icons, which are compiled in.

#ifndef BACKLINE_UI_THEME_H
#define BACKLINE_UI_THEME_H

/// Loads both for every window on the default screen. Once, after gtk_init. Thread: MAIN.
void bl_theme_load(void);

#endif
