#!/bin/sh
# SPDX-License-Identifier: MIT
# Shows each lint script a small tree with one fault and asks that it names the fault: a check that
# cannot go red is no check. Also that a clean tree passes.
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
failed=0

# plant FILE TEXT: writes the file with a licence line before the text.
plant() {
    mkdir -p "$tree/$(dirname "$1")"
    printf '// SPDX-License-Identifier: MIT\n%s\n' "$2" >"$tree/$1"
}

# expect LINT PATTERN: the lint must end with 1 and print a line that matches; clears the tree.
expect() {
    output=$(sh "$here/$1.sh" "$tree" 2>&1)
    code=$?
    if [ "$code" = 77 ]; then
        echo "$1: not tried, $output"
    elif [ "$code" = 1 ] && printf '%s\n' "$output" | grep -q -e "$2"; then
        echo "$1: goes red: $2"
    else
        echo "$1: should have ended with 1 and said \"$2\"; ended with $code and said:"
        printf '%s\n' "$output"
        failed=1
    fi
    rm -rf "${tree:?}"/*
}

# expect_clean LINT: the lint must accept the tree as it is; the tree stays.
expect_clean() {
    output=$(sh "$here/$1.sh" "$tree" 2>&1)
    code=$?
    if [ "$code" != 0 ] && [ "$code" != 77 ]; then
        echo "$1: should have accepted a clean tree; said:"
        printf '%s\n' "$output"
        failed=1
    fi
}

plant engine/rt/a.h 'int bl_a(void);'
plant engine/include/backline/engine.h '/// Adds. Thread: any.
int bl_b(void);'
plant engine/rt/a.c '#include "rt/a.h"

#include <math.h>'
plant app/jack.c '#include "backline/engine.h"

#include <jack/jack.h>'
expect_clean layers
expect_clean format
expect_clean text
expect_clean scripts
expect_clean headers
expect_clean docs
expect_clean calls
expect_clean tidy
expect_clean cppcheck

plant app/other.c '#include <jack/midiport.h>'
expect layers 'app/other.c:2: includes <jack/midiport.h>: jack/\*.h belongs to app/jack.c alone'
plant engine/rt/a.c '#include <stdlib.h>'
expect layers 'engine/rt/a.c:2: .*stdlib.h'
plant engine/rt/a.c '#include "setup/arena.h"'
expect layers 'engine/rt/a.c:2: .*setup/arena.h'
plant engine/setup/a.c '#include "app/cli.h"'
expect layers 'engine/setup/a.c:2: .*app/cli.h'
plant engine/model/a.c '  #  include <sndfile.h>'
expect layers 'engine/model/a.c:2: .*only engine/io may use this library'
plant app/a.c '#include "ui/window.h"'
expect layers 'app/a.c:2: .*ui/window.h'
plant app/a.c '#include <gtk/gtk.h>'
expect layers 'app/a.c:2: .*only ui may use this library'
plant ui/a.c '#include "app/jack.h"'
expect layers 'ui/a.c:2: .*app/jack.h'
plant ui/a.c '#include <jack/jack.h>'
expect layers 'ui/a.c:2: .*only app may use this library'
plant engine/io/a.c '#include "../model/arch.h"'
expect layers 'engine/io/a.c:2: .*root folder'
plant elsewhere/a.c '#include <math.h>'
expect layers 'elsewhere/a.c:2: .*not in the table'

plant app/a.c 'int  x;'
expect format 'app/a.c:2:.*code should be clang-formatted'

printf 'int x;\n' >"$tree/a.c"
expect text 'a.c:1: no SPDX line'
plant a.c '// TO''DO: more'
expect text 'a.c:2:.*finish it'
plant a.c 'const char *p = "/ho''me/someone/x";'
expect text 'a.c:2:.*path of one machine'
plant a.c 'int x; '
expect text 'a.c:2:.*blanks at the end'

# shellcheck disable=SC2016 # the fault is the unquoted argument itself
printf '#!/bin/sh\n# SPDX-License-Identifier: MIT\nrm $1\n' >"$tree/a.sh"
expect scripts 'a.sh:3:.*SC2086'

plant engine/rt/a.h 'uint32_t bl_a(void);'
expect headers 'engine/rt/a.h: does not compile alone with gcc'
plant engine/include/backline/a.h '#define BL_A _Atomic(int) __attribute__((nothing_at_all))
BL_A bl_a;'
expect headers 'engine/include/backline/a.h: does not compile alone'

plant engine/include/backline/a.h '/// Adds.
int bl_a(int x);'
expect docs 'engine/include/backline/a.h:3: bl_a: .*Thread:'
plant engine/include/backline/a.h '/// Adds. Thread: any.
int bl_a(int x);

static inline int bl_b(int x)
{
    return x;
}'
expect docs 'engine/include/backline/a.h:5: bl_b: .*Thread:'
plant app/a.c 'struct a {
    _Atomic int x; ///< how many
};'
expect docs 'app/a.c:3: this atomic'

plant app/a.c 'double a(const char *text)
{
    return strtod(text, 0);
}'
expect calls 'app/a.c:4:.*decimal comma'
plant engine/rt/a.c 'int a = sprintf(b, "x");'
expect calls 'engine/rt/a.c:2:.*no limit'

plant app/a.c '#include <stdlib.h>

int a(int n);
int a(int n)
{
    int *p = malloc(sizeof p);
    if (p == NULL || n == n) {
        return 0;
    }
    return *p;
}'
expect tidy 'a.c:9:.*leak'
plant app/a.c 'int a(void);
int a(void)
{
    int x[3] = {0};
    return x[3];
}'
expect cppcheck 'app/a.c:6: .*arrayIndexOutOfBounds'

# compile FILE: rt_symbols looks at objects.
compile() {
    cc -c -O0 -fno-builtin "$tree/$1" -o "$tree/${1%.c}.o"
}
plant engine/rt/a.c '#include <math.h>
#include <string.h>
void bl_a(float *x);
void bl_b(float *x);
void bl_a(float *x) { memset(x, 0, sizeof *x); x[0] = tanhf(x[1]); }
void bl_b(float *x) { bl_a(x); }'
compile engine/rt/a.c
expect_clean rt_symbols
plant engine/rt/a.c 'void *malloc(unsigned long);
void *bl_a(void);
void *bl_a(void) { return malloc(8); }'
compile engine/rt/a.c
expect rt_symbols 'engine/rt/a.o: calls malloc'
plant engine/rt/a.c 'int bl_error_set(void);
int bl_a(void);
int bl_a(void) { return bl_error_set(); }'
compile engine/rt/a.c
expect rt_symbols 'engine/rt/a.o: calls bl_error_set'

printf '[Desktop Entry]\nType=Application\nExec=x\n' >"$tree/a.desktop"
expect desktop 'a.desktop: error: required key "Name"'
printf '<component type="desktop-application"><id>a.b.C</id></component>\n' >"$tree/a.metainfo.xml"
expect desktop 'component-name-missing'

exit $failed
