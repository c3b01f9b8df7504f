#include "plugins/input/kmp/emulator/meter_control.c"
