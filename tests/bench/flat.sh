#!/bin/sh
# SPDX-License-Identifier: MIT
# The cost of a chain with a cab is flat: in instructions, the worst block but two costs at most 1.1
# times the median. Mono and stereo cabs of every size of partition, up to 2 s.
# Usage: flat.sh BENCH-FLAT. Ends with 77 where valgrind is missing.
command -v valgrind >/dev/null || {
    echo "skip: valgrind is not installed"
    exit 77
}
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
failed=0
for case in "1000 1" "9600 1" "9600 2" "48000 1" "96000 1" "96000 2"; do
    # shellcheck disable=SC2086 # two arguments
    valgrind --tool=callgrind --callgrind-out-file="$folder/out" "$1" $case 96 \
        >"$folder/said" 2>&1
    code=$?
    [ $code = 77 ] && {
        echo "skip: valgrind's headers were not there when this was built"
        exit 77
    }
    [ $code = 0 ] || {
        cat "$folder/said"
        exit 1
    }
    # The first records hold what is done once.
    grep -h '^totals:' "$folder"/out.* | awk '{ print $2 }' | sort -n | awk -v case="$case" '
        { cost[NR] = $1 }
        END {
            ratio = NR >= 96 ? cost[NR - 2] / cost[int(NR / 2)] : 99
            printf "%s channel(s): median %d, worst but two %d, ratio %.3f\n",
                case, cost[int(NR / 2)], cost[NR - 2], ratio
            exit ratio > 1.1
        }' || failed=1
    rm -f "$folder"/out*
done
exit $failed
