#!/bin/sh
# Adds up what the tests of a make check say: "N passed, N failed", and how many
# were skipped or did not run.  Fails if one failed or did not run.
#
# usage: summary.sh LOG...
#
# A test that runs libcheck says in its log how many checks it made; any other
# counts as one.  Automake's verdict stands beside the log, in a .trs file: a
# test may fail after its checks have passed (a leak, a crash at the end).
set -eu

passed=0
failed=0
skipped=0
missing=0

# The number behind NAME in "100%: Checks: 12, Failures: 0, Errors: 0".
number()
{
  printf '%s\n' "$2" | sed -n "s/.*$1: \\([0-9][0-9]*\\).*/\\1/p"
}

for log in "$@"; do
  trs=${log%.log}.trs
  verdict=none
  if [ -f "$trs" ]; then
    verdict=$(sed -n 's/^:test-result: \([A-Z]*\).*/\1/p' "$trs" | tail -n 1)
  fi
  line=
  if [ -f "$log" ]; then
    line=$(grep '^[0-9]*%: Checks: ' "$log" | tail -n 1) || line=
  fi
  if [ "$verdict" = SKIP ]; then
    skipped=$((skipped + 1))
    continue
  fi
  if [ "$verdict" = none ]; then
    missing=$((missing + 1))
    continue
  fi
  bad=0
  if [ -n "$line" ]; then
    bad=$(($(number Failures "$line") + $(number Errors "$line")))
    passed=$((passed + $(number Checks "$line") - bad))
  elif [ "$verdict" = PASS ]; then
    passed=$((passed + 1))
  fi
  if [ "$verdict" != PASS ] && [ "$bad" -eq 0 ]; then
    bad=1
  fi
  failed=$((failed + bad))
done

said="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || said="$said, $skipped skipped"
[ "$missing" -eq 0 ] || said="$said, $missing not run"
echo "$said"
[ "$failed" -eq 0 ] && [ "$missing" -eq 0 ]
