#!/bin/sh
# SPDX-License-Identifier: MIT
# cppcheck finds no error, warning or portability problem.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
start_lint "$@"
if ! command -v cppcheck >/dev/null; then
    echo "skip: cppcheck is not installed"
    exit 77
fi
project_files '*.c' >"$findings.list"
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
    --suppress=missingIncludeSystem --suppress=unknownMacro -j "$(nproc)" -I engine/include \
    -I engine -I app -I . --template='{file}:{line}: {message} [{id}]' \
    --file-list="$findings.list" 2>"$findings"
rm -f "$findings.list"
end_lint
