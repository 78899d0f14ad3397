// pegbox launch: workers for a study under an engine, for a server that runs already; or what `tune --on` would submit.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "app/commands/table.h"
#include "app/engine/engine_flags.h"
#include "app/engine/slurm_script.h"
#include "app/session.h"

namespace pegbox {

namespace {

class LaunchWorkers final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "launch",
            .group = CommandGroup::Search,
            .summary = "submit a study's workers to Slurm or Ray",
            .description =
                "Submits workers for a study of a `pegbox serve` that runs already: as many as the study file says, "
                "once. With --print it shows what would be submitted, by itself or by `pegbox tune --on`, and submits "
                "nothing. Workers leave when the study is over. Under Ray they live as long as this command does.",
            .example =
                "pegbox launch study.yaml --on slurm --print\n"
                "pegbox launch study.yaml --on slurm --server http://box:8765 --token-file worker-token.txt",
            .uses_store = true};
  }

  std::vector<Option> options() override {
    std::vector<Option> options = {
        {.names = "file",
         .target = &file_,
         .value = "FILE",
         .help = "the study file, YAML or JSON",
         .completion = Completion::File,
         .required = true},
        {.names = "--print", .target = &print_, .value = "", .help = "show what would be submitted, and stop"},
        {.names = "--server",
         .target = &server_,
         .value = "URL",
         .help = "the server's address, as the nodes reach it"},
        {.names = "--token-file",
         .target = &token_file_,
         .value = "FILE",
         .help = "a file with a token of role work, which the nodes can read",
         .completion = Completion::File},
    };
    for (Option& option : engine_.options()) options.push_back(std::move(option));
    return options;
  }

  Result<ExitCode> run(Session& session) override {
    if (!engine_.is_given())
      return fail(
          ErrorKind::InvalidInput,
          {.where = "pegbox launch", .what = "where are the workers to run?", .expected = "--on slurm or --on ray"});
    PEGBOX_TRY(const StudyFile file, StudyFile::load(file_));
    PEGBOX_TRY(const StorePlace place, session.place());
    PEGBOX_TRY(WorkerOrder order, engine_.order(file, place.files));
    std::error_code code;
    const Path folder = std::filesystem::absolute(place.study_files(file.spec.name) / "engine", code);
    if (!token_file_.empty()) order.token_file = std::filesystem::absolute(token_file_, code);
    order.url = server_;
    if (print_) return print(session, std::move(order), file, folder);
    if (server_.empty())
      return fail(ErrorKind::InvalidInput, {.where = "pegbox launch",
                                            .what = "which server are they to work for?",
                                            .expected = "--server URL",
                                            .hint = "`pegbox tune FILE --on " + engine_.on +
                                                    "` has a server of its own; --print only shows what it submits"});
    return submit(session, std::move(order), engine_.count(file), folder);
  }

 private:
  Result<ExitCode> print(Session& session, WorkerOrder order, const StudyFile& file, const Path& folder) const {
    if (order.url.empty()) {
      order.url =
          fmt::format("http://{}:{}", engine_.address(), engine_.port > 0 ? std::to_string(engine_.port) : "PORT");
      if (order.token_file.empty()) order.token_file = folder / "token";
      session.console().say("`pegbox tune` fills in the port, and makes the file of the token.");
    }
    if (engine_.on == "slurm") {
      session.console().print(slurm_script(order, engine_.count(file), folder / "logs"));
      return ExitCode::Done;
    }
    std::string command;
    order.token_file.clear();
    for (const std::string& word : order.command("ray-N")) command += (command.empty() ? "" : " ") + shell_word(word);
    session.console().print(fmt::format("{} actors, num_cpus={}, num_gpus={}, each runs in {}:\n{}\n",
                                        engine_.count(file), std::max<std::int64_t>(order.cpus, 1), order.gpus,
                                        order.folder.string(), command));
    return ExitCode::Done;
  }

  Result<ExitCode> submit(Session& session, WorkerOrder order, int count, const Path& folder) const {
    std::string token;
    if (engine_.on == "ray" && !order.token_file.empty()) {
      PEGBOX_TRY(token, read_file(std::exchange(order.token_file, {})));
      token.resize(std::min(token.find_last_not_of(" \n") + 1, token.size()));
    }
    PEGBOX_TRY(const auto workforce, engine_.make_workforce(std::move(order), token, folder));
    PEGBOX_TRY(const auto names, workforce->hire(count));
    session.console().say(
        fmt::format("{} workers were submitted: {} to {}.", names.size(), names.front(), names.back()));
    if (engine_.on == "slurm") return ExitCode::Done;
    session.console().say("They work while this command runs; Ctrl-C lets them hand back what they have.");
    while (!session.interrupted()) {
      PEGBOX_TRY(const auto hands, workforce->look());
      if (hands.empty()) return ExitCode::Done;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return ExitCode::Interrupted;
  }

  std::string file_, server_, token_file_;
  bool print_ = false;
  EngineFlags engine_;
};

}  // namespace

std::unique_ptr<Subcommand> make_launch_command() { return std::make_unique<LaunchWorkers>(); }

}  // namespace pegbox
