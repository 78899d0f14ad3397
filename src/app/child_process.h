// ChildProcess: another program run to its end, with its output handed on as it comes.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/subprocess.h"

namespace pegbox {

using TakeOutput = std::function<void(std::string_view)>;

/// Whether there is such a file and it may be run.
bool is_program(const Path& path);

/// The program of this name in PATH; empty if there is none.
Path find_in_path(const std::string& name);

/// Runs the child to its end. An interrupt is passed on once; nullptr: there is none. `meanwhile` is called again and
/// again while it runs.
ExitStatus follow(Subprocess& child, const TakeOutput& output, const TakeOutput& error_output,
                  const std::atomic<bool>* interrupted, const std::function<void()>& meanwhile = {});

/// The end of what a program said, without white space after it.
std::string last_lines(const std::string& text);

}  // namespace pegbox
