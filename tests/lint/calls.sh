#!/bin/sh
# SPDX-License-Identifier: MIT
# Calls with a trap in them, and what to call instead. Tests and comments may name them.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
start_lint "$@"

# refuse NAMES FILES_THAT_MAY WHY
refuse() {
    project_files '*.c' '*.h' '*.inc' | grep -v '^tests/' | grep -vE "^($2)\$" |
        xargs grep -nE "^[^/\"]*(^|[^A-Za-z0-9_.>])($1)[[:space:]]*\(" /dev/null |
        sed "s|\$|  <- $3|" >>"$findings"
}

refuse 'strtod|strtof|strtold|atof' 'engine/io/text\.c|engine/model/json_word\.c' \
    'reads a decimal comma in German; bl_text_parse_number'
refuse 'atoi|atol|atoll' '' 'tells no error; bl_text_parse_count'
refuse 'setlocale' 'ui/.*' 'the programs without a window stay in the C locale'
refuse 'gets|sprintf|vsprintf|strtok|tmpnam|mktemp' '' 'has no limit or no second caller'
refuse 'system|popen|alloca|rand|srand' '' 'a shell, the stack or a global state that nobody asked for'
end_lint
