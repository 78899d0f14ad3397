// PythonPackage: pegbox's Python package run as a program, for what Optuna or Ray alone can do.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/exit_code.h"
#include "base/result.h"
#include "base/subprocess.h"

namespace pegbox {

/// How `python3 -m MODULE ARGUMENTS` is started; $PEGBOX_PYTHON names another Python. NotFound if there is none.
Result<ProcessSpec> python_module(const std::string& module, const std::vector<std::string>& arguments);

/// NotFound, with what to install, if Python's last words say that it lacks a package. `extra`: which of pegbox's
/// optional dependencies has it ("optuna", "ray").
std::optional<Error> lacking_package(const std::string& last_words, const std::string& extra);

/// Runs `python3 -m MODULE ARGUMENTS`, with `environment` added to ours, and passes its output through. Its exit code.
/// NotFound, with what to install, if there is no Python or it lacks a package of Optuna's.
Result<ExitCode> run_python_module(const std::string& module, const std::vector<std::string>& arguments,
                                   const std::map<std::string, std::string>& environment, Console& console,
                                   const std::atomic<bool>& interrupted);

}  // namespace pegbox
