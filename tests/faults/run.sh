#!/bin/sh
# Runs sweeps one after the other, and adds up what they covered:
#
#     run.sh "PROGRAM..." [OPTION...]
#
# The last line has the sums, "N system calls, N kills, ..., N wrong".
programs=$1
shift

status=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
for program in $programs; do
  echo "$program $*"
  "$program" "$@" >"$log" || status=1
  cat "$log"
  sums=$sums'
'$(tail -n 1 "$log")
done

# "12 kills, 3 errors; 0 lost": the same things in the order in which they came
# first, and what went wrong at the end.
printf '%s\n' "$sums" | awk '
  BEGIN { n = 0 }
  {
    gsub(/;/, ",")
    count = split($0, parts, ", ")
    for (i = 1; i <= count; i++) {
      number = parts[i] + 0
      name = parts[i]
      sub(/^[0-9]+ /, "", name)
      if (number == 1 && name !~ /^(lost|double|wrong)$/)
        name = name "s"
      if (!(name in sum) && name !~ /^(lost|double|wrong)$/)
        names[n++] = name
      sum[name] += number
    }
  }
  END {
    for (i = 0; i < n; i++)
      printf "%s%d %s", i ? ", " : "", sum[names[i]], names[i]
    printf "; %d lost, %d double, %d wrong\n", sum["lost"], sum["double"],
      sum["wrong"]
  }'
exit $status
