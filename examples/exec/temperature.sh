#!/bin/sh
# Reads a temperature sensor of Linux, whose unit is a thousandth of a degree.
#
#     [input room]
#     plugin  = exec
#     command = /usr/local/bin/temperature.sh /sys/class/hwmon/hwmon0/temp1_input
#
#     [output table]
#     plugin = stdout
#     field.room = room.temperature
set -u

read -r count <"$1" || exit 75 # try again: the sensor is busy or missing
sign=
case $count in
-*) sign=- count=${count#-} ;;
esac
printf '{"field":"temperature","value":"%s%d.%03d","unit":"C"}\n' \
  "$sign" $((count / 1000)) $((count % 1000))
