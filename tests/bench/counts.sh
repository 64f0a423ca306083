#!/bin/sh
# SPDX-License-Identifier: MIT
# Counts the instructions of a sample of every class of model, exactly, by callgrind, and fails where
# one needs over 5 % more than tests/bench/counts.txt says: how long that takes depends on the
# machine, how many there are does not. Also holds what must be flat: periods that are no power of
# two, silence, denormals. Ends with 77 where nothing can be compared.
# Usage: counts.sh BUILD-FOLDER COMPILER [--store | MODEL...], COMPILER such as GNU-12, MODEL such as
# a1-nano.nam; all without.
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) || exit 2
compiler=$2 stored=$here/counts.txt store=
shift 2
if [ "${1-}" = --store ]; then
    store=yes
    shift
fi
if ! command -v valgrind >/dev/null; then
    echo "skip: valgrind is not installed"
    exit 77
fi
if ! grep -qw avx2 /proc/cpuinfo; then
    echo "skip: this processor has no AVX2"
    exit 77
fi
if [ -z "$store" ] && ! grep -q "^$compiler " "$stored"; then
    echo "skip: no counts are stored for $compiler"
    exit 77
fi
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
"$build/tests/bench-models" "$folder" || exit 2

cd "$folder" || exit 2
[ $# -gt 0 ] || set -- *

# measure MODEL...: prints a line for each: its instructions at several periods and with other signals.
measure() {
    for model in "$@"; do
        rm -f "$folder"/out*
        BL_KERNEL=v3 valgrind --quiet --tool=callgrind --callgrind-out-file="$folder/out" \
            --toggle-collect=bl_engine_process --dump-before=part_begins \
            "$build/tests/bench-play" "$model" 64 30 music 64 30 music 16 120 music 100 20 music \
            1021 2 music 64 30 silence 64 30 denormal >&2 || return 1
        # The first part warms up; the last one's counts are in the file without a number.
        for part in 3 4 5 6 7; do
            cat "$folder/out.$part"
        done | cat - "$folder/out" | awk -v start="$compiler $model" '
            BEGIN { split("1920 1920 2000 2042 1920 1920", frames) }
            $1 == "totals:" { start = start sprintf(" %.1f", $2 / frames[++parts]) }
            END { if (parts == 6) print start; else exit 1 }' || {
            echo "counts: $model could not be counted" >&2
            return 1
        }
    done
}
measure "$@" >"$folder/now" || exit 1

if [ -n "$store" ]; then
    {
        echo "# Instructions of a sample, by tests/bench/counts.sh --store: compiler, model, period 64, 16"
        grep -v -e '^#' -e "^$compiler " "$stored" 2>/dev/null
        awk '{ print $1, $2, $3, $4 }' "$folder/now"
    } >"$folder/new" && mv "$folder/new" "$stored"
    exit
fi

awk '
function wrong(what) { printf "counts: %s %s\n", $2, what; bad = 1 }
FNR == NR { plain[$1, $2] = $3; small[$1, $2] = $4; next }
{
    printf "%-26s %9.1f at 64 frames, stored %9.1f; %9.1f at 16, stored %9.1f\n", $2, $3,
        plain[$1, $2], $4, small[$1, $2]
    if (!(($1, $2) in plain)) wrong("is not in counts.txt: store it")
    else if ($3 > 1.05 * plain[$1, $2] || $4 > 1.05 * small[$1, $2])
        wrong("needs over 5 % more instructions than stored")
    else if ($3 < 0.95 * plain[$1, $2] || $4 < 0.95 * small[$1, $2])
        wrong("needs over 5 % fewer instructions: store the new counts, so that they stay")
    # Layers of three channels are so cheap that what each costs once a block shows.
    if ($5 > ($2 == "a2-lite.nam" ? 1.16 : 1.1) * $3) wrong("needs " $5 " in periods of 100, " $3 " in periods of 64")
    if ($6 > 1.1 * $3) wrong("needs " $6 " in periods of 1021, " $3 " in periods of 64")
    if ($7 > 1.05 * $3) wrong("needs " $7 " in silence, " $3 " with music")
    if ($8 > 1.05 * $3) wrong("needs " $8 " with denormals, " $3 " with music")
}
END { exit bad }' "$stored" "$folder/now"
