#!/bin/sh
# The units of systemd are right and confined, and so are the other files that
# tie the program into a system, as far as their tools are there to ask.
set -eu
. "${srcdir:-.}/tests/manual/pages.sh"

# As make builds them.
generated=${etc_builddir:-etc}
service=$generated/systemd/meterpipe.service
timer=$srcdir/etc/systemd/meterpipe.timer

[ -f "$service" ] || exit 77

# Units that can be verified before anything is installed: the program, its
# manual and its user are not there.
unit_directory()
{
  mkdir "$scratch/units"
  sed -e "s|^ExecStart=[^ ]*|ExecStart=$(command -v true)|" \
    -e 's|^\(User\|Group\)=.*|\1=root|' -e '/^Documentation=/d' \
    "$service" >"$scratch/units/meterpipe.service"
  sed '/^Documentation=/d' "$timer" >"$scratch/units/meterpipe.timer"
}

if systemd-analyze security --help 2>/dev/null | grep -q -e --offline; then
  unit_directory
  status=0
  said=$(systemd-analyze security --offline=yes --threshold=20 \
    --no-pager "$service" 2>&1) || status=$?
  same 'the exposure of the service is at most 2.0' 0 "$status"
  [ "$status" -eq 0 ] || printf '%s\n' "$said"
  same 'systemd-analyze verify finds nothing' '' \
    "$(systemd-analyze verify --man=no "$scratch/units/meterpipe.service" \
      "$scratch/units/meterpipe.timer" 2>&1)"
fi

# The lines of the cron file that are run, of which only one may be.
cron_lines()
{
  grep -v -e '^#' -e '^$' -e '^[A-Z]*=' "$generated/cron.d/meterpipe"
}

same 'cron runs it every hour, as its user' '0 * * * * meterpipe' \
  "$(cron_lines | cut -d ' ' -f 1-6)"
same 'cron leaves it to systemd where that runs' 1 \
  "$(cron_lines | grep -c 'test -e /run/systemd/system ||')"
# After the program was removed, the pipeline file and the cron file stay.
touch "$scratch/removed.ini"
same 'cron mails nothing after the program was removed' '' \
  "$(cron_lines | cut -d ' ' -f 7- | sed \
    -e "s,[^ ]*/bin/meterpipe,$scratch/removed,g" \
    -e 's,/run/systemd/system,/nonexistent,' \
    -e "s,[^ ]*/meterpipe\.ini,$scratch/removed.ini," | sh 2>&1)"
same 'the cron file ends with a line end' '' \
  "$(tail -c 1 "$generated/cron.d/meterpipe")"

for file in $generated/cron.d/meterpipe $generated/systemd/meterpipe.service \
  $generated/tmpfiles.d/meterpipe.conf $generated/udev/70-meterpipe.rules; do
  same "$file has no gaps left" '' "$(grep -n '@[a-z]*@' "$file" || :)"
done

if command -v udevadm >/dev/null 2>&1 && udevadm verify --help >/dev/null 2>&1
then
  status=0
  udevadm verify "$generated/udev/70-meterpipe.rules" >/dev/null || status=$?
  same 'udevadm verify finds nothing' 0 "$status"
fi
finish
