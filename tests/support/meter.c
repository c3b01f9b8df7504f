#include "plugins/input/kmp/emulator/meter.c"
