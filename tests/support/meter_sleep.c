#include "plugins/input/kmp/emulator/meter_sleep.c"
