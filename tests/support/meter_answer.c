#include "plugins/input/kmp/emulator/meter_answer.c"
