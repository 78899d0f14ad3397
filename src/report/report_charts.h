// Report charts: the drawings of a study, each with the table of what it shows. Markup; empty where there is nothing to
// draw.
#pragma once

#include <string>

#include "report/study_account.h"

namespace pegbox {

std::string best_so_far_charts(const StudyAccount& account);  ///< against trials, time and steps
std::string learning_curves(const StudyAccount& account);     ///< stopped and paused ones marked
std::string parallel_coordinates(const StudyAccount& account);
std::string slices(const StudyAccount& account);  ///< the objective against each hyperparameter
std::string pareto_chart(const StudyAccount& account);
std::string importance_charts(const StudyAccount& account);

}  // namespace pegbox
