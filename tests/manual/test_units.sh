#!/bin/sh
# meterpipe-units(7) lists the units of lib/unit.c, and no others, those of one
# quantity on one line.
set -eu
. "${srcdir:-.}/tests/manual/pages.sh"

# A line for each quantity, with its units in the order of the alphabet.
in_sources()
{
  sed -n '/^static const struct unit units\[\]/,/^};/p' "$srcdir/lib/unit.c" |
    sed -n 's/^  { "\([^"][^"]*\)", .*, \([A-Z_]*\), {.*/\2 \1/p' |
    LC_ALL=C sort | awk '
      $1 != quantity { if (quantity) print line; quantity = $1; line = $2; next }
      { line = line " " $2 }
      END { print line }' | LC_ALL=C sort
}

# The items of the list, and the forms of text, which one sentence lists.
on_page()
{
  awk '/^\.Bl .*quantity|^\.\\" test: units/ { list = 1; next }
    /^\.El/ { if (list) print line; list = 0 }
    list && /^\.It / { if (line) print line; line = ""; next }
    list && !/^\./ { line = line " " $0 }
    sub(/^The unit of a text tells its form: /, "") { form = 1 }
    form { forms = forms " " $0; form = !/\.$/ }
    END { sub(/ or /, ", ", forms); print forms }' \
    "$srcdir/doc/meterpipe-units.7" | tr ',.' '  ' |
    while read -r line; do
      # The units are words.
      # shellcheck disable=SC2086
      printf '%s\n' $line | LC_ALL=C sort | paste -s -d ' ' -
    done | LC_ALL=C sort
}

same_list 'meterpipe-units(7) lists the units of lib/unit.c (>: the page)' \
  "$(in_sources)" "$(on_page)"
finish
