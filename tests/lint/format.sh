#!/bin/sh
# SPDX-License-Identifier: MIT
# clang-format would change nothing. Versions differ in detail; the project is written with 14.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
start_lint "$@"
for tool in clang-format-14 clang-format; do
    command -v "$tool" >/dev/null && "$tool" --version | grep -q 'version 14\.' && break
    tool=
done
if [ -z "$tool" ]; then
    echo "skip: clang-format 14 is not installed"
    exit 77
fi
project_files '*.c' '*.h' | xargs -n 8 -P 2 "$tool" --dry-run -Werror 2>"$findings"
end_lint
