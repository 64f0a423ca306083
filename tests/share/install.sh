#!/bin/sh
# SPDX-License-Identifier: MIT
# What `cmake --install` puts into an empty place is complete and works from there: the program
# finds the riff and the model that ship, though the build folder's are not beside it.
# Usage: install.sh BUILD_FOLDER
build=${1:?usage: install.sh BUILD_FOLDER}
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
cmake --install "$build" --prefix "$place/usr" >/dev/null || exit 1

for file in bin/backline bin/backline-gtk share/applications/org.backline.Backline.desktop \
    share/icons/hicolor/scalable/apps/org.backline.Backline.svg share/man/man1/backline.1 share/backline/riff.wav \
    share/backline/models/clean.safetensors share/backline/configs/config.yaml; do
    [ -s "$place/usr/$file" ] || {
        echo "not installed: $file"
        exit 1
    }
done

# A copy of the build's own share folder must not be what makes it work.
cd "$place" || exit 1
share=usr/share/backline
for how in "--model $share/models/clean.safetensors" "--rig $share/configs/rigs/lead.yaml"; do
    rm -f out.wav
    # shellcheck disable=SC2086 # an option and its value
    usr/bin/backline render $share/riff.wav out.wav $how >said 2>&1 || {
        cat said
        exit 1
    }
    [ "$(wc -c <out.wav)" -gt 1000000 ] || {
        echo "out.wav is too short"
        exit 1
    }
done
