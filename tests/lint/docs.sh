#!/bin/sh
# SPDX-License-Identifier: MIT
# What the reader of a header must be told: of each public function which thread may call it (in its
# own comment, in the comment that opens its group, or in the file's header for all), and of each
# atomic who writes and who reads it ("MAIN -> RT").
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
start_lint "$@"

# shellcheck disable=SC2016 # awk's dollar
project_files '*.h' | grep '^engine/include/' | xargs awk '
FNR == 1 { all = 0; group = 0; own = 0; head = 1; body = 0 }
head && /^\/\/[^\/]/ { if (/Thread:/) all = 1; next }
head && !/^\/\// { head = 0 }
# "// --- Thread: MAIN" opens a group; the next such line ends it.
/^\/\/ ---/ { group = /Thread:/; next }
/^\/\/\// { if (!in_comment) own = 0; in_comment = 1; if (/Thread:/) own = 1; next }
{ was_comment = in_comment; in_comment = 0 }
# Inside a type.
/^(typedef )?(struct|enum|union).*\{$/ { body = 1 }
body { if (/^}/) { body = 0; own = 0 } next }
/^(typedef|#|extern)/ || /^$/ { own = 0; next }
/^[a-z].*[ *]bl_[a-z0-9_]+\(/ {
    if (!all && !group && !own) {
        name = $0
        sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
        printf "%s:%d: %s: its comment does not say which Thread: may call it\n", FILENAME, FNR, name
    }
    own = 0
}
' >>"$findings" /dev/null

project_files '*.h' '*.c' | grep -v '^tests/' | xargs awk '
/^[ \t]+(alignas\([^)]*\) )?(_Atomic|atomic_[a-z]+ )/ && !/->/ && !/\(/ {
    printf "%s:%d: this atomic does not say who writes and who reads it: ///< writer -> reader\n",
        FILENAME, FNR
}' >>"$findings" /dev/null
end_lint
