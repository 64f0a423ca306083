#!/bin/sh
# SPDX-License-Identifier: MIT
# What engine/rt calls: nothing but itself, libm and the memory functions of string.h. Looks at the
# undefined symbols of its objects, so no way around a header hides a call.
# Usage: rt_symbols.sh OBJECT-OR-FOLDER...
nm=${NM:-nm}
command -v "$nm" >/dev/null || {
    echo "skip: $nm is not installed"
    exit 77
}
objects=$(find "$@" -name '*.o') || exit 2
[ -n "$objects" ] || {
    echo "no objects in $*; build engine/rt first"
    exit 2
}

# What the compiler itself puts in: the stack guard, its memory functions, position independence.
allowed='memcpy|memset|memmove|__(memcpy|memset|memmove)_chk|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_'
# A program bug may end the program; release builds are without.
allowed="$allowed|__assert_fail"
# libm; compilers make sincos of sin and cos
allowed="$allowed|(pow|exp|exp2|expm1|log|log2|log10|log1p|sqrt|fma|fmod|fabs|fmin|fmax|hypot)f?"
allowed="$allowed|(a?sin|a?cos|a?tan|atan2)h?f?|(sincos|floor|ceil|trunc|round|lround|lrint|rint)f?"
# The process calls of the resampler and the FFT; their plans are made in engine/setup.
allowed="$allowed|speex_resampler_(process_float|reset_mem)|kiss_fftri?"

# shellcheck disable=SC2086 # paths of a build hold no blanks
"$nm" -A $objects | awk -v allowed="^($allowed)\$" '
$(NF - 1) ~ /^[Uw]$/ { users[$NF] = users[$NF] " " $1; next }
{ ours[$NF] = 1 }
END {
    for (symbol in users) {
        if (symbol in ours || symbol ~ allowed) continue
        n = split(users[symbol], user, " ")
        for (i = 1; i <= n; i++) {
            sub(/:[^:]*$/, "", user[i])
            printf "%s: calls %s: not for the audio thread; see the list in rt_symbols.sh\n",
                user[i], symbol
            bad = 1
        }
    }
    exit bad
}'
