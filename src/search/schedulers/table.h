// The table of schedulers: a new one is its file, its row here, its line in CMakeLists.txt and its test.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/field_table.h"
#include "search/scheduler.h"
#include "search/study_spec.h"

namespace pegbox {

struct SchedulerRow {
  std::string_view name;
  std::string_view help;
  std::vector<FieldRow> options;
  Result<std::unique_ptr<Scheduler>> (*make)(const StudySpec& spec, const Node& options) = nullptr;
  bool pauses = false;            ///< whether it pauses trials and resumes them, besides stopping some
  std::string_view example = {};  ///< options that it cannot do without, as JSON; empty: none
};

std::span<const SchedulerRow> scheduler_table();

/// What `stop: auto` stands for in a study whose full trials have so many steps (0: not known).
AutoChoice auto_scheduler(const StudySpec& spec, std::int64_t steps);

/// The scheduler that `spec.stop` names, with its options; of several rules, their combination (combined.h). `auto`
/// follows the search (rule_name) and takes no options; its asha halves, and lets every trial run to its end while the
/// length of a full trial is not known, or too short to be divided. InvalidInput for an unknown name or option, with
/// the nearest known one, and for two rules that pause.
Result<std::unique_ptr<Scheduler>> make_scheduler(const StudySpec& spec);

}  // namespace pegbox
