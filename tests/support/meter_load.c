#include "plugins/input/kmp/emulator/meter_load.c"
