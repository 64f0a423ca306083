#!/bin/sh
# SPDX-License-Identifier: MIT
# Things no file may hold: no licence line, unfinished marks, paths of one machine, stray blanks.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
start_lint "$@"

for file in $(project_files '*.c' '*.h' '*.inc' '*.sh' '*.cmake' CMakeLists.txt '*.py' '*.yaml' \
    .clang-tidy run); do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
        found "$file:1: no SPDX line among the first three; add SPDX-License-Identifier: MIT"
done

# The patterns are broken up so that this file does not match itself.
texts=$(project_files '*.[ch]' '*.inc' '*.sh' '*.cmake' CMakeLists.txt '*.py' '*.yaml' '*.md' \
    '*.json' '*.svg' '*.desktop' '*.xml' '*.css' run)
# shellcheck disable=SC2086 # file names of the project hold no blanks
{
    grep -nwE '(TO''DO|FIX''ME|XX''X|HA''CK)' /dev/null $texts |
        sed 's/$/  <- finish it or leave it out/'
    grep -nE '(^|[^A-Za-z0-9_./-])/(ho''me|ro''ot|wo''rk|Us''ers)/' /dev/null $texts |
        sed 's/$/  <- a path of one machine/'
    grep -nE '[[:blank:]]$' /dev/null $texts | grep -v '\.md:' | sed 's/$/  <- blanks at the end/'
} >>"$findings"
end_lint
