# SPDX-License-Identifier: MIT
# Counts a stage of tests/run.sh by single cmocka cases, not by programs. Reads the detailed log of
# ctest (what each program printed), then its short log (how each ended), told apart by `detail`.
# Prints rows: "passed N", "failed NAME WHY", "skipped NAME REASON". A program that prints no cases
# counts as one. A reason is the last line "skip: REASON" before the case was skipped.
# Usage: awk -v stage=NAME -f count.awk detail=1 DETAILED detail=0 SHORT

detail && match($0, /^[0-9]+\/[0-9]+ Test: /) {
    test = substr($0, RLENGTH + 1)
    reason[test] = "no reason given"
    in_case = 0
    next
}
detail && /^<end of output>/ { test = "" }
detail && test == "" { next }
detail && /^skip: / { reason[test] = substr($0, 7) }
detail && /^\[ RUN      \] / { in_case = 1; running[test] = substr($0, 14); next }
detail && in_case && /^\[       OK \] / { ok[test]++; in_case = 0; delete running[test]; next }
detail && in_case && /^\[  SKIPPED \] / {
    skips[test] = skips[test] "skipped " stage " " test " " substr($0, 14) ": " reason[test] "\n"
    skipped[test]++
    in_case = 0
    delete running[test]
    next
}
detail && in_case && /^\[  FAILED  \] / {
    fails[test] = fails[test] "failed " stage " " test " " substr($0, 14) "\n"
    in_case = 0
    delete running[test]
}
detail { next }

# "12/80 Test #3: unit.ring ........   Passed    0.01 sec", "...***Failed", "...***Skipped"
match($0, /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /) {
    rest = substr($0, RLENGTH + 1)
    name = rest
    sub(/ .*/, "", name)
    sub(/^[^ ]+ \.*/, "", rest)
    passed += ok[name]
    if (rest ~ /^ *Passed/) {
        if (ok[name] + skipped[name] == 0) passed++
        printf "%s", skips[name]
    } else if (rest ~ /^\*\*\*Skipped/) {
        print "skipped " stage " " name ": " reason[name]
    } else if (rest ~ /^\*\*\*Not Run \(Disabled\)/) {
        print "skipped " stage " " name ": disabled"
    } else {
        printf "%s", skips[name]
        sub(/^\*\*\*/, "", rest)
        sub(/ +[0-9.]+ sec.*/, "", rest)
        if (name in fails) printf "%s", fails[name]
        if (name in running) print "failed " stage " " name " " running[name] ": " rest " in it"
        else if (!(name in fails)) print "failed " stage " " name ": " rest
    }
}
END { print "passed " passed + 0 }
