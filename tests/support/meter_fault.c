#include "plugins/input/kmp/emulator/meter_fault.c"
