// OpenStudy: a study that this process holds, with all its parts.
#include "bindings/open_study.h"

#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/stores/table.h"

namespace pegbox::python {

Result<std::unique_ptr<OpenStudy>> OpenStudy::create(const Document& document,
                                                     const std::optional<std::string>& store) {
  std::unique_ptr<OpenStudy> open(new OpenStudy);
  PEGBOX_TRY(const StudySpec spec, StudySpec::read(document));
  PEGBOX_CHECK(open->make_parts(spec));
  PEGBOX_TRY(open->store_, open_store(store.value_or("memory:")));
  PEGBOX_TRY(open->study_, Study::create(*open->store_, spec));
  PEGBOX_TRY(open->lease_, open->store_->lease(spec.name));
  open->ask_tell_ = std::make_unique<AskTell>(*open->study_, *open->director_, open->clock_);
  PEGBOX_CHECK(open->ask_tell_->begin());
  return open;
}

Result<std::unique_ptr<OpenStudy>> OpenStudy::load(const std::string& name, const std::string& store) {
  std::unique_ptr<OpenStudy> open(new OpenStudy);
  PEGBOX_TRY(open->store_, open_store(store));
  PEGBOX_TRY(open->lease_, open->store_->lease(name));
  PEGBOX_TRY(open->study_, Study::open(*open->store_, name));
  PEGBOX_CHECK(open->make_parts(open->study_->state().spec()));
  open->ask_tell_ = std::make_unique<AskTell>(*open->study_, *open->director_, open->clock_);
  PEGBOX_CHECK(open->ask_tell_->begin());
  return open;
}

Result<void> OpenStudy::make_parts(const StudySpec& spec) {
  PEGBOX_TRY(sampler_, make_sampler(spec));
  PEGBOX_TRY(scheduler_, make_scheduler(spec));
  director_ = std::make_unique<Director>(*sampler_, *scheduler_);
  return {};
}

}  // namespace pegbox::python
