#!/bin/sh
# The pages of the manual name the options that the program knows: those of each
# plugin with their types, ranges and defaults, and those of the command line.
set -eu
. "${srcdir:-.}/tests/manual/pages.sh"

# ---- Plugins ----------------------------------------------------------------

# "timeout = duration (default 2s)", from what meterpipe plugins NAME prints:
# "  timeout       duration, default 2s".
options_of_program()
{
  "$METERPIPE" plugins "$1" | awk '
    /^Options:/ { inside = 1; next }
    /^$/ { inside = 0 } # a plugin of another kind may have the same name
    !inside || /^     / { next }
    {
      key = $1
      rest = $0
      sub(/^ *[^ ]+ +/, "", rest)
      notes = ""
      if (match(rest, /, (required|default).*/)) {
        notes = substr(rest, RSTART + 2)
        rest = substr(rest, 1, RSTART - 1)
      }
      range = rest
      choice = sub(/^choice /, "", rest)
      if (choice)
        gsub(/\|/, " | ", rest)
      else if (rest == "yes or no")
        rest = "yes | no"
      else if (match(rest, / [^ ]*\.\..*$/)) {
        range = substr(rest, RSTART + 1)
        rest = substr(rest, 1, RSTART - 1)
        notes = range (notes == "" ? "" : ", " notes)
      }
      sub(/^whole number$/, "number", rest)
      if (!choice)
        rest = tolower(rest)
      print key " = " rest (notes == "" ? "" : " (" notes ")")
    }'
}

# The same from a page: ".It Ic timeout = Ar duration Pq default 2s".
options_of_page()
{
  sed -n '/^\.Sh OPTIONS/,/^\.S[hs] [^O]/p' "$1" |
    sed -n -e 's/^\.It Ic \([a-z_]* =\) [AC][rm] /\1 /p' \
      -e 's/^\.It Ic \([a-z]*\.\) Ns Ar name = Ar \(secret\)$/\1NAME = \2/p' |
    sed 's/ Pq \(.*\)$/ (\1)/'
}

# "PREFIX.", for an output.
targets_of_program()
{
  "$METERPIPE" plugins "$1" |
    sed -n 's/^targets: \([a-z]*\.\)NAME = VALUE$/\1/p'
}

check_plugin()
{
  page=$(page_of "meterpipe-$1.5")
  if [ -z "$page" ]; then
    bad "the plugin $1 has no page"
    return
  fi
  same_list "$page has the options of the plugin (>: the page)" \
    "$(options_of_program "$1")" "$(options_of_page "$page")"
  same "$page has the targets of the plugin" "$(targets_of_program "$1")" \
    "$(sed -n 's/^\.It Ic \([a-z]*\.\) Ns Ar [a-z]* = Ar value$/\1/p' "$page")"
}

plugins=$("$METERPIPE" plugins | awk 'NR > 1 { print $2 }' | sort -u)
for name in $plugins; do
  check_plugin "$name"
done
same_list 'every page about a plugin is about one that there is' "$plugins" \
  "$(pages | sed -n 's|.*/plugins/.*/meterpipe-\(.*\)\.5$|\1|p' | sort -u)"

# ---- [pipeline] -------------------------------------------------------------

printf '[pipeline]\nnosuchoption = 1\n' >"$scratch/wrong.ini"
known=$("$METERPIPE" check --offline -c "$scratch/wrong.ini" 2>&1 |
  sed -n 's/.*"nosuchoption"; there are //p' | tr -d , | tr ' ' '\n')
same_list "meterpipe.ini(5) has the options of [pipeline]" "$known" \
  "$(options_of_page "$(page_of meterpipe.ini.5)" | sed 's/ =.*//')"

# ---- The command line -------------------------------------------------------

page=$(page_of meterpipe.1)
"$METERPIPE" --help >"$scratch/help"

# "COMMAND OPTION", from the lines "  run      [-c FILE] [-n [--offline]] ...".
commands_of_program()
{
  awk '
    /^Commands:/ { inside = 1; next }
    /^Options:/ { exit }
    inside && /^  [a-z]/ { command = $1; print command; $1 = "" }
    inside && (/^ +[A-Z|[-]/ || /^  [a-z]/) {
      gsub(/[][|.]/, " ")
      n = split($0, words, " ")
      for (i = 1; i <= n; i++)
        if (words[i] ~ /^-/) {
          sub(/=.*/, "", words[i])
          print command " " words[i]
        }
    }' "$scratch/help" | sort -u
}

# The same from ".Cm run" and ".Op Fl c Ar file" in the synopsis.
commands_of_page()
{
  awk '
    /^\.Sh DESCRIPTION/ { exit }
    $1 == ".Cm" { command = $2; print command }
    {
      for (i = 1; i < NF; i++)
        if ($i == "Fl" || $i == ".Fl")
          print command " -" $(i + 1)
    }' "$page" | sort -u
}

same_list "$page has the commands and their options (>: the page)" \
  "$(commands_of_program)" "$(commands_of_page)"

options_of_help()
{
  sed -n '/^Options:/,$s/^ *\(-[a-z], \)\{0,1\}\(--[a-z-]*\).*/\1\2/p' \
    "$scratch/help" | tr -d , | tr ' ' '\n' | sort -u
}

# ".It Fl v , -verbose"
options_described()
{
  sed -n 's/^\.It Fl //p' "$page" | sed 's/ [AON][a-z] .*//; s/ , /\n/g' |
    sed 's/^/-/' | sort -u
}

same_list "$page describes the options that the help lists (>: the page)" \
  "$(options_of_help)" "$(options_described)"

# ---- Exit statuses ----------------------------------------------------------

# The numbers of EX_USAGE and so on, which the sources end with.
statuses_of_program()
{
  cat "$srcdir"/core/*/*.c "$srcdir"/core/*/*/*.c \
    "$srcdir"/plugins/kmp/program/*.c |
    grep -o '\<EX_[A-Z]*' | sort -u | while read -r name; do
    printf '#include <sysexits.h>\n=%s\n' "$name" | ${CC:-cc} -E -P - |
      sed -n 's/^= *//p'
  done | sort -nu
}

if command -v "${CC:-cc}" >/dev/null 2>&1; then
  same_list "$page tells the exit statuses (>: the page)" \
    "$(statuses_of_program)" \
    "$(sed -n '/^\.Sh EXIT STATUS/,$s/^\.It \([0-9]*\)$/\1/p' "$page" | sort -n)"
fi

# ---- meterpipe kmp ----------------------------------------------------------

page=$(page_of meterpipe-kmp.1)
same_list "$page has the options of meterpipe kmp emulate (>: the page)" \
  "$("$METERPIPE" kmp emulate --help | sed -n 's/^  \(--[a-z]*\).*/\1/p' |
    sort)" "$(options_described)"
finish
