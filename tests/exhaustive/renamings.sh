#!/bin/sh
# Explores with and without each renaming, at two disturbances and at most four
# runs: both must find the same violations.  Without one in the program, both
# find none; check-mutants runs a broken program, see mutants.sh.
status=0
result() {
  "${EXHAUSTIVE:-tests/bin/exhaustive}" "$@" --depth "${DEPTH:-2}" --runs 4 \
    --quiet --print 0 | sed -n 's/.* \([0-9]* violations\),.*/\1/p;s/.*first/first/p' |
    sed 's/^0 violations/none/;s/^[0-9]* violations/some/' | tr '\n' ' '
}
for house in ${HOUSES:-domoticz bus csv}; do
  # shellcheck disable=SC2086 # the alphabet is several words
  with=$(result "$house" $ALPHABET)
  for renaming in readings times serials sums displays losses; do
    # shellcheck disable=SC2086 # the alphabet is several words
    without=$(result "$house" $ALPHABET --without $renaming)
    if [ "$with" = "$without" ]; then
      echo "$house: with and without $renaming: $with"
    else
      echo "$house: with $renaming $with, without $without"
      status=1
    fi
  done
done
exit $status
