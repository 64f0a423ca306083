#!/bin/sh
# SPDX-License-Identifier: MIT
# No complaint of shellcheck about the shell scripts.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
start_lint "$@"
if ! command -v shellcheck >/dev/null; then
    echo "skip: shellcheck is not installed"
    exit 77
fi
project_files '*.sh' run | xargs shellcheck -x -f gcc >"$findings"
end_lint
