// PythonPackage: pegbox's Python package run as a program, for what only Optuna itself can read and write.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/exit_code.h"
#include "base/result.h"

namespace pegbox {

/// Runs `python3 -m MODULE ARGUMENTS`, with `environment` added to ours, and passes its output through; $PEGBOX_PYTHON
/// names another Python. Its exit code. NotFound, with what to install, if there is no Python or it lacks a package.
Result<ExitCode> run_python_module(const std::string& module, const std::vector<std::string>& arguments,
                                   const std::map<std::string, std::string>& environment, Console& console,
                                   const std::atomic<bool>& interrupted);

}  // namespace pegbox
