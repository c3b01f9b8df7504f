#!/bin/sh
# What the README shows is so: its picture, its pipeline file, and the commands
# that can be tried without a meter.
set -eu
. "${srcdir:-.}/tests/manual/pages.sh"

readme=$srcdir/README.md

# ---- The picture ------------------------------------------------------------

# The lines between ```KIND and ```.
fenced()
{
  sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$readme" | grep -v '^```'
}

fenced ini >"$scratch/house.ini"
drawn=$(cat "$srcdir/doc/pipeline.dot")
same "$readme: check finds no fault in the pipeline file" '' \
  "$("$METERPIPE" check --offline -c "$scratch/house.ini" 2>&1)"
same_list "doc/pipeline.dot is the graph of the README's pipeline file" \
  "$drawn" "$("$METERPIPE" graph -c "$scratch/house.ini")"
same 'doc/pipeline.dot is the graph of etc/meterpipe.ini (make picture)' \
  "$drawn" "$("$METERPIPE" graph -c "$srcdir/etc/meterpipe.ini")"

# Boxes as "meter", arrows as "meter->usage".
same_list 'doc/pipeline.svg has the boxes and arrows of doc/pipeline.dot' \
  "$(printf '%s\n' "$drawn" |
    sed -n 's/^  "\(.*\)" \[.*/\1/p' | sed 's/" -> "/->/' | sort)" \
  "$(sed -n 's|^<title>\(.*\)</title>$|\1|p' "$srcdir/doc/pipeline.svg" |
    sed -e '1d' -e 's/&#45;/-/' -e 's/&gt;/>/' | sort)"

# ---- What it names ----------------------------------------------------------

for path in $(grep -o '](\([^)]*\))' "$readme" | tr -d ']()' | sed 's/#.*//' |
  grep .); do
  same "$readme: $path is there" yes \
    "$(test -e "$srcdir/$path" && echo yes || echo no)"
done

same_list "$readme lists the plugins (>: the README)" \
  "$("$METERPIPE" plugins | awk 'NR > 1 { print $1, $2 }' | sort)" \
  "$(sed -n 's/^| \([a-z]*put\|transform\) | \([a-z]*\) |.*/\1 \2/p' \
    "$readme" | sort)"

same_list 'HACKING.md lists the packages of autogen.sh (>: HACKING.md)' \
  "$(sed -n "/^needs='/,/^'/p" "$srcdir/autogen.sh" | awk 'NF == 3 { print $3 }' |
    sort)" \
  "$(sed -n '/apt-get install /,/[^\\]$/p' "$srcdir/HACKING.md" |
    sed 's/.*apt-get install//' | grep -o '[a-z0-9+-]*' | sort)"

# In a line of commands or between backquotes; elsewhere it is a sentence.
commands_named()
{
  sed -n 's/.*\(^ \{4,\}\|`\)meterpipe \([a-z][a-z]*\).*/\2/p' "$readme" | sort -u
}

for command in $(commands_named); do
  same "$readme: meterpipe $command is a command" yes \
    "$("$METERPIPE" --help | grep -q "^  $command " && echo yes || echo no)"
done

# ---- What it says to type ---------------------------------------------------

# The indented lines below the heading.
commands_below()
{
  sed -n "/^## $1\$/,/^## /s/^    //p" "$readme"
}

# Who goes through the steps again keeps the edited pipeline file: what step 4
# says, with a root directory below $scratch.
mkdir -p "$scratch/bin" "$scratch/usr/local/etc/meterpipe"
printf '#!/bin/sh\nexec "$@"\n' >"$scratch/bin/sudo"
printf '#!/bin/sh\n' >"$scratch/bin/nano"
chmod +x "$scratch/bin/sudo" "$scratch/bin/nano"
edited=$scratch/usr/local/etc/meterpipe/meterpipe.ini
echo '# edited' >"$edited"
sed -n '/^4\. /,/^5\. /s/^       //p' "$readme" |
  sed "s|/usr/local|$scratch&|g" >"$scratch/step4"
status=0
(
  cd "$srcdir"
  PATH=$scratch/bin:$PATH USER=$(id -un) sh -eu "$scratch/step4"
) >"$scratch/said" 2>&1 || status=$?
same 'the commands of step 4 go' 0 "$status"
same 'step 4 leaves an edited pipeline file as it is' '# edited' "$(cat "$edited")"

# As it is typed at the top of the sources, but with other files in /tmp, and
# the time running fast where the tests' clock is.
mkdir "$scratch/run"
ln -s "$PWD" "$scratch/run/build"
for directory in examples etc; do
  ln -s "$(cd "$srcdir/$directory" && pwd)" "$scratch/run/$directory"
done
{
  # Whatever becomes of the test, nothing is left running.
  echo "trap 'kill \$! 2>/dev/null || :' EXIT"
  commands_below 'Without a meter' | sed "s|/tmp/|$scratch/|g"
} >"$scratch/typed"
status=0
(
  cd "$scratch/run"
  STATE_DIRECTORY=$scratch
  LD_PRELOAD=${CLOCK_PRELOAD-}
  TEST_HURRY=10
  export STATE_DIRECTORY LD_PRELOAD TEST_HURRY
  unset METERPIPE_PLUGIN_PATH
  exec sh -eu "$scratch/typed"
) >"$scratch/said" 2>&1 || status=$?
same 'the commands of "Without a meter" go' 0 "$status"
same 'the meter of the demo, a 403, is not announced as another one' 0 \
  "$(grep -c 'MULTICAL 601' "$scratch/said")"
for words in 'meter type' '# To copy into a pipeline file' \
  '"meter.heat_energy_e1":{"value":"55.659","unit":"MWh"}' \
  'no reply in 2000 ms' 'exit status 76' 'domoticz.327 0.653 MWh'; do
  same "\"Without a meter\" shows: $words" 1 \
    "$(grep -c -F "$words" "$scratch/said" | sed 's/^[1-9].*/1/')"
done
[ "$failures" -eq 0 ] || cat "$scratch/said"
finish
