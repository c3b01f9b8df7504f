#!/bin/sh
# The short form of check-exhaustive: one failure in each of the houses that
# differ most, and the beginning of the alphabet that has an end.
set -e
for house in domoticz blind csv bus; do
  tests/bin/exhaustive $house --failures --depth 1 --quiet
done
tests/bin/exhaustive domoticz --closed --depth 2 --quiet
