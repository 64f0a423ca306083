#!/bin/sh
# SPDX-License-Identifier: MIT
# An hour on stage, simulated as fast as this machine can: random parts, knobs, floods of MIDI,
# changing periods. Usage: sh tests/gig/run.sh [SECONDS [BUILD-FOLDER]]
set -e
cd "$(dirname "$0")/../.."
build=${2:-build/release}
[ -d "$build" ] || cmake --preset release
cmake --build "$build" --target test-app-gig
BL_GIG_S=${1:-3600} exec "$build/tests/test-app-gig"
