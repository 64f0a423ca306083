#!/bin/sh
# SPDX-License-Identifier: MIT
# Remakes the factory models of share/models from nothing: a synthesised guitar is played through
# each simulated amplifier, and `backline train` learns from the two recordings. Takes about an hour
# on two cores; what is done already is not done again.
usage() {
    echo "usage: sh share/make/factory.sh BUILD_FOLDER [clean|edge|crunch|lead]..."
    exit 2
}

cd "$(dirname "$0")/../.." || exit 1
build=${1:-}
[ -x "$build/bin/backline" ] || usage
shift
[ $# -gt 0 ] || set -- clean edge crunch lead

# The more gain, the more there is to learn.
epochs_of() {
    case $1 in
    clean) echo 30 ;;
    edge) echo 40 ;;
    crunch | lead) echo 60 ;;
    *) return 1 ;;
    esac
}

work=$build/factory
take=$build/share/make/make-take
seconds=150
mkdir -p "$work"

# take_into FILE [AMP]
take_into() {
    [ -f "$1" ] || { "$take" "$seconds" "$work/part.wav" ${2:+"$2"} && mv "$work/part.wav" "$1"; }
}

take_into "$work/di.wav" || exit 1
for amp in "$@"; do
    epochs=$(epochs_of "$amp") || usage
    take_into "$work/$amp.wav" "$amp" || exit 1
    "$build/bin/backline" train --input "$work/di.wav" --target "$work/$amp.wav" \
        --config configs/config_stage.yaml --epochs "$epochs" --resume --output "$work/$amp" || exit 1
    for form in safetensors nam; do
        cp "$work/$amp/best_model.$form" "share/models/$amp.$form" || exit 1
    done
done
