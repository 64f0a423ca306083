#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing, builds with warnings as errors, runs the tests. With --all also under
# sanitizers, other compilers, processors and locales. Ends with "N passed, N failed, N skipped".

usage() {
    cat <<'END'
Usage: sh tests/run.sh [--all]

Installs the packages that are missing, builds Backline into build/release with warnings as errors
and runs the tests. The last line counts what passed, failed and was skipped.
  --all   also: AddressSanitizer, ThreadSanitizer, RealtimeSanitizer, valgrind, fuzzing,
          clang, valgrind, aarch64 and x86-64-v2 processors, a German locale
END
}

all=
case ${1-} in
'') ;;
--all) all=yes ;;
-h | --help)
    usage
    exit 0
    ;;
*)
    echo "tests: there is no option \"$1\"" >&2
    usage >&2
    exit 2
    ;;
esac

cd "$(dirname "$0")/.." || exit 1
say() {
    printf 'tests: %s\n' "$*"
}

# shellcheck disable=SC2086 # a list of words
sh share/install-packages.sh build test ${all:+all} || exit 1

logs=$PWD/build/tests
rm -rf "$logs"
mkdir -p "$logs/home" || exit 1
rows=$logs/rows # what tests/count.awk prints, of all stages
: >"$rows"

# No test may reach the player's own settings or sound server.
export LC_ALL=C.UTF-8
export BL_LINT_CACHE="$PWD/build/lint"
export XDG_CONFIG_HOME="$logs/home/config" XDG_DATA_HOME="$logs/home/data"
export XDG_STATE_HOME="$logs/home/state" XDG_CACHE_HOME="$logs/home/cache"
export JACK_NO_START_SERVER=1 JACK_DEFAULT_SERVER="backline-test-$$"

# --- Building: in the background, one stage after the other, while earlier stages are tested. ---

# preset NAME [TARGET...]: configures and builds build/NAME, or these targets of it.
preset() {
    name=$1
    shift
    cmake --preset "$name" -DBL_WERROR=ON -DBL_TESTS=ON && build "build/$name" "$@"
}

# build FOLDER [TARGET...]: so that the end of this script ends the compiler too. What is tested
# meanwhile goes first.
build() {
    nice ninja -C "$@" &
    child=$!
    wait "$child"
}

# skip STAGE REASON: what a building function says when the stage cannot be had here.
skip() {
    echo "skipped $1: $2" >"$logs/$1.skip"
}

# need STAGE PROGRAM
need() {
    command -v "$2" >/dev/null && return
    skip "$1" "$2 is not installed"
    return 1
}

# build_all STAGE...: leaves STAGE.built or STAGE.broken in $logs.
build_all() {
    child=
    trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 1' TERM
    for s in "$@"; do
        began=$(date +%s)
        if "build_$s" >"$logs/$s.build.log" 2>&1; then
            echo "$(($(date +%s) - began))" >"$logs/$s.seconds"
            : >"$logs/$s.built"
        else
            : >"$logs/$s.broken"
        fi
    done
}

# --- Testing ---

# count_stage STAGE DETAILED SHORT CODE: adds the rows; a failure that no row tells gets its own.
count_stage() {
    awk -v stage="$1" -f tests/count.awk detail=1 "$2" detail=0 "$3" >"$logs/$1.rows"
    if [ "$4" = 124 ] || [ "$4" = 137 ]; then
        echo "failed $1: over the time limit of the stage" >>"$logs/$1.rows"
    elif [ "$4" != 0 ] && ! grep -q '^failed' "$logs/$1.rows"; then
        echo "failed $1: ended with $4, see $3" >>"$logs/$1.rows"
    elif grep -qx 'passed 0' "$logs/$1.rows" && ! grep -q '^[fs]' "$logs/$1.rows"; then
        echo "failed $1: it ran no tests" >>"$logs/$1.rows"
    fi
}

# with_ctest STAGE FOLDER SECONDS [CTEST OPTION...]: one test more than there are processors, since
# many wait for a sound server or a screen most of the time.
with_ctest() {
    stage=$1 folder=$2 limit=$3
    shift 3
    timeout -k 10 "$limit" ctest --test-dir "$folder" -j "$(($(nproc) + 1))" --output-on-failure "$@" \
        >"$logs/$stage.log" 2>&1 </dev/null
    code=$?
    detailed=$folder/Testing/Temporary/LastTest.log
    [ -f "$detailed.tmp" ] && detailed=$detailed.tmp
    cp "$detailed" "$logs/$stage.detail.log"
    count_stage "$stage" "$logs/$stage.detail.log" "$logs/$stage.log" "$code"
    [ "$code" != 8 ] || try_alone "$stage" "$folder"
}

