#!/bin/sh
# What summary.sh counts, and when it fails.
set -eu

source=$(cd "${srcdir:-.}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# result NAME VERDICT [LINE]: a test that has run.
result()
{
  printf ':test-result: %s\n' "$2" >"$1.trs"
  printf '%s\n' "${3-}" >"$1.log"
}

# expect STATUS TEXT LOG...
expect()
{
  status=0
  wanted=$1 text=$2
  shift 2
  said=$(sh "$source/tests/summary.sh" "$@") || status=$?
  [ "$status $said" = "$wanted $text" ] ||
    { echo "FAILED: $*: $status, $said" && exit 1; }
}

result good PASS '100%: Checks: 12, Failures: 0, Errors: 0'
result bad FAIL '80%: Checks: 10, Failures: 1, Errors: 1'
result script PASS
result late FAIL '100%: Checks: 3, Failures: 0, Errors: 0'
result skip SKIP
expect 0 '13 passed, 0 failed' good.log script.log
expect 1 '20 passed, 2 failed' good.log bad.log
expect 1 '3 passed, 1 failed' late.log
expect 0 '12 passed, 0 failed, 1 skipped' good.log skip.log
expect 1 '12 passed, 0 failed, 2 not run' good.log other.log third.log
expect 1 '1 passed, 0 failed, 1 skipped, 1 not run' script.log skip.log no.log
