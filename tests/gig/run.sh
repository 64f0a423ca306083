#!/bin/sh
# SPDX-License-Identifier: MIT
# An hour on stage, on a real server in freewheel, as fast as this machine can: random parts, knobs,
# floods of MIDI, changing periods. Usage: sh tests/gig/run.sh [SECONDS [BUILD-FOLDER]]
set -e
cd "$(dirname "$0")/../.."
build=${2:-build/release}
[ -d "$build" ] || cmake --preset release
cmake --build "$build" --target test-system-gig
BL_GIG_S=${1:-3600} exec "$build/tests/test-system-gig"
