// Source mapping: an earlier study's observations in the terms of a new one.
//
// Hyperparameters are matched by name. One that the earlier study lacks, or of which it has no value that is possible
// here, is ignored by what is learned from it; one that the new space lacks is dropped. Trials with other values of a
// choice are left out; so are numbers more than the range's length beyond it.
//
// Scale. Where both priors come from the same law (published_law.h) but of different facts (a smaller model, fewer
// tokens), a value is moved by the ratio of what the law says here and there: twice the law's rate stays twice the
// law's rate. So what a small study has learned is relative to the law, and the law carries it to the larger size.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "search/event.h"
#include "search/history.h"
#include "search/study.h"

namespace pegbox {

/// Trials of an earlier study that a new one keeps: the half with the lowest losses, and of the others the latest.
inline constexpr std::size_t kMaxSourceTrials = 200;

/// InvalidInput if the two have no hyperparameter, no objective's metric or no trial with a result in common. `where`
/// names the place in the study file.
Result<event::SourceAdded> map_source(const StudySpec& spec, const EarlierStudy& which, const StudyState& earlier,
                                      const std::string& where);

/// How to read an earlier study.
using ReadEarlier = std::function<Result<StudyState>(const EarlierStudy&)>;

/// All that `transfer:` names, in its order.
Result<std::vector<event::SourceAdded>> map_sources(const StudySpec& spec, const ReadEarlier& read);

/// Appends that the study file has changed, and its earlier studies if it has other ones; not yet durable.
Result<void> append_change(Study& study, const StudySpec& spec, const ReadEarlier& read);

/// "30 trials of small by learning_rate, layers; it lacks rank; learning_rate times 0.31"
std::string in_words(const event::SourceAdded& source);

}  // namespace pegbox
