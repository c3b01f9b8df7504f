#!/bin/sh
# check-exhaustive: each house in the full alphabet to 4 disturbances and in
# that of failures to 6, or as deep as HOURS of processor time reach, and the
# first house until nothing is new.
status=0
seconds=$(echo "${HOURS:-1}" | awk '{ print int($1 * 3600) }')

explore() {
  tests/bin/exhaustive "$@" --seconds "$seconds" --memory 6
}

# One depth after the other: the last level of each is small, because no event
# can follow it.  A depth that is not complete ends it.
explore_all() {
  for depth in $(seq "${DEPTH:-4}"); do
    result=$(explore "$1" --depth "$depth" --quiet) || status=1
    echo "$result"
    case $result in *" depth $depth,"*) ;; *) break ;; esac
  done
}

for house in ${HOUSES:-$(tests/bin/exhaustive --list)}; do
  explore_all "$house"
  explore "$house" --failures --depth "${DEPTH:-6}" || status=1
done
[ -n "${HOUSES:-}" ] || explore domoticz --closed --depth 1000 || status=1
exit $status
