#!/bin/sh
# The files and commands of doc/fleet.md.  A comment before each block says how
# it is tested:
#
#   file NAME   a file for the commands
#   run         commands, beside these files
#   broker      lines of mosquitto.conf; it must accept all of them together
#   root        commands on a host whose pipeline "north" has a state
#   none WHY    not tested
set -eu
. "${srcdir:-.}/tests/manual/pages.sh"

page=$srcdir/doc/fleet.md
mkdir -p "$scratch/blocks" "$scratch/run" "$scratch/bin" \
  "$scratch/root/etc/meterpipe" "$scratch/root/var/lib/meterpipe"

awk -v dir="$scratch/blocks" '
  /^<!-- test: / { kind = $0; gsub(/^<!-- test: | -->$/, "", kind); next }
  /^```/ && !inside {
    inside = 1
    base = sprintf("%s/%02d", dir, ++n)
    print (kind == "" ? "?" : kind) >(base ".kind")
    printf "" >(base ".text")
    kind = ""
    next
  }
  /^```/ { inside = 0; next }
  inside { print >(base ".text") }' "$page"

printf '#!/bin/sh\nexec "%s" "$@"\n' "$METERPIPE" >"$scratch/bin/meterpipe"
printf '#!/bin/sh\nexec "$@"\n' >"$scratch/bin/sudo"
chmod +x "$scratch/bin/meterpipe" "$scratch/bin/sudo"

# Runs the commands of a file in the directory of the files.
commands()
{
  status=0
  said=$(cd "$scratch/run" && PATH=$scratch/bin:$PATH \
    STATE_DIRECTORY=$scratch/root/var/lib/meterpipe sh -eu "$1" 2>&1) ||
    status=$?
  same "$page: these commands end with 0: $(cat "$1")" 0 "$status"
  [ "$status" -eq 0 ] || printf '%s\n' "$said"
}

# A state is made by a run, which neither meter nor broker answers.
make_root()
{
  sed -e 's|tcp://10\.0\.0\.1:.*|tcp://127.0.0.1:1|' "$scratch/run/north.csv" \
    >"$scratch/root/etc/meterpipe/north.csv"
  sed -e 's|^url = .*|&:1|' "$scratch/run/north.ini" \
    >"$scratch/root/etc/meterpipe/north.ini"
  STATE_DIRECTORY=$scratch/root/var/lib/meterpipe "$METERPIPE" run \
    -c "$scratch/root/etc/meterpipe/north.ini" >/dev/null 2>&1 || :
  same 'the run made a state' yes \
    "$(test -s "$scratch/root/var/lib/meterpipe/north.db" && echo yes)"
}

try_root()
{
  [ -e "$scratch/root/etc/meterpipe/north.ini" ] || make_root
  sed -e "s|-C / |-C $scratch/root |" \
    -e "s| /etc/| $scratch/root/etc/|g" "$1" >"$1.root"
  # What is unpacked replaces nothing: it is a new host.
  ! grep -q -e -xzf "$1" || rm -r "$scratch/root/etc/meterpipe" \
    "$scratch/root/var/lib/meterpipe"
  commands "$1.root"
}

for text in "$scratch"/blocks/*.text; do
  kind=$(cat "${text%.text}.kind")
  case $kind in
  'file '*) cp "$text" "$scratch/run/${kind#file }" ;;
  run) commands "$text" ;;
  root) try_root "$text" ;;
  broker) cat "$text" >>"$scratch/broker.conf" ;;
  'none '*) ;;
  *) bad "$page: nothing tells how a block is tested ($kind)" ;;
  esac
done

# mosquitto ends at a line that it does not know, before it listens; else it
# runs until timeout ends it.
if [ -x /usr/sbin/mosquitto ]; then
  sed -i -e 's|^listener 1883|user root\nlistener 0 '"$scratch"'/socket|' \
    -e "s|/var/lib/mosquitto|$scratch|" -e 's|10\.0\.0\.9:1883|127.0.0.1:1|' \
    "$scratch/broker.conf"
  status=0
  said=$(timeout 2 /usr/sbin/mosquitto -c "$scratch/broker.conf" 2>&1) ||
    status=$?
  same 'mosquitto accepts its settings' 124 "$status"
  [ "$status" -eq 124 ] || printf '%s\n' "$said"
fi
finish
