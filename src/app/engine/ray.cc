// Ray: workers as actors of a Ray cluster.
#include "app/engine/ray.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "app/child_process.h"
#include "app/python_package.h"
#include "base/clock.h"
#include "base/json.h"

namespace pegbox {

namespace {

constexpr double kRayStart_s = 120;    // for Ray to answer; a local one takes ten seconds
constexpr double kActorsLeave_s = 75;  // for workers to hand back what they have
constexpr char kTokenVariable[] = "PEGBOX_TOKEN";

std::vector<std::string> arguments_of(const WorkerOrder& order, const Path& logs) {
  std::vector<std::string> arguments = {"--folder", order.folder.string(), "--logs", logs.string()};
  if (order.cpus > 0) arguments.insert(arguments.end(), {"--cpus", std::to_string(order.cpus)});
  if (order.gpus > 0) arguments.insert(arguments.end(), {"--gpus", std::to_string(order.gpus)});
  arguments.emplace_back("--");
  for (std::string& word : order.command("{name}")) arguments.push_back(std::move(word));
  return arguments;
}

}  // namespace

Result<std::unique_ptr<RayWorkforce>> RayWorkforce::start(const WorkerOrder& order, const std::string& token,
                                                          const Path& folder) {
  const Path logs = folder / "logs";
  PEGBOX_CHECK(make_folder(logs));
  PEGBOX_TRY(ProcessSpec spec, python_module("pegbox.ray", arguments_of(order, logs)));
  spec.environment[kTokenVariable] = token;
  spec.pipe_input = true;
  PEGBOX_TRY(auto child, Subprocess::start(spec));
  std::unique_ptr<RayWorkforce> ray(new RayWorkforce(std::move(child), logs));
  PEGBOX_CHECK(ray->wait_until_ready());
  return ray;
}

RayWorkforce::~RayWorkforce() {
  child_->close_input();
  const SystemClock clock;
  for (const double until_s = clock.now_s() + kActorsLeave_s; !child_->poll() && clock.now_s() < until_s;) {
    wait_readable({child_->output(), child_->error_output()}, std::chrono::milliseconds(50));
    lines_.fill(child_->output());
    errors_.fill(child_->error_output());
  }
}

Result<void> RayWorkforce::wait_until_ready() {
  const SystemClock clock;
  for (const double until_s = clock.now_s() + kRayStart_s; !ready_;) {
    if (clock.now_s() > until_s)
      return fail(ErrorKind::Io, {.where = "ray",
                                  .what = "it does not answer",
                                  .got = last_lines(said_),
                                  .hint = "`ray status` says how the cluster is; RAY_ADDRESS names it"});
    wait_readable({child_->output(), child_->error_output()}, std::chrono::milliseconds(50));
    PEGBOX_CHECK(read());
  }
  return {};
}

Result<void> RayWorkforce::read() {
  const auto status = child_->poll();
  errors_.fill(child_->error_output());
  while (const auto line = errors_.take()) said_ = last_lines(said_ + *line + "\n") + "\n";
  lines_.fill(child_->output());
  while (const auto line = lines_.take()) {
    const auto message = parse_json(*line, "pegbox.ray");
    if (!message || !message->is_object() || !message->contains("hands")) continue;  // a library that prints
    ready_ = true;
    hands_.clear();
    for (const Json& hand : (*message)["hands"])
      hands_.push_back({hand.value("name", ""), hand.value("runs", false), hand.value("why", "")});
  }
  return status ? Result<void>(fail_ended(*status)) : Result<void>();
}

tl::unexpected<Error> RayWorkforce::fail_ended(const ExitStatus& status) const {
  if (auto lacking = lacking_package(last_lines(said_), "ray")) return tl::make_unexpected(*std::move(lacking));
  const auto kind = status.code == 2 ? ErrorKind::InvalidInput : ErrorKind::Internal;
  return fail(kind,
              {.where = "ray", .what = "its workers' program ended: " + status.describe(), .got = last_lines(said_)});
}

Result<void> RayWorkforce::tell(const Json& message) {
  PEGBOX_CHECK(read());
  return child_->write(to_line(message) + "\n");
}

Result<std::vector<Hand>> RayWorkforce::look() {
  PEGBOX_CHECK(read());
  return hands_;
}

Result<std::vector<std::string>> RayWorkforce::hire(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(fmt::format("ray-{}", ++hired_));
  PEGBOX_CHECK(tell({{"hire", names}}));
  for (const std::string& name : names) hands_.push_back({.name = name});  // until it is heard
  return names;
}

Result<void> RayWorkforce::dismiss(const std::vector<std::string>& names) {
  return names.empty() ? Result<void>() : tell({{"dismiss", names}});
}

std::string RayWorkforce::last_words(const std::string& name) {
  return last_lines(read_file(logs_ / (name + ".log")).value_or(""));
}

}  // namespace pegbox