# try_alone STAGE FOLDER: sound servers and windows want their time, which a machine that builds and
# tests beside them may not give. What failed is run once more, with no test beside it, and that is
# told. What a sanitizer or a fuzzer found stays found, so does a crash, and tests that need no time
# have one try.
try_alone() {
    ! grep -q '^SUMMARY: ' "$logs/$1.detail.log" || return
    ! grep -q '\*\*\*Exception' "$logs/$1.log" || return
    ! grep '^failed' "$logs/$1.rows" | grep -qvE "^failed $1 (app|system|ui)\\." || return
    timeout -k 10 600 ctest --test-dir "$2" --rerun-failed --output-on-failure \
        >"$logs/$1.again.log" 2>&1 </dev/null || return
    sed -n 's/^failed/tests: passed alone, failed beside others:/p' "$logs/$1.rows"
    sed -i 's/^failed .*/passed 1/' "$logs/$1.rows"
}

# with_script STAGE SECONDS SCRIPT...: one test that is a script; 77 means skipped.
with_script() {
    stage=$1 limit=$2
    shift 2
    timeout -k 10 "$limit" "$@" >"$logs/$stage.log" 2>&1 </dev/null
    code=$?
    case $code in
    0) awk -v stage="$stage" '
        { sub(/^[0-9]+: /, "") } # as ctest --verbose writes
        /^\[       OK \] / { n++ }
        /^skip: / { print "skipped " stage ": " substr($0, 7) }
        END { print "passed " (n > 0 ? n : 1) }' "$logs/$stage.log" >"$logs/$stage.rows" ;;
    77) sed -n "s/^skip: /skipped $stage: /p" "$logs/$stage.log" | tail -n 1 >"$logs/$stage.rows" ;;
    124 | 137) echo "failed $stage: over its time limit of $limit s" >"$logs/$stage.rows" ;;
    *)
        tail -n 30 "$logs/$stage.log"
        echo "failed $stage: ended with $code, see $logs/$stage.log" >"$logs/$stage.rows"
        ;;
    esac
}

# report STAGE: one line, and the whole story of what failed.
report() {
    cat "$logs/$1.rows" >>"$rows"
    if grep -q '^failed' "$logs/$1.rows"; then
        sed -n '/\*\*\*\(Failed\|Timeout\|Not Run\|Exception\)/,/^ *[0-9]*\/[0-9]* Test /p' \
            "$logs/$1.log" 2>/dev/null | head -n 200
        sed -n 's/^failed/tests: FAILED/p' "$logs/$1.rows"
    fi
    say "$1: $(tally "$logs/$1.rows") ($(($(date +%s) - start)) s; built in $(cat "$logs/$1.seconds" 2>/dev/null || echo ?) s)"
}

tally() {
    awk '$1 == "passed" { p += $2 } $1 == "failed" { f++ } $1 == "skipped" { s++ }
        END { printf "%d passed, %d failed, %d skipped\n", p, f, s }' "$1"
}

# --- The stages: build_NAME, test_NAME; they run in the order of `stages` below, where those that
# --- need one processor stand beside long builds ---

# Labels of tests that say the same in every build, or have a stage of their own; and those that
# measure time, which says nothing about what is shipped under a sanitizer.
once='^(lint|ui|fuzz|bench|pipewire)$'
measures='^(app\.bench|system\.(in_time|loading))$'
# Minutes under a sanitizer, and every line it reaches is reached by train.run.
minutes='^train\.learning$'
# Too long under ThreadSanitizer (rigs are measured by a whole riff, or have to catch up with what is
# played); what their threads do is in app.switching, in short. In system.library there is nothing of
# Backline.
long='^(app\.stage|system\.(gig|lists|library))$'

build_release() {
    preset release
}
test_release() {
    with_ctest release build/release 1800
}

build_asan() {
    preset asan
}
test_asan() {
    BL_TEST_EFFORT=low BL_GIG_S=75 with_ctest asan build/asan 1800 -LE "$once" \
        -E "$measures|$minutes"
}

