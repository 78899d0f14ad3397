// OpenStudy: a study that this process holds, with all its parts.
#include "bindings/open_study.h"

#include <algorithm>

#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/spec_change.h"
#include "search/stores/earlier_study.h"
#include "search/stores/table.h"

namespace pegbox::python {
namespace {

Result<bool> exists(Store& store, const std::string& name) {
  PEGBOX_TRY(const auto entries, store.list());
  return std::ranges::any_of(entries,
                             [&](const StudyEntry& entry) { return entry.name == name && entry.event_count > 0; });
}

}  // namespace

StudyState OpenStudy::snapshot() const {
  return ask_tell_->look([this](const History&) { return study_->state(); });
}

Result<std::unique_ptr<OpenStudy>> OpenStudy::open(const Document& document, const std::optional<std::string>& store,
                                                   const std::vector<const OpenStudy*>& earlier) {
  std::unique_ptr<OpenStudy> open(new OpenStudy);
  PEGBOX_TRY(const StudySpec spec, StudySpec::read(document));
  PEGBOX_CHECK(make_sampler(spec));  // before anything is stored
  PEGBOX_CHECK(make_scheduler(spec));
  PEGBOX_TRY(open->store_, open_store(store.value_or("memory:")));
  PEGBOX_TRY(const bool is_known, exists(*open->store_, spec.name));
  std::size_t next = 0;
  const ReadEarlier read = [&](const EarlierStudy& which) -> Result<StudyState> {
    const OpenStudy* known = next < earlier.size() ? earlier[next] : nullptr;
    ++next;
    return known ? Result<StudyState>(known->snapshot()) : read_earlier_study(*open->store_, which, spec.name, {});
  };
  if (!is_known) {
    PEGBOX_TRY(auto sources, map_sources(spec, read));
    PEGBOX_TRY(open->study_, Study::create(*open->store_, spec, std::move(sources)));
  }
  PEGBOX_TRY(open->lease_, open->store_->lease(spec.name));
  if (is_known) {
    PEGBOX_TRY(open->study_, Study::open(*open->store_, spec.name));
    PEGBOX_CHECK(open->take_over(spec, read));
  }
  PEGBOX_CHECK(open->begin());
  return open;
}

Result<std::unique_ptr<OpenStudy>> OpenStudy::load(const std::string& name, const std::string& store,
                                                   std::optional<std::int64_t> trials) {
  std::unique_ptr<OpenStudy> open(new OpenStudy);
  PEGBOX_TRY(open->store_, open_store(store));
  PEGBOX_TRY(open->lease_, open->store_->lease(name));
  PEGBOX_TRY(open->study_, Study::open(*open->store_, name));
  if (trials) {
    Document changed;
    changed.name = "load";
    changed.json = open->study_->state().spec().source;
    if (!changed.json["budget"].is_object()) changed.json["budget"] = Json::object();
    changed.json["budget"]["trials"] = *trials;
    PEGBOX_TRY(const StudySpec spec, StudySpec::read(changed));
    PEGBOX_CHECK(open->take_over(spec, {}));  // its earlier studies are the same
  }
  PEGBOX_CHECK(open->begin());
  return open;
}

Result<void> OpenStudy::take_over(const StudySpec& spec, const ReadEarlier& read) {
  const SpecChange change = compare_specs(study_->state().spec(), spec);
  if (change.is_none()) return {};
  const bool has_begun =
      std::ranges::any_of(study_->history().trials, [](const Trial& trial) { return !trial.reports.empty(); });
  if (has_begun && !change.is_larger_budget()) {
    std::string differences;
    for (const auto* lines : {&change.budget_differences, &change.differences})
      for (const std::string& line : *lines) differences += "\n  " + line;
    return fail(ErrorKind::InvalidInput, {.where = study_->name(),
                                          .what = "a study of this name exists and is another:" + differences + "\n",
                                          .hint = "give it another name, or go on with the one that exists by load()"});
  }
  return append_change(*study_, spec, read);
}

Result<void> OpenStudy::begin() {
  const StudySpec& spec = study_->state().spec();
  PEGBOX_TRY(sampler_, make_sampler(spec));
  PEGBOX_TRY(scheduler_, make_scheduler(spec));
  director_ = std::make_unique<Director>(*sampler_, *scheduler_);
  AskTellOptions options;
  options.commands = [this] { return store_->take_commands(study_->name()); };
  ask_tell_ = std::make_unique<AskTell>(*study_, *director_, clock_, std::move(options));
  return ask_tell_->begin();
}

OpenStudy::~OpenStudy() { (void)close(); }

Result<AskTell*> OpenStudy::ask_tell() {
  if (lease_) return ask_tell_.get();
  return fail(ErrorKind::Conflict,
              {.where = study_->name(), .what = "the study has been closed", .hint = "load() opens it again"});
}

Result<void> OpenStudy::close() {
  if (!lease_ || !ask_tell_) return {};
  PEGBOX_CHECK(ask_tell_->close());
  lease_.reset();
  return {};
}

}  // namespace pegbox::python
