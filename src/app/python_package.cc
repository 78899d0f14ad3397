// PythonPackage: pegbox's Python package run as a program.
#include "app/python_package.h"

#include <cstdlib>

#include "app/child_process.h"

namespace pegbox {

namespace {

std::string how_to_install(const std::string& extra) {
  return "`pip install .[" + extra +
         "]` in pegbox's source installs what it needs; PEGBOX_PYTHON names the Python that has it";
}

Result<std::string> find_python() {
  if (const char* named = std::getenv("PEGBOX_PYTHON"); named != nullptr && *named != '\0') return std::string(named);
  const Path found = find_in_path("python3");
  if (!found.empty()) return found.string();
  return fail(ErrorKind::NotFound, {.where = "python3",
                                    .what = "no Python is in PATH",
                                    .hint = "PEGBOX_PYTHON names the Python that has pegbox's package"});
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

Result<ProcessSpec> python_module(const std::string& module, const std::vector<std::string>& arguments) {
  ProcessSpec spec;
  PEGBOX_TRY(const std::string python, find_python());
  spec.arguments = {python, "-m", module};
  spec.arguments.insert(spec.arguments.end(), arguments.begin(), arguments.end());
  return spec;
}

std::optional<Error> lacking_package(const std::string& last_words, const std::string& extra) {
  const std::string missing = missing_package(last_words);
  if (missing.empty()) return std::nullopt;
  return Error{ErrorKind::NotFound, format_problem({.where = find_python().value_or("python3"),
                                                    .what = "this Python lacks a package",
                                                    .got = missing,
                                                    .hint = how_to_install(extra)})};
}

Result<ExitCode> run_python_module(const std::string& module, const std::vector<std::string>& arguments,
                                   const std::map<std::string, std::string>& environment, Console& console,
                                   const std::atomic<bool>& interrupted) {
  PEGBOX_TRY(ProcessSpec spec, python_module(module, arguments));
  spec.environment = environment;
  PEGBOX_TRY(const auto child, Subprocess::start(spec));
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
  if (auto lacking = lacking_package(said, "optuna")) return tl::make_unexpected(*std::move(lacking));
  if (status.code != static_cast<int>(ExitCode::WrongUse))
    return fail(ErrorKind::Internal,
                {.where = spec.arguments.front() + " -m " + module, .what = status.describe(), .got = said});
  console.error(said);
  return ExitCode::WrongUse;
}

}  // namespace pegbox