# Built is what is run.
build_tsan() {
    preset tsan tests-app tests-system tests-threads
}
test_tsan() {
    BL_SWITCHES=12 with_ctest tsan build/tsan 1800 -L '^(threads|app|system)$' -LE "$once" \
        -E "$measures|$long"
}

# What is installed, and what another compiler can make sound different; lint.tidy reads the rest
# with the same compiler's eyes.
build_clang() {
    preset clang backline backline-gtk tests-unit tests-engine
}
test_clang() {
    with_ctest clang build/clang 1800 -L '^(unit|engine)$' -E '^fuzz\.'
}

build_rtsan() {
    need rtsan clang-22 || return 0
    preset rtsan tests-engine
}
test_rtsan() {
    with_script rtsan 1800 sh tests/rtsan.sh
}

build_memcheck() {
    need memcheck valgrind || return 0
}
test_memcheck() {
    with_script memcheck 1800 sh tests/memcheck.sh
}

build_fuzz() {
    need fuzz clang || return 0
    cmake --preset fuzz -DBL_WERROR=ON && build build/fuzz fuzzers
}
test_fuzz() {
    with_ctest fuzz build/fuzz 1800 -L '^fuzz$'
}

build_german() {
    mkdir -p build/locale
    [ -d build/locale/de_DE.UTF-8 ] || localedef -i de_DE -f UTF-8 build/locale/de_DE.UTF-8
}
# What reads or writes numbers or words. The rest of the engine and the trainer knows no locale, and
# a server that dies does so in every language.
test_german() {
    LOCPATH=$PWD/build/locale LC_ALL=de_DE.UTF-8 \
        with_ctest german build/release 1800 \
        -R '^(unit|app|share)\.|^engine\.(export|nam|golden)|^train\.(run|report)|^system\.(start|lasting|refusals|metadata)|^ui\.window'
}

build_aarch64() {
    need aarch64 aarch64-linux-gnu-gcc && need aarch64 qemu-aarch64 || return 0
    cmake -S tests/cross -B build/aarch64 -G Ninja -DBL_WERROR=ON \
        --toolchain "$PWD/cmake/aarch64.cmake" && build build/aarch64
}
test_aarch64() {
    BL_TEST_EFFORT=low with_ctest aarch64 build/aarch64 1800
}

# A processor without AVX runs the same programs: all that touches a kernel.
build_v2() {
    if [ "$(uname -m)" != x86_64 ]; then
        skip v2 "this is no x86-64 machine"
        return
    fi
    need v2 qemu-x86_64 || return 0
    mkdir -p build/v2
    for module in unit-activation unit-quick engine-engine engine-golden \
        engine-oracle engine-periods engine-sequence engine-slim engine-swap engine-wavenet; do
        program=$PWD/build/release/tests/test-$module
        [ -f "$program" ] || continue
        name=${program##*/test-}
        echo "add_test($name qemu-x86_64 -cpu Nehalem $program)"
        echo "set_tests_properties($name PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)"
    done >build/v2/CTestTestfile.cmake
}
test_v2() {
    BL_TEST_EFFORT=low with_ctest v2 build/v2 1800
}

# --- Running them ---

stages=release
[ -z "$all" ] || stages="release v2 asan german aarch64 tsan fuzz rtsan memcheck clang"

# shellcheck disable=SC2086 # a list of words
build_all $stages &
builder=$!
trap 'kill "$builder" 2>/dev/null' EXIT
trap 'exit 1' INT TERM HUP

for s in $stages; do
    start=$(date +%s)
    [ -f "$logs/$s.built" ] || say "$s: building"
    until [ -f "$logs/$s.built" ] || [ -f "$logs/$s.broken" ]; do
        sleep 1
    done
    [ ! -f "$logs/$s.built" ] || say "$s: testing"
    if [ -f "$logs/$s.broken" ]; then
        tail -n 40 "$logs/$s.build.log"
        echo "failed $s: it does not build, see $logs/$s.build.log" >"$logs/$s.rows"
    elif [ -f "$logs/$s.skip" ]; then
        cp "$logs/$s.skip" "$logs/$s.rows"
    else
        "test_$s"
    fi
    report "$s"
done

sed -n 's/^skipped/tests: skipped/p' "$rows"
tally "$rows"
! grep -q '^failed' "$rows"
