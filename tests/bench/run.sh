#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures every common class of model: builds build/release, writes models with random weights and
# runs `backline bench` on them. Usage: sh tests/bench/run.sh [OPTION of backline bench...].
cd "$(dirname "$0")/../.." || exit 1
{
    cmake --preset release &&
        ninja -C build/release backline bench-models &&
        mkdir -p build/release/models &&
        build/release/tests/bench-models build/release/models
} >&2 || exit 1
cd build/release/models || exit 1
exec ../bin/backline bench "$@" a1-standard.nam a1-lite.nam a1-feather.nam a1-nano.nam a2-full.nam \
    a2-lite.nam lstm-1x16.nam lstm-2x8.nam lstm-1x40.nam reference-6.safetensors \
    reference-10.safetensors
