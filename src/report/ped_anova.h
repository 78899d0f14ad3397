// PED-ANOVA of a study's trials; see importance.h.
#pragma once

#include <vector>

#include "report/importance.h"

namespace pegbox {

/// Of values of which at least two differ, all of trials that the space contains. The top is the best tenth with its
/// ties. Numbers are looked at in 50 cells of their scale (of their values, where there are fewer), and intervals come
/// from 200 bootstraps of the trials.
std::vector<ParameterImportance> ped_anova(const History& history, const MetricValues& metric, std::uint64_t seed);

}  // namespace pegbox
