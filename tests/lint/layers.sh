#!/bin/sh
# SPDX-License-Identifier: MIT
# Who may include whom: the folders of the house and the libraries each may touch.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
start_lint "$@"

project_files '*.c' '*.h' '*.inc' | xargs grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null |
    awk -F: '
# Folder of a file: the longest name of the table that it starts with.
function folder_of(path,    f, best) {
    best = ""
    for (f in own) if (index(path, f "/") == 1 && length(f) > length(best)) best = f
    return best
}
function report(why) { printf "%s:%s: includes %s: %s\n", file, line, header, why }
function starts(list, name,    i, n, part) {
    n = split(list, part, " ")
    for (i = 1; i <= n; i++) if (index(name, part[i]) == 1) return 1
    return 0
}
BEGIN {
    # Project headers, by prefix as written between the quotes. A name without a slash is a
    # neighbour in the same folder.
    own["engine/include/backline"] = "backline/"
    own["engine/model"] = "backline/ model/"
    own["engine/rt"]    = "backline/ rt/ model/arch.h"
    own["engine/setup"] = "backline/ setup/ rt/ model/"
    own["engine/io"]    = "backline/ io/"
    own["train"]        = "backline/ train/ model/ rt/ setup/ io/"
    own["app"]          = "backline/ io/ train/train.h train/check.h train/check_json.h"
    own["ui"]           = "backline/ app/app.h"
    own["share"]        = "backline/"
    own["tests"]        = "backline/ model/ rt/ setup/ io/ train/ app/ support/ tests/"
    own["tests/ui"]     = own["tests"] " ui/ system/"

    # The C library for engine/rt and the public headers; everyone else may use all of it.
    pure = "assert.h float.h limits.h math.h stdalign.h stdatomic.h stdbool.h stddef.h stdint.h" \
        " string.h "
    vectors = " immintrin.h xmmintrin.h emmintrin.h arm_neon.h "
    plain["engine/include/backline"] = pure "stdarg.h stdio.h "
    plain["engine/rt"] = pure vectors "kiss_fft.h kiss_fftr.h speex/speex_resampler.h "

    # Libraries and the folders that may touch them.
    library["gtk/"] = library["gdk/"] = library["glib"] = library["gio/"] = "ui"
    library["atk/"] = library["cairo"] = library["pango"] = "ui"
    library["jack/"] = library["alsa/"] = library["lo/"] = library["ebur128.h"] = "app"
    library["sndfile.h"] = library["yaml.h"] = "engine/io"
    library["jansson.h"] = "engine/model engine/io train app"
    library["speex/"] = "engine/rt engine/setup engine/io"
    library["kiss_fft"] = "engine/rt engine/setup train"
    library["kissfft/"] = library["kiss_fft"]
    library["protobuf-c/"] = "train"
}
{
    file = $1; line = $2; text = substr($0, length($1) + length($2) + 3)
    folder = folder_of(file)
    quoted = match(text, /"[^"]*"/)
    if (!quoted && !match(text, /<[^>]*>/)) next
    header = substr(text, RSTART, RLENGTH)
    name = substr(header, 2, RLENGTH - 2)
    if (folder == "") { report("this folder is not in the table of tests/lint/layers.sh"); next }
    if (quoted) {
        if (index(name, "..")) report("name it from its root folder")
        else if (index(name, "/") == 0) {
            neighbour = file; sub(/[^\/]*$/, name, neighbour)
            known = (getline unused < neighbour) >= 0
            close(neighbour)
            if (!known && folder == "ui" && name == "app.h") known = 1
            if (!known && folder == "app" && name == "lstm_recipe.h") known = 1 # CMake makes it
            if (!known && folder ~ /^tests/ ) known = 1
            if (!known) report("not a neighbour in this folder")
        }
        else if (!starts(own[folder], name)) report(folder "/ may include only " own[folder])
        next
    }
    if (folder in plain && index(" " plain[folder], " " name " ") == 0)
        report(folder "/ may include only" " " plain[folder])
    if (folder ~ /^tests/) next
    for (l in library) if (index(name, l) == 1 && !starts(library[l], folder))
        report("only " library[l] " may use this library")
    if (index(name, "jack/") == 1) {
        if (jack_file == "") jack_file = file
        else if (jack_file != file) report("jack/*.h belongs to " jack_file " alone")
    }
}' >"$findings"
end_lint
