#!/bin/sh
# SPDX-License-Identifier: MIT
# The desktop entry and the software centre's page are valid.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
start_lint "$@"
for tool in desktop-file-validate appstreamcli; do
    command -v $tool >/dev/null && continue
    echo "skip: $tool is not installed"
    exit 77
done
for file in $(project_files '*.desktop'); do
    desktop-file-validate "$file" >>"$findings" 2>&1
done
for file in $(project_files '*.metainfo.xml'); do
    appstreamcli validate --no-net --no-color "$file" >"$findings.one" 2>&1 ||
        cat "$findings.one" >>"$findings"
    rm -f "$findings.one"
done
end_lint
