// TrainerProgram: the trainer as a program for tests: its verbs, and the host's side of a worker process.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>

#include "base/clock.h"
#include "base/protocol.h"
#include "base/subprocess.h"

namespace pegbox::trainer {

inline constexpr double kPatienceSeconds = 120;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Runs a verb to its end; its output, and its exit code.
struct Outcome {
  int code;
  std::string output, errors;
};

inline Outcome run_verb(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{PEGBOX_TRAINER_PROGRAM};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const auto child = must(Subprocess::start({.arguments = all, .environment = {}, .folder = {}}));
  LineReader output(1 << 24), errors(1 << 24);
  const double end_s = SystemClock().now_s() + kPatienceSeconds;
  std::optional<ExitStatus> status;
  while (!status && SystemClock().now_s() < end_s) {
    wait_readable({child->output(), child->error_output()}, std::chrono::milliseconds(20));
    status = child->poll();
    output.fill(child->output());
    errors.fill(child->error_output());
  }
  Outcome outcome{.code = status ? status->code : -1, .output = {}, .errors = {}};
  while (auto line = output.take()) outcome.output += *line + "\n";
  while (auto line = errors.take()) outcome.errors += *line + "\n";
  return outcome;
}

/// The mean loss of a label over a file of evaluate's `per_row`.
inline double mean_of_rows(const Path& path) {
  std::ifstream file(path);
  double sum = 0, labels = 0;
  for (std::string line; std::getline(file, line);) {
    const Json row = must(parse_json(line, "row"));
    sum += row["loss"].get<double>() * row["label_tokens"].get<double>();
    labels += row["label_tokens"].get<double>();
  }
  return sum / labels;
}

/// A member of a process's status, such as its largest resident memory, in bytes.
inline double status_bytes(int process, const std::string& member) {
  std::istringstream status(must(read_file("/proc/" + std::to_string(process) + "/status")));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(member + ":")) return std::stod(line.substr(member.size() + 1)) * 1024;
  return 0;
}

/// The host's side of a worker process.
class Host {
 public:
  explicit Host(const Json& config, const Path& folder) {
    must(replace_file(folder / "worker.json", config.dump()));
    child_ = must(Subprocess::start(
        {.arguments = {PEGBOX_TRAINER_PROGRAM, "worker", "--config", (folder / "worker.json").string()},
         .environment = {},
         .folder = {},
         .pipe_input = true}));
  }

  void send(const HostMessage& message) { must(child_->write(encode(message))); }
  void send_line(const std::string& line) { must(child_->write(line)); }
  void kill() {
    child_->signal_group(SIGKILL);
    while (!child_->poll()) wait_readable({}, std::chrono::milliseconds(5));
  }
  int process_id() const { return child_->process_id(); }
  /// From now on the worker has no more memory than it has already, and `bytes`.
  void leave_memory(double bytes) {
    const auto most = static_cast<rlim_t>(status_bytes(process_id(), "VmData") + bytes);
    const rlimit limit{most, most};
    ASSERT_EQ(prlimit(process_id(), RLIMIT_DATA, &limit, nullptr), 0);
  }
  int exit_code() {
    std::optional<ExitStatus> status;
    while (!(status = child_->poll())) wait_readable({}, std::chrono::milliseconds(5));
    return status->code;
  }

  /// The next message that is not a sign of life; a Stopped of trial -1 if the process ended or patience did.
  WorkerMessage next() {
    const double end_s = SystemClock().now_s() + kPatienceSeconds;
    while (SystemClock().now_s() < end_s) {
      while (const auto line = reader_.take()) {
        const auto message = decode_worker(*line);
        if (!message) throw std::runtime_error("the worker wrote: " + *line);
        if (std::holds_alternative<message::Alive>(*message))
          ++alive_;
        else
          return *message;
      }
      wait_readable({child_->output(), child_->error_output()}, std::chrono::milliseconds(50));
      errors_.fill(child_->error_output());
      while (auto line = errors_.take()) error_text_ += *line + "\n";
      if (!reader_.fill(child_->output())) break;
    }
    return message::Stopped{-1};
  }

  /// The next message that is a T; reports and checkpoints before it are passed over.
  template <class T>
  T expect() {
    for (;;) {
      const WorkerMessage message = next();
      if (const T* const wanted = std::get_if<T>(&message)) return *wanted;
      if (std::holds_alternative<message::Report>(message) || std::holds_alternative<message::Checkpoint>(message))
        continue;
      throw std::runtime_error("unexpected: " + encode(message) + error_text_);
    }
  }

  int alive() const { return alive_; }
  const std::string& error_text() const { return error_text_; }

 private:
  std::unique_ptr<Subprocess> child_;
  LineReader reader_, errors_;
  int alive_ = 0;
  std::string error_text_;
};

/// A base model trained by the program itself on a made-up language, once for all tests.
class TrainerProgram : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>(must(TemporaryFolder::create("trainer")));
    std::string lines, others;
    for (int i = 0; i < 300; ++i)
      lines += "{\"text\": \"" + std::to_string(i) + " plus one is " + std::to_string(i + 1) + "\"}\n";
    for (int i = 0; i < 200; ++i)
      others += "{\"prompt\": \"" + std::to_string(i) + " minus one\", \"completion\": \" is " + std::to_string(i - 1) +
                "\"}\n";
    must(replace_file(path("train.jsonl"), lines));
    must(replace_file(path("other.jsonl"), others));
    base_ = run_verb({"train",
                      "--data",
                      path("train.jsonl").string(),
                      "--method",
                      "scratch",
                      "--width",
                      "32",
                      "--layers",
                      "2",
                      "--heads",
                      "2",
                      "--vocabulary",
                      "300",
                      "--sequence_length",
                      "32",
                      "--tokens",
                      "40000",
                      "--learning_rate",
                      "0.005",
                      "--output",
                      path("base").string(),
                      "--json"});
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static Path path(const std::string& name) { return folder_->path() / name; }

  Json worker_config() const {
    return {{"model", path("base").string()},
            {"data", path("other.jsonl").string()},
            {"folder", path("files").string()},
            {"threads", 1},
            {"slots", 2},
            {"method", "lora"},
            {"tokens", 20000},
            {"sequence_length", 32},
            {"checkpoint_every", 0.05}};
  }
  static message::Start start(std::int64_t trial, std::int64_t until,
                              const Json& config = {{"rank", 4}, {"learning_rate", 1e-3}, {"dropout", 0.1}}) {
    return {.trial = trial, .seed = 5, .config = config, .until = until, .resume = {}};
  }

  inline static std::unique_ptr<TemporaryFolder> folder_;
  inline static Outcome base_;
};

}  // namespace pegbox::trainer
