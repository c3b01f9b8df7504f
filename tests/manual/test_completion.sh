#!/bin/sh
# What bash completes, word by word.
set -eu
. "${srcdir:-.}/tests/manual/pages.sh"

command -v bash >/dev/null 2>&1 || exit 77

mkdir "$scratch/run"
cat >"$scratch/run/house.ini" <<'END'
[input meter]
plugin = kmp
[transform usage]
plugin = subtract
[transform total]
plugin = add
[output domoticz]
plugin = domoticz
END

cat >"$scratch/run/fleet.ini" <<'END'
[fleet]
list = fleet.csv
[input {name}]
plugin = kmp
[transform {name}_usage]
plugin = subtract
[output domoticz]
plugin = domoticz
END
printf 'name,device\nh1,/dev/ttyUSB0\nh2,/dev/ttyUSB1\n' \
  >"$scratch/run/fleet.csv"

# completed LINE: what there is for the word at its end, in one line.
completed()
{
  (cd "$scratch/run" && bash -c '
    meterpipe() { "$METERPIPE" "$@"; }
    . "$1"
    compopt() { :; }
    COMP_LINE=$2
    COMP_POINT=${#2}
    _meterpipe
    printf "%s\n" "${COMPREPLY[@]}" | LC_ALL=C sort | tr "\n" " "' \
    bash "$completion" "$1") | sed 's/ $//'
}

completes()
{
  same "completion of \"$1\"" "$2" "$(completed "$1")"
}

# The absolute path: the test changes the directory.
completion=$(cd "$srcdir" && pwd)/etc/bash-completion/meterpipe

completes 'meterpipe im' 'import'
completes 'meterpipe re' 'rebase report retry'
completes 'meterpipe --v' '--version'
completes 'meterpipe run --re' '--replay'
completes 'meterpipe check -' \
  '--expand --help --offline --plugin-dir --quiet --verbose -c -h -q -v'
completes 'meterpipe run -c h' 'house.ini'
completes 'meterpipe run -c f' 'fleet.csv fleet.ini'
completes 'meterpipe run -n --replay h' 'house.ini'
completes 'meterpipe run ' ''
completes 'meterpipe plugins s' 'stdout subtract'
completes 'meterpipe plugins k' 'kmp'
completes 'meterpipe probe k' 'kmp'
completes 'meterpipe probe d' ''
completes 'meterpipe probe kmp pa' 'parity='
completes 'meterpipe probe kmp parity=' 'even none odd'
completes 'meterpipe probe kmp dtr=y' 'yes'
completes 'meterpipe probe kmp capture=h' 'house.ini'
completes 'meterpipe targets d' 'domoticz'
completes 'meterpipe targets domoticz tls' 'tls_verify='
completes 'meterpipe targets -c house.ini d' 'domoticz'
completes 'meterpipe rebase -c house.ini u' 'usage'
completes 'meterpipe rebase -c house.ini ' 'total usage'
completes 'meterpipe rebase --f' '--forget'
completes 'meterpipe retry -c house.ini ' 'domoticz'
completes 'meterpipe status --s' '--set-aside'
completes 'meterpipe status -c house.ini ' 'domoticz meter total usage'
completes 'meterpipe status -c fleet.ini h2' 'h2 h2_usage'
completes 'meterpipe rebase -c fleet.ini ' 'h1_usage h2_usage'
completes 'meterpipe retry -c fleet.ini ' 'domoticz'
completes 'meterpipe retry --d' '--discard'
completes 'meterpipe kmp m' 'mask'
completes 'meterpipe kmp emulate h' 'house.ini'
completes 'meterpipe kmp emulate --s' '--seed --sleep'
completes 'meterpipe kmp emulate --baud 0 --li' '--link --listen'
completes 'meterpipe kmp emulate --listen h' ''
completes 'meterpipe kmp emulate --sleep m' 'magnet'
completes 'meterpipe kmp emulate --fault cr' 'crc'
completes 'meterpipe kmp mask -' '--help -h'
completes 'meterpipe report --s' '--suggest'
completes 'meterpipe report --csv h' 'house.ini'
completes 'meterpipe report --zone h' ''
finish
