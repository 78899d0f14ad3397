// pegbox worker: runs trials of a server's studies on this machine.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "app/commands/table.h"
#include "app/executor_factory.h"
#include "app/server/remote_worker.h"
#include "app/session.h"
#include "base/units.h"

namespace pegbox {

namespace {

constexpr char kTokenVariable[] = "PEGBOX_TOKEN";

/// A clone begins at the snapshot of a trial that has ended.
bool makes_clones(const StudySpec& spec) {
  const auto is_pbt = [&](const PartSpec& part) { return part.name == "pbt"; };
  return is_pbt(spec.search) || std::ranges::any_of(spec.stop, is_pbt);
}

class Work final : public Subcommand {
 public:
  CommandText text() const override {
    return {
        .name = "worker",
        .group = CommandGroup::Search,
        .summary = "run trials of a server's studies on this machine",
        .description =
            "Takes trials of the studies of a `pegbox serve`, runs them as the study file says, and reports. While the "
            "server is away trials go on. Ctrl-C or SIGTERM: trials write a snapshot and go back to the queue. "
            "It runs the commands of the study files that the server has, so work for servers that you trust.",
        .example =
            "pegbox worker http://127.0.0.1:8765\n"
            "pegbox worker https://box:8765 --token-file token.txt --slots 4"};
  }

  std::vector<Option> options() override {
    return {
        {.names = "url", .target = &link_.url, .value = "URL", .help = "the server's address", .required = true},
        {.names = "--token-file",
         .target = &token_file_,
         .value = "FILE",
         .help = "a file with the token, if the server wants one [$PEGBOX_TOKEN]",
         .completion = Completion::File},
        {.names = "--slots",
         .target = &slots_,
         .value = "N",
         .help = "programs or trainers at once [the study's workers.count]"},
        {.names = "--study", .target = &study_, .value = "NAME", .help = "work for this study alone, until it is over"},
        {.names = "--name",
         .target = &name_,
         .value = "NAME",
         .help = "its name in the log, before a number of its own [the machine's]"},
        {.names = "--without-server",
         .target = &patience_,
         .value = "TIME",
         .help = "leave when the server could not be reached for so long, such as 10m [never]"},
        {.names = "--files",
         .target = &files_,
         .value = "DIR",
         .help = "where trials write [pegbox.files]; workers that share it go on with each other's snapshots",
         .completion = Completion::Folder},
        {.names = "--authorities",
         .target = &authorities_,
         .value = "FILE",
         .help = "for https: the certificates to trust, PEM [the system's]",
         .completion = Completion::File},
    };
  }

  Result<ExitCode> run(Session& session) override {
    Console& console = session.console();
    PEGBOX_CHECK(read_token());
    double patience_s = 0;
    if (!patience_.empty()) {
      PEGBOX_TRY(patience_s, parse_duration(patience_));
    }
    if (slots_ < 0)
      return fail(ErrorKind::InvalidInput,
                  {.where = "--slots", .what = "less than one", .got = std::to_string(slots_)});
    link_.authorities = authorities_;
    PEGBOX_TRY(const auto client, server::HttpClient::create(link_));
    if (!link_.token.empty() && client->is_exposed())
      console.warn("The token goes over the network unencrypted: use https, or a tunnel.");
    PEGBOX_TRY(const std::string name, server::make_worker_name(name_));
    const SystemClock clock;
    const auto say = [&](const std::string& line) { console.say(line); };
    server::ServerLink link(*client, name, clock, say);
    server::RemoteWorker worker(
        link, [&](const Json& spec) { return furnish(spec, name, session.interrupted()); }, say, session.interrupted());
    worker.serve_only(study_);
    worker.leave_without_server(patience_s);
    console.say(fmt::format("{} works for {}.", name, link_.url));
    PEGBOX_CHECK(worker.run());
    return session.interrupted() ? ExitCode::Interrupted : ExitCode::Done;
  }

 private:
  /// What trials run need not know the token.
  Result<void> read_token() {
    if (const char* given = std::getenv(kTokenVariable); given != nullptr) link_.token = given;
    ::unsetenv(kTokenVariable);
    if (token_file_.empty()) return {};
    PEGBOX_TRY(std::string text, read_file(token_file_));
    const auto end = text.find_last_not_of(" \t\r\n");
    link_.token = text.substr(0, end == std::string::npos ? 0 : end + 1);
    if (link_.token.empty() || link_.token.find_first_of(" \t\r\n") != std::string::npos)
      return fail(ErrorKind::InvalidInput, {.where = token_file_, .what = "no token", .expected = "one line"});
    return {};
  }

  Result<server::Workshop> furnish(const Json& spec, const std::string& name, const std::atomic<bool>& interrupted) {
    PEGBOX_TRY(StudyFile file,
               StudyFile::read({spec, "study file of " + link_.url, {}}, std::filesystem::current_path()));
    if (slots_ > 0) file.spec.workers.count = slots_;
    const Path files = Path(files_) / file.spec.name;
    server::Workshop workshop;
    PEGBOX_TRY(workshop.executor, make_executor(file, files, interrupted, files / ("worker-" + name)));
    workshop.keeps_snapshots = makes_clones(file.spec);
    return workshop;
  }

  server::ClientOptions link_;
  std::string token_file_, study_, authorities_, name_, patience_, files_ = "pegbox.files";
  std::int64_t slots_ = 0;
};

}  // namespace

std::unique_ptr<Subcommand> make_worker_command() { return std::make_unique<Work>(); }

}  // namespace pegbox
