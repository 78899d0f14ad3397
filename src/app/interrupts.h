// Interrupts: Ctrl-C and SIGTERM as a flag; the second one ends the program at once.
#pragma once

#include <atomic>

namespace pegbox {

/// From here on the first SIGINT, SIGTERM or SIGHUP sets the flag, a second one ends the process with exit code 130
/// (its children die with it). The flag lives as long as the program. Call it once, from the main thread.
const std::atomic<bool>& catch_interrupts();

}  // namespace pegbox
