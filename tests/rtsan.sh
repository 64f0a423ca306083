#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the engine with clang's RealtimeSanitizer in build/rtsan and runs the engine tests under
# it: a process call that allocates, locks, waits or makes a system call ends its test.
# Usage: sh tests/rtsan.sh. Ends with 77 where clang-22 is missing.
cd "$(dirname "$0")/.." || exit 1
for needed in clang-22 cmake ninja; do
    command -v "$needed" >/dev/null || {
        echo "skip: $needed is not installed"
        exit 77
    }
done
program=$(mktemp) || exit 1
trap 'rm -f "$program"' EXIT
echo 'int main(void) { return 0; }' | clang-22 -fsanitize=realtime -x c - -o "$program" || {
    echo "skip: clang-22 cannot link with -fsanitize=realtime; install libclang-rt-22-dev"
    exit 77
}
cmake --preset rtsan && ninja -C build/rtsan tests-engine || exit 1
ctest --test-dir build/rtsan -L '^engine$' -j "$(nproc)" --verbose
