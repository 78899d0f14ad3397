// TrainerProgram: pegbox-trainer, which holds libtorch and does what needs a model.
#include "app/trainer_program.h"

#include <algorithm>
#include <cstdlib>

#include "app/child_process.h"

namespace pegbox {

namespace {

struct Started {
  TemporaryFolder folder;
  std::unique_ptr<Subprocess> child;
};

Result<Started> start(const Path& program, const std::string& verb, const Json& config, const std::string& called) {
  PEGBOX_TRY(TemporaryFolder folder, TemporaryFolder::create("pegbox"));
  const Path file = folder.path() / "config.json";
  PEGBOX_CHECK(replace_file(file, to_line(config)));
  PEGBOX_TRY(auto child,
             Subprocess::start({.arguments = {program.string(), verb, "--called", called, "--config", file.string()},
                                .environment = {},
                                .folder = {}}));
  return Started{std::move(folder), std::move(child)};
}

/// What the trainer said of a mistake at its end, without its name before it.
std::string own_words(const std::string& text, const std::string& verb) {
  const std::string name = "pegbox-trainer " + verb + ": ";
  const std::size_t start = text.rfind(name);
  return start == std::string::npos ? text : text.substr(start + name.size());
}

}  // namespace

Result<TrainerProgram> TrainerProgram::find() {
  if (const char* named = std::getenv("PEGBOX_TRAINER"); named != nullptr && *named != '\0') {
    if (is_program(named)) return TrainerProgram(named);
    return fail(ErrorKind::NotFound, {.where = "PEGBOX_TRAINER", .what = "no such program", .got = named});
  }
  const Path beside = executable_folder() / "pegbox-trainer";
  if (is_program(beside)) return TrainerProgram(beside);
  const Path found = find_in_path("pegbox-trainer");
  if (!found.empty()) return TrainerProgram(found);
  return fail(ErrorKind::NotFound, {.where = "pegbox-trainer",
                                    .what = "the trainer is neither beside pegbox nor in PATH",
                                    .hint = "build it with `make build`, or name it in PEGBOX_TRAINER"});
}

Result<std::string> TrainerProgram::version() const {
  PEGBOX_TRY(const auto child,
             Subprocess::start({.arguments = {path_.string(), "--version"}, .environment = {}, .folder = {}}));
  std::string output, errors;
  const ExitStatus status = follow(
      *child, [&](std::string_view bytes) { output += bytes; }, [&](std::string_view bytes) { errors += bytes; },
      nullptr);
  if (status.code != 0)
    return fail(ErrorKind::Internal, {.where = path_.string(), .what = "it does not start", .got = last_lines(errors)});
  return last_lines(output);
}

Result<Json> TrainerProgram::field_rows() const { return ask("fields", Json::object()); }

Result<TrainerFields> TrainerProgram::fields(const std::string& verb) const {
  PEGBOX_TRY(const Json rows, field_rows());
  TrainerFields fields;
  for (const Json& row : rows) {
    if (!row.is_object() || !row.contains("name") || !row["name"].is_string()) continue;
    if (row.contains("verbs") && std::ranges::find(row["verbs"], Json(verb)) == row["verbs"].end()) continue;
    fields.all.push_back(row["name"].get<std::string>());
    if (row.value("of", "") == "run") fields.run.push_back(fields.all.back());
  }
  if (fields.run.empty())
    return fail(ErrorKind::Internal, {.where = path_.string() + " fields", .what = "no fields", .got = excerpt(rows)});
  return fields;
}

Result<ExitCode> TrainerProgram::run(const std::string& verb, const Json& config, Console& console,
                                     const std::atomic<bool>& interrupted, TrainerOutput output,
                                     const std::string& called, const std::function<void()>& meanwhile) const {
  PEGBOX_TRY(const Started started, start(path_, verb, config, called));
  const auto take = [&](std::string_view bytes) {
    output == TrainerOutput::Result ? console.print(bytes) : console.draw(bytes);
  };
  std::string unseen;
  const auto take_errors = [&](std::string_view bytes) {
    console.draw(bytes);
    if (console.quiet()) unseen += bytes;
  };
  const ExitStatus status = follow(*started.child, take, take_errors, &interrupted, meanwhile);
  if (interrupted) return ExitCode::Interrupted;
  if (status.signal != 0)
    return fail(ErrorKind::Internal,
                {.where = "pegbox-trainer " + verb, .what = "the trainer died", .got = status.describe()});
  if (status.code != 0 && console.quiet()) console.error(own_words(last_lines(unseen), verb));
  return static_cast<ExitCode>(status.code);
}

Result<Json> TrainerProgram::ask(const std::string& verb, const Json& config, const std::string& called) const {
  PEGBOX_TRY(const Started started, start(path_, verb, config, called));
  std::string output, errors;
  const ExitStatus status = follow(
      *started.child, [&](std::string_view bytes) { output += bytes; },
      [&](std::string_view bytes) { errors += bytes; }, nullptr);
  if (status.code == 2) return tl::make_unexpected(Error{ErrorKind::InvalidInput, own_words(last_lines(errors), verb)});
  if (status.code != 0)
    return fail(ErrorKind::Internal,
                {.where = "pegbox-trainer " + verb, .what = status.describe(), .got = last_lines(errors)});
  return parse_json(output, "pegbox-trainer " + verb);
}

}  // namespace pegbox
