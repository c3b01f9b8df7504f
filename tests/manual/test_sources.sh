#!/bin/sh
# The pages for developers name files and functions that exist, and the list of
# files that a plugin touches (HACKING.md) is true of every plugin.
set -eu

cd "${srcdir:-.}"
[ -d core ] || exit 77
status=0
names=$(mktemp)
trap 'rm -f "$names"' EXIT

wrong()
{
  echo "$1"
  status=1
}

sources=$(find core lib plugins testkit include -name '*.[ch]')

# ---- Names in backquotes ----------------------------------------------------

# Left out: what a build makes, patterns, absolute paths, and the folders below
# one that was named before (`codec/`).
for page in HACKING.md doc/architecture.md doc/ledger.md tests/coverage.md; do
  # The backquotes are the page's.
  # shellcheck disable=SC2016
  for word in $(grep -o '`[^` ]*`' "$page" | tr -d '`' | sort -u); do
    case $word in
    build/* | tests/bin/* | *NAME* | *[*\<$]* | /* | ./* | *...*) ;;
    *'()')
      # The list is words.
      # shellcheck disable=SC2086
      grep -qE "(^|[ *])${word%()}\(" $sources ||
        wrong "$page: there is no function $word"
      ;;
    */*)
      [ -e "$word" ] || [ "${word%/}" = "${word%%/*}" ] ||
        wrong "$page: there is no $word"
      ;;
    esac
  done
done

# ---- The waits --------------------------------------------------------------

# "| `FILE` FUNCTION |": of each row that names a function, and "$FILE TEST".
# shellcheck disable=SC2016
sed -n 's/^|[^|]*| `\([^`]*\)` \([a-z_0-9]*\) |.*/\1 \2/p' HACKING.md >"$names"
# shellcheck disable=SC2016
sed -n 's/.*\$\(test_[a-z]*\.c\) \([a-z_0-9]*\).*/tests\/e2e\/\1 \2/p' \
  HACKING.md >>"$names"
[ -s "$names" ] || wrong "HACKING.md has no table of waits"
while read -r file name; do
  grep -qw "$name" "$file" || wrong "HACKING.md: there is no $name in $file"
done <"$names"

# ---- The files of a plugin --------------------------------------------------

# "input_exec output_exec csv ..." without the kind.
plugins=$(grep -rhoE '^[a-z]+_[a-z0-9]+_la_LDFLAGS = \$\(MODULE_LDFLAGS\)' \
  plugins | sed 's/^[a-z]*_//; s/_la_.*//' | sort -u)
[ "$(echo "$plugins" | wc -l)" -ge 9 ] || wrong "no plugins were found"

# shellcheck disable=SC2016
rows=$(sed -n '/^## Adding a plugin/,/^A new folder/s/^| `\([^`]*\)`.*/\1/p' \
  HACKING.md)
[ -n "$rows" ] || wrong "HACKING.md has no list of files"

for plugin in $plugins; do
  for row in $rows; do
    case $row in
    *NAME*)
      name=$(echo "${row##*/}" | sed "s/NAME/$plugin/")
      [ -n "$(find "${row%%/*}" -name "$name")" ] ||
        wrong "$plugin: there is no $name in ${row%%/*}/"
      ;;
    *)
      grep -qwE "([a-z]+_)?$plugin" "$row" ||
        wrong "$plugin: $row does not name it"
      ;;
    esac
  done
done
exit $status
