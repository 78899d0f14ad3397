// pegbox gc: gives disk space back that no study needs any more.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/patience.h"
#include "app/session.h"
#include "app/study_files.h"
#include "base/units.h"

namespace pegbox {

namespace {

class CollectGarbage final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "gc",
            .group = CommandGroup::Studies,
            .summary = "remove files that no study needs any more",
            .description =
                "Removes checkpoints and adapters of trials that have ended, except the best ones' adapters, and "
                "folders of studies that are gone. Logs and all results in the store stay. Running studies are "
                "left alone.",
            .example = "pegbox gc --dry-run\npegbox gc",
            .uses_store = true};
  }
  std::vector<Option> options() override {
    return {{.names = "--dry-run", .target = &dry_run_, .value = "", .help = "say what would be removed, and stop"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store(dry_run_ ? OpenMode::ReadOnly : OpenMode::ReadWrite));
    PEGBOX_TRY(const StorePlace place, session.place());
    PEGBOX_TRY(const auto entries, list_studies(*store));
    std::vector<std::string> names;
    std::uint64_t bytes = 0;
    for (const StudyEntry& entry : entries) {
      names.push_back(entry.name);
      PEGBOX_TRY(bool runs, store->is_leased(entry.name));
      std::unique_ptr<StudyLease> lease;
      if (!runs && !dry_run_) {  // it keeps a tuner from starting while its files are looked through
        auto taken = patiently([&] { return store->lease(entry.name); });
        if (!taken && taken.error().kind != ErrorKind::Conflict) return tl::make_unexpected(taken.error());
        runs = !taken;
        if (taken) lease = *std::move(taken);
      }
      if (runs) {
        session.console().say(entry.name + " is running and left alone.");
        continue;
      }
      PEGBOX_TRY(const auto study, Study::open(*store, entry.name));
      PEGBOX_TRY(const std::uint64_t freed, sweep(session, garbage_of_study(place, study->state())));
      bytes += freed;
    }
    PEGBOX_TRY(const std::uint64_t freed, sweep(session, garbage_without_study(place, names)));
    bytes += freed;
    if (!dry_run_) PEGBOX_CHECK(store->compact());
    session.console().say(
        fmt::format("{} {}.", format_bytes(static_cast<double>(bytes)), dry_run_ ? "would be freed" : "freed"));
    return ExitCode::Done;
  }

 private:
  Result<std::uint64_t> sweep(Session& session, const Garbage& garbage) const {
    for (const Path& path : garbage.paths) {
      if (dry_run_)
        session.console().print(path.string() + "\n");
      else
        PEGBOX_CHECK(remove_tree(path));
      session.console().detail("removed " + path.string());
    }
    return garbage.bytes;
  }

  bool dry_run_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_gc_command() { return std::make_unique<CollectGarbage>(); }

}  // namespace pegbox
