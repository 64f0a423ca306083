#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzzes one format: run.sh FORMAT BUILD SECONDS, for example
#   cmake --preset fuzz && ninja -C build/fuzz && sh tests/fuzz/run.sh nam build/fuzz 600
# Starts from good files, from what was found before (tests/fuzz/corpus) and from what earlier runs
# of this build collected; findings stay in BUILD/fuzz/FORMAT.
set -eu
if [ $# -ne 3 ]; then
    echo "usage: run.sh FORMAT BUILD SECONDS" >&2
    exit 2
fi
format=$1 seconds=$3
build=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$build/fuzz/$format
mkdir -p "$work/seeds" "$work/collected" "$work/found"
"$build/tests/fuzz-seeds" "$format" "$work/seeds"
known=$here/corpus/$format
[ -d "$known" ] || known=
case $format in setlist | midi) words=yaml.dict ;; *) words=model.dict ;; esac
# shellcheck disable=SC2086 # nothing at all where there is no corpus
exec "$build/tests/fuzz-$format" -max_total_time="$seconds" -max_len=16384 -timeout=10 \
    -rss_limit_mb=2500 -malloc_limit_mb=1500 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$work/found/" -dict="$here/$words" "$work/collected" "$work/seeds" $known
