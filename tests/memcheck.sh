#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the engine's tests in build/release under valgrind: reads of memory that nobody set, which
# the sanitizers do not see, and leaks. Left out is what takes minutes or brings its own allocator.
# Usage: sh tests/memcheck.sh. Ends with 77 where valgrind is missing.
cd "$(dirname "$0")/.." || exit 1
command -v valgrind >/dev/null || {
    echo "skip: valgrind is not installed"
    exit 77
}
# shellcheck disable=SC2016 # the dollars are of the inner shell
one='
    said=$(valgrind --quiet --error-exitcode=9 --leak-check=full "build/release/tests/test-$1" 2>&1)
    code=$?
    printf "memcheck: %s\n%s\n" "$1" "$said"
    [ "$code" = 0 ] || echo "memcheck: $1 failed"
    exit "$code"'
# The long ones first.
printf '%s\n' engine-swap engine-periods engine-engine engine-oracle engine-chain unit-ring \
    unit-arena unit-smoother | xargs -P "$(nproc)" -n 1 sh -c "$one" memcheck
