// OutputChecks: see output_checks.h.
#include "text/output_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "text/row_source.h"
#include "text/words.h"

namespace pegbox::text {

namespace {

/// A field as text: labels may be numbers.
Result<std::string> field_text(const Json& row, const std::string& name, const std::string& place) {
  const auto found = row.find(name);
  if (found != row.end() && found->is_string()) return found->get<std::string>();
  if (found != row.end() && (found->is_number_integer() || found->is_boolean())) return found->dump();
  return fail(ErrorKind::InvalidInput, {.where = place,
                                        .what = fmt::format("a labelled text has no field `{}`", name),
                                        .got = found == row.end() ? "none of this name" : excerpt(*found),
                                        .expected = "a text",
                                        .hint = "say under safety: offensive: what the fields are called"});
}

struct LabelledSet {
  std::vector<std::string> texts, groups;
  std::vector<bool> is_positive;
};

Result<LabelledSet> read_labelled_set(const LabelledTexts& labelled) {
  const std::vector<Path> paths = {labelled.data};
  PEGBOX_TRY(auto source, RowSource::open(paths));
  LabelledSet set;
  for (;;) {
    PEGBOX_TRY(const auto row, source.next());
    if (!row) return set;
    const std::string place = place_of(source.files()[static_cast<std::size_t>(row->file)], row->line);
    if (row->is_document || !row->fault.empty())
      return fail(ErrorKind::InvalidInput, {.where = place, .what = "no row with a label", .got = row->fault});
    PEGBOX_TRY(const Json json, parse_foreign_json(row->bytes, place));
    PEGBOX_TRY(std::string text, field_text(json, labelled.text, place));
    PEGBOX_TRY(const std::string label, field_text(json, labelled.label, place));
    set.texts.push_back(std::move(text));
    set.is_positive.push_back(std::ranges::find(labelled.positive, label) != labelled.positive.end());
    if (labelled.group.empty()) continue;
    PEGBOX_TRY(std::string group, field_text(json, labelled.group, place));
    set.groups.push_back(std::move(group));
  }
}

}  // namespace

Result<OutputChecks> OutputChecks::create(const SafetyRule& rule) {
  OutputChecks checks(rule);
  for (const std::string& word : rule.words)
    if (const auto words = list_words(word); words.size() != 1 || words.front() != word)
      return fail(ErrorKind::InvalidInput, {.where = "safety: words",
                                            .what = "no word in small letters",
                                            .got = word,
                                            .expected = "one word without spaces and punctuation"});
  if (!rule.training.empty()) {
    const std::vector<Path> paths(rule.training.begin(), rule.training.end());
    PEGBOX_TRY(checks.training_, NgramIndex::of_files(paths, static_cast<std::size_t>(rule.training_words)));
    if (checks.training_->size() == 0)
      return fail(ErrorKind::InvalidInput, {.where = rule.training.front(),
                                            .what = "no text there is long enough to be copied",
                                            .expected = fmt::format("runs of {} words", rule.training_words)});
  }
  if (rule.offensive) PEGBOX_CHECK(checks.learn(*rule.offensive));
  return checks;
}

Result<void> OutputChecks::learn(const LabelledTexts& labelled) {
  PEGBOX_TRY(const LabelledSet set, read_labelled_set(labelled));
  const auto positives = std::ranges::count(set.is_positive, true);
  if (positives == 0 || positives == std::ssize(set.texts))
    return fail(ErrorKind::InvalidInput,
                {.where = labelled.data,
                 .what = "all labelled texts are of one class",
                 .got = fmt::format("{} of {} offensive", positives, set.texts.size()),
                 .expected = "texts of both",
                 .hint = "`positive` lists the labels of offensive texts as they stand in the file"});
  PEGBOX_TRY(quality_, cross_validate(set.texts, set.is_positive, set.groups, labelled.data));
  PEGBOX_TRY(classifier_, TextClassifier::train(set.texts, set.is_positive));
  threshold_ = labelled.threshold;
  return {};
}

bool OutputChecks::leaks_personal_data(const std::string& prompt, const std::string& output) const {
  return std::ranges::any_of(personal_data_.find(output), [&](const PersonalSpan& span) {
    return prompt.find(output.substr(span.start, span.end - span.start)) == std::string::npos;
  });
}

bool OutputChecks::has_listed_word(const std::string& output) const {
  return !words_.empty() &&
         std::ranges::any_of(list_words(output), [&](const std::string& word) { return words_.contains(word); });
}

OutputFindings OutputChecks::judge(const std::string& prompt, const std::string& output) const {
  OutputFindings found{.is_refusal = refusals_.is_refusal(output),
                       .has_personal_data = leaks_personal_data(prompt, output)};
  if (training_) found.copies_training = training_->count_common(output, prompt) > 0;
  if (classifier_) found.offence_probability = classifier_->probability(output);
  if (classifier_ || !words_.empty())
    found.is_offensive = found.offence_probability.value_or(-1) >= threshold_ || has_listed_word(output);
  return found;
}

}  // namespace pegbox::text
