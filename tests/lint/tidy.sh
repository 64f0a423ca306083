#!/bin/sh
# SPDX-License-Identifier: MIT
# clang-tidy finds nothing. Version 14, since each version knows other checks. What was clean is not
# looked at again, in any checkout, until the file, a header it includes, the checks or the flags
# change: the cache holds one empty file per clean content. Assertions are on: they tell the
# analyser what holds.
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

stamps=$findings.d
if [ -n "$build" ]; then
    stamps=${BL_LINT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/backline}/lint-tidy
else
    trap 'rm -rf "$findings" "$findings.d"' EXIT
fi
mkdir -p "$stamps" || exit 2

# Prints for every .c of the project a line: itself, then every project header it reaches. A name in
# quotes means each file of the tree that ends in it.
closures() {
    project_files '*.c' '*.h' '*.inc' | xargs grep -HE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"|^// SPDX' |
        awk '
        { file = $0; sub(/:.*/, "", file); all[file] = 1 }
        match($0, /"[^"]*"/) { names[file] = names[file] " " substr($0, RSTART + 1, RLENGTH - 2) }
        function reach(file,    i, n, name, part, other) {
            if (file in seen) return
            seen[file] = 1
            line = line " " file
            n = split(names[file], part, " ")
            for (i = 1; i <= n; i++)
                for (other in suffix_of) if (index(suffix_of[other], " " part[i] " ")) reach(other)
        }
        END {
            for (file in all) {
                rest = file; list = " " rest " "
                while (sub(/^[^\/]*\//, "", rest)) list = list rest " "
                suffix_of[file] = list
            }
            for (file in all) if (file ~ /\.c$/) {
                split("", seen); line = ""
                reach(file)
                n = split(line, part, " ")
                # The file first, the rest in one order whatever the order of finding.
                for (i = 2; i <= n; i++) for (j = i; j > 2 && part[j] < part[j - 1]; j--) {
                    swap = part[j]; part[j] = part[j - 1]; part[j - 1] = swap
                }
                line = part[1]
                for (i = 2; i <= n; i++) line = line " " part[i]
                print line
            }
        }'
}

checks=$(project_files .clang-tidy | xargs cat)
# One file, its stamp; prints what is wrong with it.
# shellcheck disable=SC2016 # the dollars are of the inner shell
check='
    if said=$("$0" --quiet --extra-arg=-UNDEBUG $3 "$1" $4 2>/dev/null); then : >"$2"; else echo "$said"; fi'
closures | while read -r file headers; do
    # shellcheck disable=SC2086 # a list of names without blanks
    key=$({ echo "$checks"; cat "$file" $headers; } | sha256sum | cut -c1-40)
    stamp=$stamps/$key
    [ -e "$stamp" ] && continue
    printf '"%s" "%s" ' "$file" "$stamp"
    if [ -n "$build" ]; then
        echo "'-p $build' ''"
    else
        echo "'--config-file=$(dirname "$0")/../../.clang-tidy' '-- -std=c11 -Iengine/include -Iengine'"
    fi
done | xargs -r -n 4 -P "$(nproc)" sh -c "$check" "$tool" >"$findings"
end_lint
