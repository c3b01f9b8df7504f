#!/bin/sh
# check-exhaustive: each house in the full alphabet to 4 disturbances and in
# that of failures to 6, or as deep as HOURS of processor time reach, and the
# first house until nothing is new.
status=0
explore() {
  tests/bin/exhaustive "$@" --seconds "$seconds" --memory 6 || status=1
}
seconds=$(echo "${HOURS:-1}" | awk '{ print int($1 * 3600) }')
for house in ${HOUSES:-$(tests/bin/exhaustive --list)}; do
  explore "$house" --depth "${DEPTH:-4}"
  explore "$house" --failures --depth "${DEPTH:-6}"
done
[ -n "${HOUSES:-}" ] || explore domoticz --closed --depth 1000
exit $status
