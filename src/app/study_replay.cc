// StudyReplay: strategies for a replay.
#include "app/study_replay.h"

#include "search/samplers/table.h"
#include "search/schedulers/table.h"

namespace pegbox {

Result<Replayed> replay_study(std::span<const Event> events, const std::atomic<bool>* interrupted) {
  const auto make = [](const StudySpec& spec) -> Result<Strategies> {
    Strategies made;
    PEGBOX_TRY(made.sampler, make_sampler(spec));
    PEGBOX_TRY(made.scheduler, make_scheduler(spec));
    return made;
  };
  return replay(events, {.make = make, .interrupted = interrupted});
}

}  // namespace pegbox
