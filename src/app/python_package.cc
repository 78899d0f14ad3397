// PythonPackage: pegbox's Python package run as a program.
#include "app/python_package.h"

#include <cstdlib>

#include "app/child_process.h"

namespace pegbox {

namespace {

constexpr char kHint[] =
    "`pip install .[optuna]` in pegbox's source installs what it needs; PEGBOX_PYTHON names the Python that has it";

Result<std::string> find_python() {
  if (const char* named = std::getenv("PEGBOX_PYTHON"); named != nullptr && *named != '\0') return std::string(named);
  const Path found = find_in_path("python3");
  if (!found.empty()) return found.string();
  return fail(ErrorKind::NotFound, {.where = "python3", .what = "no Python is in PATH", .hint = kHint});
}

/// The package of Python's last words "ModuleNotFoundError: No module named 'x'", or of -m's "No module named x".
std::string missing_package(const std::string& said) {
  constexpr std::string_view kWords = "No module named ";
  const std::size_t start = said.rfind(kWords);
  if (start == std::string::npos) return "";
  std::string name = said.substr(start + kWords.size());
  std::erase(name, '\'');
  return name.substr(0, name.find_first_of(").;\n"));
}

}  // namespace

Result<ExitCode> run_python_module(const std::string& module, const std::vector<std::string>& arguments,
                                   const std::map<std::string, std::string>& environment, Console& console,
                                   const std::atomic<bool>& interrupted) {
  PEGBOX_TRY(const std::string python, find_python());
  std::vector<std::string> command{python, "-m", module};
  command.insert(command.end(), arguments.begin(), arguments.end());
  PEGBOX_TRY(const auto child,
             Subprocess::start({.arguments = std::move(command), .environment = environment, .folder = {}}));
  std::string errors;
  const ExitStatus status = follow(
      *child, [&](std::string_view bytes) { console.print(bytes); }, [&](std::string_view bytes) { errors += bytes; },
      &interrupted);
  if (interrupted) return ExitCode::Interrupted;
  const std::string said = last_lines(errors);
  if (status.code == 0) {
    if (!said.empty()) console.warn(said);
    return ExitCode::Done;
  }
  if (const std::string missing = missing_package(said); !missing.empty())
    return fail(ErrorKind::NotFound,
                {.where = python, .what = "this Python lacks a package", .got = missing, .hint = kHint});
  if (status.code != static_cast<int>(ExitCode::WrongUse))
    return fail(ErrorKind::Internal, {.where = python + " -m " + module, .what = status.describe(), .got = said});
  console.error(said);
  return ExitCode::WrongUse;
}

}  // namespace pegbox
