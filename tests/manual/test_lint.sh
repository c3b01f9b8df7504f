#!/bin/sh
# The pages of the manual are good mdoc, and name only pages that there are.
set -eu
. "${srcdir:-.}/tests/manual/pages.sh"

# A page of ours that PAGE refers to: NAME.SECTION.
own_references()
{
  sed -n 's/^\.Xr \(meterpipe[^ ]*\) \([1-8]\).*/\1.\2/p' "$1" | sort -u
}

command -v mandoc >/dev/null 2>&1 || exit 77

for page in $(pages); do
  # groff 1.23 of Debian 13 cannot measure these.
  same "$page: no width of a list holds an apostrophe" '' \
    "$(grep -E "^\.Bl .*'" "$page" || :)"
  same "$page has no faults" '' "$(mandoc -T lint -W warning "$page" 2>&1)"
  same "$page has no line longer than 80 columns" '' \
    "$(awk 'length($0) > 80 && !/^\.(It|Bl) /' "$page")"
  for reference in $(own_references "$page"); do
    if [ -n "$(page_of "$reference")" ]; then
      good
    else
      bad "$page refers to $reference, which does not exist"
    fi
  done
done
finish
