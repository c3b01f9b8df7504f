#!/bin/sh
# Adds up the counts that sweeps print:
#
#     sum.sh LOG...
#
# Each LOG is the output of one sweep program, or of one share of it (sweep.h).
# Prints one line, "N system calls, N kills, ..., N wrong".
# Exit status 1: a case failed, a fault was not reached, or a LOG has no sums.
for log; do
  tail -n 1 "$log" | sed "s|^|$log: |"
done | awk '
  # Input: "LOG: 12 kills, 3 errors; 0 lost, ...".  Output: the sums in the
  # order of first appearance, failures last.
  BEGIN {
    n = failed = 0
    last["lost"] = last["double"] = last["wrong"] = 1
  }
  !/; [0-9]+ lost, [0-9]+ double, [0-9]+ wrong$/ {
    print "no sums: " $0
    failed = 1
    next
  }
  {
    sub(/^.*: /, "")
    sub(/^; /, "")
    gsub(/;/, ",")
    count = split($0, parts, ", ")
    for (i = 1; i <= count; i++) {
      number = parts[i] + 0
      name = parts[i]
      sub(/^[0-9]+ /, "", name)
      if (number == 1 && !(name in last))
        name = name "s"
      if (!(name in sum) && !(name in last))
        names[n++] = name
      sum[name] += number
    }
  }
  END {
    for (i = 0; i < n; i++)
      printf "%s%d %s", i ? ", " : "", sum[names[i]], names[i]
    printf "; %d lost, %d double, %d wrong\n", sum["lost"], sum["double"],
      sum["wrong"]
    bad = sum["lost"] + sum["double"] + sum["wrong"] + sum["unreached faults"]
    exit (failed || bad > 0)
  }'
