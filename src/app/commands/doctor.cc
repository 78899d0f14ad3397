// pegbox doctor: what this machine has, what is missing, and how to mend it.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/machine.h"
#include "app/session.h"
#include "app/trainer_program.h"
#include "base/subprocess.h"
#include "base/units.h"

namespace pegbox {

namespace {

enum class Health : std::uint8_t { Fine, Poor, Missing };

const char* name_of(Health health) {
  return health == Health::Fine ? "ok" : health == Health::Poor ? "note" : "missing";
}

struct Finding {
  std::string subject;
  Health health = Health::Fine;
  std::string value;
  std::string hint;
};

constexpr double kGiB = 1024.0 * 1024 * 1024;

Finding on_processor(const Machine& machine) {
  const std::string units = fmt::format("{}", fmt::join(machine.units, " "));
  Finding finding{"processor", Health::Fine, fmt::format("{} cores, {}; {}", machine.cores, machine.processor, units),
                  ""};
  if (units.find("avx2") == std::string::npos)
    finding = {"processor", Health::Missing, finding.value,
               "the trainer needs AVX2 (x86-64-v3); build with -DPEGBOX_ARCHITECTURE=native"};
  return finding;
}

Finding on_memory(const Machine& machine) {
  const auto bytes = static_cast<double>(machine.memory_bytes);
  Finding finding{
      "memory", Health::Fine,
      fmt::format("{}, {} available", format_bytes(bytes), format_bytes(static_cast<double>(machine.available_bytes))),
      ""};
  if (bytes < 2 * kGiB) finding.health = Health::Poor, finding.hint = "small models only: 2 GiB or more are better";
  return finding;
}

Finding on_gpus(const Machine& machine) {
  if (machine.gpus.empty())
    return {"GPU", Health::Poor, "none that nvidia-smi shows", "training runs on the processor"};
  return {"GPU", Health::Fine, fmt::format("{}", fmt::join(machine.gpus, "; ")), ""};
}

Finding on_disk(const StorePlace& place) {
  const Path folder = place.files.has_parent_path() ? place.files.parent_path() : Path(".");
  const auto rate = durable_appends_per_s(folder);
  if (!rate)
    return {"disk", Health::Missing, rate.error().message,
            "studies cannot be kept here; use another folder or --store"};
  const auto free = static_cast<double>(free_bytes(folder));
  Finding finding{
      "disk", Health::Fine,
      fmt::format("{} free in {}, {:.0f} durable writes a second", format_bytes(free), folder.string(), *rate), ""};
  if (free < kGiB) finding.health = Health::Poor, finding.hint = "checkpoints need space; `pegbox gc` frees some";
  return finding;
}

Finding on_store(const Session& session, const StorePlace& place) {
  std::error_code ignored;
  if (!place.database.empty() && !std::filesystem::exists(place.database, ignored))
    return {"store", Health::Fine, place.shown() + " will be made by the first study", ""};
  const auto store = session.open_store();
  if (!store && store.error().kind == ErrorKind::NotFound)
    return {"store", Health::Fine, place.shown() + " answers; the first study will make the tables", ""};
  if (!store) return {"store", Health::Missing, store.error().message, ""};
  const auto entries = (*store)->list();
  if (!entries) return {"store", Health::Missing, entries.error().message, ""};
  return {"store", Health::Fine,
          fmt::format("{} with {} {}", place.shown(), entries->size(), entries->size() == 1 ? "study" : "studies"), ""};
}

Finding on_trainer() {
  const auto trainer = TrainerProgram::find();
  if (!trainer)
    return {"trainer", Health::Missing, trainer.error().message,
            "studies of your own programs (`command:`) work without it; models need it"};
  const auto version = trainer->version();
  if (!version) return {"trainer", Health::Missing, version.error().message, "build it again with `make build`"};
  return {"trainer", Health::Fine, fmt::format("{} ({})", trainer->path().string(), *version), ""};
}

class Doctor final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "doctor",
            .group = CommandGroup::Program,
            .summary = "say what this machine has and what is missing",
            .description =
                "Looks at processor, memory, GPU, disk, store and trainer, and says what is missing and how to mend "
                "it. Exit code 3 if something is.",
            .example = "pegbox doctor",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override { return {}; }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const StorePlace place, session.place());
    const Machine machine = Machine::look();
    const std::vector<Finding> findings = {{"pegbox", Health::Fine, PEGBOX_VERSION, ""},
                                           on_processor(machine),
                                           on_memory(machine),
                                           on_gpus(machine),
                                           on_disk(place),
                                           on_store(session, place),
                                           on_trainer()};
    session.wants_json() ? print_json(session, findings) : print_lines(session, findings);
    for (const Finding& finding : findings)
      if (finding.health == Health::Missing) return ExitCode::Failed;
    return ExitCode::Done;
  }

 private:
  static void print_json(Session& session, const std::vector<Finding>& findings) {
    Json json = Json::array();
    for (const Finding& finding : findings)
      json.push_back({{"subject", finding.subject},
                      {"health", name_of(finding.health)},
                      {"value", finding.value},
                      {"hint", finding.hint}});
    session.print_json(json);
  }

  static void print_lines(Session& session, const std::vector<Finding>& findings) {
    const Paint paint = session.console().out_paint();
    for (const Finding& finding : findings) {
      const std::string health = fmt::format("{:<8}", name_of(finding.health));
      const std::string painted = finding.health == Health::Fine   ? paint.green(health)
                                  : finding.health == Health::Poor ? paint.yellow(health)
                                                                   : paint.red(health);
      session.console().print(fmt::format("{}{:<11}{}\n", painted, finding.subject, finding.value));
      if (!finding.hint.empty()) session.console().print(fmt::format("{:<19}{}\n", "", finding.hint));
    }
  }
};

}  // namespace

std::unique_ptr<Subcommand> make_doctor_command() { return std::make_unique<Doctor>(); }

}  // namespace pegbox
