#!/bin/sh
# Runs sweeps one after the other, and adds up their counts:
#
#     run.sh "PROGRAM..." [OPTION...]
#
# The last line is the output of sum.sh.
programs=$1
shift

status=0
logs=$(mktemp -d) || exit 1
trap 'rm -rf "$logs"' EXIT
for program in $programs; do
  log=$logs/$(basename "$program")
  echo "$program $*"
  "$program" "$@" >"$log" || status=1
  cat "$log"
done
sh "$(dirname "$0")/sum.sh" "$logs"/* || status=1
exit $status
