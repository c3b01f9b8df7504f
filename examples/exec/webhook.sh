#!/bin/sh
# Posts each record to a web hook, with curl.
#
#     [output hook]
#     plugin  = exec
#     class   = history
#     command = /usr/local/bin/webhook.sh https://example.org/hook
#     value.energy = meter.heat_energy_e1
#
# Exit status: 0 (delivered) if the server answers every record with 2xx;
# 75 (try again) if it does not answer, or answers with 5xx;
# 1 (rejected) for any other answer.
set -u
url=$1

while IFS= read -r record; do
  status=$(printf '%s' "$record" |
    curl --silent --show-error --max-time 10 --output /dev/null \
      --write-out '%{http_code}' --header 'Content-Type: application/json' \
      --data-binary @- "$url") || exit 75
  case $status in
  2??) ;;
  5??) echo "the web hook answered with $status" >&2; exit 75 ;;
  *) echo "the web hook answered with $status" >&2; exit 1 ;;
  esac
done
