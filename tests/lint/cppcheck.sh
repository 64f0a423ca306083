#!/bin/sh
# SPDX-License-Identifier: MIT
# cppcheck finds no error, warning or portability problem. It does not know that a failed cmocka
# assertion ends a test, so what it deduces from a loop that might not run is not asked of tests.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
start_lint "$@"
if ! command -v cppcheck >/dev/null; then
    echo "skip: cppcheck is not installed"
    exit 77
fi
project_files '*.c' >"$findings.list"
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
    --suppress=missingIncludeSystem --suppress=unknownMacro \
    --suppress='invalidFunctionArg:tests/*' -j "$(nproc)" -I engine/include \
    -I engine -I app -I . --template='{file}:{line}: {message} [{id}]' \
    --file-list="$findings.list" 2>"$findings"
rm -f "$findings.list"
end_lint
