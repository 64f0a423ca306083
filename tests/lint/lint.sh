# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Shared by the lint scripts, which all take the root of a source tree and work on that tree, so
# that planted.sh can show each of them a tree with a fault.

# Usage: start_lint "$@": goes to the tree's root and empties the list of findings.
start_lint() {
    cd "${1:?usage: $0 ROOT}" || exit 2
    findings=$(mktemp) || exit 2
    trap 'rm -f "$findings"' EXIT
}

# Every file of the project, without what builds and git leave behind; PATTERN as for find -name.
project_files() {
    for pattern in "$@"; do
        find . \( -name .git -o -path ./build \) -prune -o -type f -name "$pattern" -print
    done | sed 's|^\./||' | LC_ALL=C sort
}

# Adds one finding: file, what is wrong, what to do.
found() {
    printf '%s\n' "$*" >>"$findings"
}

# Prints the findings; the exit code says whether there were any.
end_lint() {
    cat "$findings"
    [ ! -s "$findings" ]
}
