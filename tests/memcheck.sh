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
failed=0
for test in engine-engine engine-swap engine-periods engine-oracle engine-chain unit-ring \
    unit-arena unit-smoother; do
    echo "memcheck: $test"
    valgrind --quiet --error-exitcode=9 --leak-check=full "build/release/tests/test-$test" || {
        echo "memcheck: $test failed"
        failed=1
    }
done
exit $failed
