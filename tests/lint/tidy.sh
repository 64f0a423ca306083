#!/bin/sh
# SPDX-License-Identifier: MIT
# clang-tidy finds nothing. Version 14, since each version knows other checks. A file that was clean
# is not looked at again until it or a header or the list of checks changes. Assertions are on: they
# tell the analyser what holds.
# Usage: tidy.sh ROOT [FOLDER with compile_commands.json]
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
build=${2-}
start_lint "$@"
tool=
for name in clang-tidy-14 clang-tidy; do
    [ -z "$tool" ] && "$name" --version 2>/dev/null | grep -q 'version 14\.' && tool=$name
done
if [ -z "$tool" ]; then
    echo "skip: clang-tidy 14 is not installed"
    exit 77
fi

stamps=${build:-$findings.d}/lint-tidy
mkdir -p "$stamps" || exit 2
[ -n "$build" ] || trap 'rm -rf "$findings" "$findings.d"' EXIT
around=$(project_files '*.h' '*.inc' .clang-tidy | xargs cat | cksum)

# One file, its stamp and its key; prints what is wrong with it.
# shellcheck disable=SC2016 # the dollars are of the inner shell
check='
    if said=$("$0" --quiet --extra-arg=-UNDEBUG $4 "$1" $5 2>/dev/null); then echo "$3" >"$2"; else echo "$said"; fi'
for file in $(project_files '*.c'); do
    stamp=$stamps/$(printf '%s' "$file" | tr / +)
    key="$around $(cksum <"$file")"
    [ "$(cat "$stamp" 2>/dev/null)" = "$key" ] && continue
    printf '"%s" "%s" "%s" ' "$file" "$stamp" "$key"
    if [ -n "$build" ]; then
        echo "'-p $build' ''"
    else
        echo "'--config-file=$(dirname "$0")/../../.clang-tidy' '-- -std=c11 -Iengine/include -Iengine'"
    fi
done | xargs -r -n 5 -P "$(nproc)" sh -c "$check" "$tool" >"$findings"
end_lint
