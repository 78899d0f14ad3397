// pegbox backup: a consistent copy of the store, also while studies run.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/session.h"
#include "base/units.h"

namespace pegbox {

namespace {

class Backup final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "backup",
            .group = CommandGroup::Studies,
            .summary = "copy the store, also while studies run",
            .description =
                "Writes a consistent copy of all studies to a file, also while they run. The trials' files "
                "(checkpoints, adapters, logs) lie beside the store in a folder of their own and are not copied.",
            .example = "pegbox backup /backup/pegbox-monday.db",
            .uses_store = true};
  }
  std::vector<Option> options() override {
    return {{.names = "target",
             .target = &target_,
             .value = "FILE",
             .help = "the file to write; a store that is there is replaced",
             .completion = Completion::File,
             .required = true}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store());
    PEGBOX_CHECK(store->backup(target_));
    session.console().say(fmt::format("{} holds a copy of the store ({}).", target_,
                                      format_bytes(static_cast<double>(tree_bytes(target_)))));
    return ExitCode::Done;
  }

 private:
  std::string target_;
};

}  // namespace

std::unique_ptr<Subcommand> make_backup_command() { return std::make_unique<Backup>(); }

}  // namespace pegbox
