#include "plugins/input/kmp/emulator/meter.h"
