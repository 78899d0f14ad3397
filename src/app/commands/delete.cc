// pegbox delete: removes a study with all that its trials wrote.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/confirm.h"
#include "app/patience.h"
#include "app/session.h"
#include "base/units.h"

namespace pegbox {

namespace {

class DeleteStudy final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "delete",
            .group = CommandGroup::Studies,
            .summary = "remove a study with all its files",
            .description =
                "Removes a study from the store, with its trials' checkpoints, adapters and logs. Refused while a "
                "process runs it. It asks first.",
            .example = "pegbox delete code-lora\npegbox delete code-lora --yes",
            .uses_store = true};
  }
  std::vector<Option> options() override {
    return {{.names = "study",
             .target = &study_,
             .value = "STUDY",
             .help = "its name",
             .completion = Completion::Study,
             .required = true},
            {.names = "-y,--yes", .target = &yes_, .value = "", .help = "do not ask"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store(OpenMode::ReadWrite));
    PEGBOX_TRY(const StorePlace place, session.place());
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    const Path files = place.study_files(name);
    if (!yes_) {
      const std::string question = fmt::format("Delete {} and {} of files in {}?", name,
                                               format_bytes(static_cast<double>(tree_bytes(files))), files.string());
      PEGBOX_TRY(const bool sure, confirm(session, question, "--yes"));
      if (!sure) return ExitCode::Interrupted;
    }
    PEGBOX_CHECK(patiently([&] { return store->remove(name); }));
    PEGBOX_CHECK(remove_tree(files));
    PEGBOX_CHECK(store->compact());
    session.console().say(fmt::format("{} is deleted.", name));
    return ExitCode::Done;
  }

 private:
  std::string study_;
  bool yes_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_delete_command() { return std::make_unique<DeleteStudy>(); }

}  // namespace pegbox
