// AccountOfStudy: gathered from what other commands say.
#include "app/account_of_study.h"

#include "app/machine.h"
#include "app/study_importance.h"
#include "app/study_json.h"
#include "app/study_plan.h"

namespace pegbox {

StudyAccount account_of_study(const StudyState& state, const StorePlace& place, bool is_held) {
  const History history = state.history();
  const StudySpec& spec = history.spec;
  const Machine machine = Machine::look();
  StudyAccount account{.state = state,
                       .standing = study_state_name(state, is_held),
                       .search = search_words(spec),
                       .stop = stop_words(spec, history.steps),
                       .space = {},
                       .best = best_details(state, place),
                       .why_no_best = why_no_best(state),
                       .importances = study_importances(history),
                       .machine = {{"processor", machine.processor},
                                   {"cores", machine.cores},
                                   {"units", machine.units},
                                   {"memory_bytes", machine.memory_bytes},
                                   {"gpus", machine.gpus}},
                       .version = PEGBOX_VERSION,
                       .repeat = "pegbox tune " + spec.name + ".json"};
  for (const Parameter& parameter : spec.space.parameters())
    account.space.emplace_back(parameter.name, describe_parameter(parameter));
  if (spec.trial.empty()) account.repeat = "pegbox.Study of the same space, from Python";  // asked and told
  return account;
}

}  // namespace pegbox
