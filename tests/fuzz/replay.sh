#!/bin/sh
# SPDX-License-Identifier: MIT
# Plays good files of one format, their mutations and what fuzzing found: replay.sh FORMAT BUILD
set -eu
format=$1 build=$2
here=$(cd "$(dirname "$0")" && pwd)
seeds=$build/fuzz/$format/seeds
mkdir -p "$seeds"
"$build/tests/fuzz-seeds" "$format" "$seeds"
known=$here/corpus/$format
[ -d "$known" ] || known=
# shellcheck disable=SC2086 # nothing at all where there is no corpus
exec "$build/tests/fuzz-$format" "$seeds" $known
