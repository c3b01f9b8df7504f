#!/bin/sh
# The units of systemd are right and confined, and so are the other files that
# tie the program into a system, as far as their tools are there to ask.
set -eu
. "${srcdir:-.}/tests/manual/pages.sh"

# As make builds them.
generated=${etc_builddir:-etc}
service=$generated/systemd/meterpipe.service
template=$generated/systemd/meterpipe@.service

[ -f "$service" ] || exit 77

# Units that can be verified before anything is installed: the program, its
# manual and its user are not there.
unit_directory()
{
  mkdir "$scratch/units"
  for unit in meterpipe meterpipe@; do
    sed -e "s|^ExecStart=[^ ]*|ExecStart=$(command -v true)|" \
      -e 's|^\(User\|Group\)=.*|\1=root|' -e '/^Documentation=/d' \
      "$generated/systemd/$unit.service" >"$scratch/units/$unit.service"
    sed '/^Documentation=/d' "$srcdir/etc/systemd/$unit.timer" \
      >"$scratch/units/$unit.timer"
  done
}

if systemd-analyze security --help 2>/dev/null | grep -q -e --offline; then
  unit_directory
  for unit in "$service" "$template"; do
    status=0
    said=$(systemd-analyze security --offline=yes --threshold=20 \
      --no-pager "$unit" 2>&1) || status=$?
    same "the exposure of $unit is at most 2.0" 0 "$status"
    [ "$status" -eq 0 ] || printf '%s\n' "$said"
  done
  cp "$scratch/units/meterpipe@.service" "$scratch/units/meterpipe@a.service"
  cp "$scratch/units/meterpipe@.timer" "$scratch/units/meterpipe@a.timer"
  same 'systemd-analyze verify finds nothing' '' \
    "$(systemd-analyze verify --man=no "$scratch/units/meterpipe.service" \
      "$scratch/units/meterpipe.timer" "$scratch/units/meterpipe@a.service" \
      "$scratch/units/meterpipe@a.timer" 2>&1)"
fi

# The template is the service, for a pipeline file of its own.
same_list 'the template of the service is as confined as the service' \
  "$(sed '1,/^TimeoutStartSec/d' "$service")" \
  "$(sed '1,/^TimeoutStartSec/d' "$template")"
same 'an instance of the template runs its own pipeline file' \
  "$(sed -n 's|^ConditionPathExists=||p' "$template")" \
  "$(sed -n 's|^ExecStart=.*/meterpipe run -c ||p' "$template" |
    grep '/%i\.ini$')"
same 'the timer of an instance has a fixed delay' yes \
  "$(grep '^FixedRandomDelay=' "$srcdir/etc/systemd/meterpipe@.timer" |
    cut -d = -f 2)"

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

for file in $generated/cron.d/meterpipe $service $template \
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
