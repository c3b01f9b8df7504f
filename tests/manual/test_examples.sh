#!/bin/sh
# The examples of the manual do what the pages say.
#
# A comment in the page, before a literal display or a line, tells what it is:
#
#   .\" test: pipeline        a pipeline file, in which check finds no fault
#   .\" test: recipe          the same, after the file meter.ini of the page
#   .\" test: run             the same, and it runs
#   .\" test: output run      what that run prints
#   .\" test: shell           commands
#   .\" test: house           commands, with a meter at /dev/ttyUSB0, and a Domoticz
#                             that has the devices 322 and 323
#   .\" test: broker          commands, with that meter, and an MQTT broker
#   .\" test: file NAME       a file that other examples use
#   .\" test: none WHY        not to be tried
#
# Every display needs one.
set -eu
. "${srcdir:-.}/tests/manual/pages.sh"

# Puts the displays of a page into DIR, as N.text, with N.kind and N.line; what
# has no comment is of the kind "?".
take_displays()
{
  awk -v dir="$2" '
    function begin() {
      n++
      text = sprintf("%s/%02d.text", dir, n)
      sub(/ *$/, "", kind)
      print (kind == "" ? "?" : kind) >(dir "/" sprintf("%02d.kind", n))
      print NR >(dir "/" sprintf("%02d.line", n))
      kind = ""
    }
    function put(line) {
      gsub(/\\e/, "\\", line)
      gsub(/\\&/, "", line)
      print line >text
    }
    /^\.\\" test: / { kind = substr($0, 11); next }
    /^\.Bd -literal/ { begin(); inside = 1; next }
    /^\.Ed/ { inside = 0; next }
    inside { put($0); next }
    /^\.Dl / { begin(); put(substr($0, 5)) }' "$1"
}

# Runs the program in the directory of the examples.
program()
{
  (cd "$scratch/run" && exec "$METERPIPE" "$@") 2>&1
}

try_pipeline()
{
  cp "$1" "$scratch/run/example.ini"
  status=0
  said=$(program check --offline -c example.ini) || status=$?
  same "$where: check finds no fault" 0: "$status:$said"
}

try_recipe()
{
  cat "$scratch/run/meter.ini" "$1" >"$1.recipe"
  try_pipeline "$1.recipe"
}

try_run()
{
  try_pipeline "$1"
  status=0
  printed=$(program run -c example.ini) || status=$?
  same "$where: it runs" 0 "$status"
}

try_shell()
{
  status=0
  said=$(cd "$scratch/run" && PATH=$scratch/bin:$PATH sh -eu "$1" 2>&1) ||
    status=$?
  same "$where: the commands go" 0 "$status"
  [ "$status" -eq 0 ] || printf '%s\n' "$said"
}

# The meter and the server of "house", until the test ends: the server answers
# as long as descriptor 9 is open.
start_house()
{
  "$METERPIPE" kmp emulate --baud 0 --link "$scratch/tty" 60=84.208GJ 86=76.85C \
    1001=68500001 >"$scratch/meter" &
  meter=$!
  trap 'kill '"$meter"' 2>/dev/null; rm -rf "$scratch"' EXIT
  mkfifo "$scratch/open"
  tests/bin/domoticz-server 322:custom:GJ 323:counter-custom:GJ \
    <"$scratch/open" >"$scratch/url" &
  exec 9>"$scratch/open"
  tries=0
  until [ -s "$scratch/meter" ] && [ -s "$scratch/url" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || break
    sleep 0.1
  done
}

try_house()
{
  [ -e "$scratch/tty" ] || start_house
  sed -e 's/^\$ //' -e "s|/dev/ttyUSB0|$scratch/tty|g" \
    -e "s|meterpipe import |&--url $(cat "$scratch/url") |" "$1" >"$1.house"
  try_shell "$1.house"
}

# A broker without a login, until the test ends.
start_broker()
{
  port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
  printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$port" \
    >"$scratch/broker.conf"
  PATH=$PATH:/usr/sbin mosquitto -c "$scratch/broker.conf" \
    >"$scratch/broker.log" 2>&1 &
  broker=$!
  trap 'kill '"$meter $broker"' 2>/dev/null; rm -rf "$scratch"' EXIT
  tries=0
  until mosquitto_pub -h 127.0.0.1 -p "$port" -t up -n 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || break
    sleep 0.1
  done
}

# The files of the page name the meter and the broker, too.  mosquitto_sub ends
# with 27 after the time of -W.
try_broker()
{
  [ -e "$scratch/tty" ] || start_house
  [ -e "$scratch/broker.conf" ] || start_broker
  sed -i -e "s|/dev/ttyUSB0|$scratch/tty|" \
    -e "s|mqtt://127\.0\.0\.1\$|&:$port|" "$scratch"/run/*.ini
  sed -e "s|mosquitto_sub |timeout 30 &-h 127.0.0.1 -p $port |" \
    -e "s|/dev/ttyUSB0|$scratch/tty|g" "$1" >"$1.broker"
  ! grep -q -e ' -W ' "$1" || sed -i '$s/$/ || [ $? -eq 27 ]/' "$1.broker"
  try_shell "$1.broker"
}

try_display()
{
  kind=$(cat "${1%.text}.kind")
  where=$page:$(cat "${1%.text}.line")
  case $kind in
  pipeline) try_pipeline "$1" ;;
  recipe) try_recipe "$1" ;;
  run) try_run "$1" ;;
  'output run') same "$where: the run prints this" "$(cat "$1")" "$printed" ;;
  shell) try_shell "$1" ;;
  house) try_house "$1" ;;
  broker) try_broker "$1" ;;
  'file '*) cp "$1" "$scratch/run/${kind#file }" ;;
  'none '*) ;;
  *) bad "$where: nothing tells how this example is tested ($kind)" ;;
  esac
}

# ---- What the examples need -------------------------------------------------

mkdir "$scratch/run" "$scratch/bin" "$scratch/secrets"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$METERPIPE" >"$scratch/bin/meterpipe"
chmod +x "$scratch/bin/meterpipe"
for password in domoticz-password influxdb-password influxdb-token \
  mqtt-password emoncms-token nodered-password ntfy-topic \
  thingsboard-token volkszaehler-uuid; do
  (umask 077 && echo secret >"$scratch/secrets/$password")
done
HOME=$scratch
CREDENTIALS_DIRECTORY=$scratch/secrets
export HOME CREDENTIALS_DIRECTORY
unset STATE_DIRECTORY XDG_STATE_HOME JOURNAL_STREAM || :

# The page with the capture that others use comes first.
for page in $(page_of meterpipe-capture.5) \
  $(pages | grep -v '/meterpipe-capture\.5$'); do
  dir=$scratch/$(basename "$page")
  mkdir "$dir"
  take_displays "$page" "$dir"
  for text in "$dir"/*.text; do
    [ ! -f "$text" ] || try_display "$text"
  done
done

# The files that are installed as examples.
where=$srcdir/examples/homeassistant/house.ini
try_pipeline "$where"
where=$srcdir/etc/meterpipe.ini
try_pipeline "$where"
same_list "$where: secrets are in a folder that meterpipe.1 describes" \
  "$(sed -n 's/^\.It Pa \(.*secrets\/\)$/\1/p' "$(page_of meterpipe.1)")" \
  "$(sed -n 's/^;[a-z]*_file = \(.*\/\)[^/]*$/\1/p' "$where" | sort -u)"
finish
