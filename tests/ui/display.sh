#!/bin/sh
# SPDX-License-Identifier: MIT
# display.sh COMMAND...: runs it on a screen of its own (DESK_SCREEN, 1280x800 if unset) with a
# session bus and accessibility. Ends with 77 where there is no Xvfb.
for tool in Xvfb xvfb-run dbus-run-session; do
    if ! command -v "$tool" >/dev/null; then
        echo "skip: $tool is not installed"
        exit 77
    fi
done
unset NO_AT_BRIDGE WAYLAND_DISPLAY GTK_THEME
export GDK_BACKEND=x11 GTK_A11Y=atspi
exec xvfb-run -a -s "-screen 0 ${DESK_SCREEN:-1280x800}x24" dbus-run-session -- "$@"
