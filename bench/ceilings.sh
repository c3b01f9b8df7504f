#!/bin/sh
# Counts the instructions of cold runs and of the cycles of replays with
# callgrind, and holds them against bench/ceilings.  Ends with 1 when one is
# above its ceiling, with 77 where there is no valgrind.
#
#     ceilings.sh CEILINGS        in the directory where all was built
#
# WHAT there is cold-, cycle- or answers- (a cycle of a capture that has only
# answers), and an output; -state: with a state on disk.
set -eu

ceilings=$1
build=$(pwd)
valgrind=${VALGRIND:-valgrind}
command -v "$valgrind" >/dev/null || {
  echo 'bench-ceilings: valgrind was not found: install it' >&2
  exit 77
}
METERPIPE_PLUGIN_PATH=$build/.libs
export METERPIPE_PLUGIN_PATH
work=$(mktemp -d)
trap 'exec 3>&-; rm -rf "$work"' EXIT
cd "$work"

# The stand-in for Domoticz: it goes with its standard input.
mkfifo lifeline url
"$build/tests/bin/domoticz-server" 1:custom:GJ <lifeline >url &
exec 3>lifeline
read -r server <url

# Of these, a long replay less a short one is cycles, and nothing else.
short=1000
long=3000

columns='heat_energy_e1 volume_v1 operating_hours temperature_t1
  temperature_t2 temperature_diff power_e1 flow_v1'

# pipeline WHAT REGISTERS CAPTURE: prints a pipeline file.
pipeline()
{
  case $1 in
  *-state) printf '[pipeline]\nstate_dir = .\n' ;;
  esac
  printf '[input meter]\nplugin = replay\npath = %s\n' "$3"
  printf '[output out]\nplugin = %s\n' "${1%-state}"
  case $1 in
  stdout)
    echo 'format = json' ;;
  csv*)
    echo 'path = out.csv'
    for column in $(echo "$columns" | tr -s ' \n' '\n' | head -n "$2"); do
      echo "column.$column = meter.$column"
    done ;;
  domoticz*)
    printf 'url = %s\nidx.1 = meter.heat_energy_e1\n' "$server" ;;
  esac
}

# count COMMAND...: prints how many instructions it takes.
count()
{
  rm -f out.csv ./*.db*
  "$valgrind" --tool=callgrind --callgrind-out-file=/dev/null "$@" \
    2>callgrind.log >/dev/null || {
    cat callgrind.log >&2
    exit 70
  }
  sed -n 's/.*Collected : //p' callgrind.log
}

# run WHAT REGISTERS CYCLES [FORM]: how many instructions the whole of it takes.
run()
{
  "$build/bench/bin/make_capture" "$2" "$3" ${4+"$4"} >capture
  if [ "$1" = bare ]; then
    count "$build/bench/bin/bare_pass" capture
  else
    pipeline "$1" "$2" capture >bench.ini
    count "$build/meterpipe" run -c bench.ini
  fi
}

# cycle WHAT REGISTERS [FORM]: how many instructions a cycle of a replay takes.
cycle()
{
  of_long=$(run "$1" "$2" $long ${3+"$3"})
  of_short=$(run "$1" "$2" $short ${3+"$3"})
  echo $(((of_long - of_short) / (long - short)))
}

above=0
echo '| what | registers | instructions | ceiling |'
echo '|---|--:|--:|--:|'
while read -r what registers ceiling; do
  case $what in
  '#'* | '')
    continue ;;
  cold-*)
    counted=$(run "${what#cold-}" "$registers" 1) ;;
  answers-*)
    counted=$(cycle "${what#answers-}" "$registers" answers) ;;
  *)
    counted=$(cycle "${what#cycle-}" "$registers") ;;
  esac
  note=
  if [ "$counted" -gt "$ceiling" ]; then
    note=' **above**'
    above=1
  fi
  echo "| $what | $registers | $counted | $ceiling$note |"
done <"$ceilings"
exit $above
