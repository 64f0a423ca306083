#!/bin/sh
# SPDX-License-Identifier: MIT
# No block of a model costs much more than the others: of 2,000 blocks of 64 frames, all but two
# need at most 1.1 times the instructions of the median one. Ends with 77 without valgrind.
# Usage: spikes.sh BUILD-FOLDER [MODEL...], MODEL such as a1-nano.nam; all without
if ! command -v valgrind >/dev/null; then
    echo "skip: valgrind is not installed"
    exit 77
fi
build=$(cd "$1" && pwd) || exit 2
shift
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/models" && "$build/tests/bench-models" "$folder/models" || exit 2

failed=0
cd "$folder/models" || exit 2
[ $# -gt 0 ] || set -- *
for model in "$@"; do
    rm -f "$folder"/out*
    valgrind --quiet --tool=callgrind --callgrind-out-file="$folder/out" \
        --dump-before=bl_engine_process --toggle-collect=bl_engine_process \
        "$build/tests/bench-play" "$model" 64 2000 music >"$folder/said" 2>&1 || {
        cat "$folder/said"
        exit 1
    }
    # The dump before the first block is empty, the one at the end holds the last block.
    cat "$folder"/out* | awk '$1 == "totals:" && $2 > 0 { print $2 }' | sort -n | awk -v model="$model" '
        { count[NR] = $1 }
        END {
            median = count[int((NR + 1) / 2)]
            worst = count[NR - 2]
            printf "%-26s %d blocks, median %d, worst but two %d: %.3f\n", model, NR, median, worst,
                (median > 0 ? worst / median : 0)
            exit !(NR >= 2000 && worst <= 1.1 * median)
        }' || {
        echo "spikes: $model is not flat"
        failed=1
    }
done
exit $failed
