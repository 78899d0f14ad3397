// SafetyRule: see safety_rule.h.
#include "text/safety_rule.h"

#include <array>

#include "base/field_table.h"

namespace pegbox::text {

namespace {

const FieldTable<LabelledTexts>& labelled_fields() {
  static const FieldTable<LabelledTexts> table{{
      {.name = "data", .member = &LabelledTexts::data, .help = "a data file"},
      {.name = "text", .member = &LabelledTexts::text, .help = "its field with the text"},
      {.name = "label", .member = &LabelledTexts::label, .help = "its field with the label"},
      {.name = "group", .member = &LabelledTexts::group, .help = "its field whose equals are alike"},
      {.name = "threshold", .member = &LabelledTexts::threshold, .minimum = 0, .maximum = 1, .help = "of probability"},
  }};
  return table;
}

/// A text, or a list of texts; nothing where the member is not there.
Result<std::vector<std::string>> texts_in(const Node& node, std::string_view name) {
  std::vector<std::string> texts;
  if (!node.has(name)) return texts;
  PEGBOX_TRY(const Node member, node.at(name));
  for (const Node& item : member.is_array() ? member.items() : std::vector<Node>{member}) {
    PEGBOX_TRY(std::string text, item.string());
    if (text.empty()) return item.fail("empty", "a text");
    texts.push_back(std::move(text));
  }
  return texts;
}

std::string below(const Path& folder, const std::string& path) { return (folder / path).lexically_normal().string(); }

Result<LabelledTexts> read_labelled(const Node& node, const Path& folder) {
  std::vector<std::string_view> names = names_of(labelled_fields().rows());
  names.push_back("positive");
  PEGBOX_CHECK(node.only(names));
  PEGBOX_TRY(LabelledTexts labelled, labelled_fields().read_known(node));
  if (labelled.data.empty()) return node.fail("no labelled texts are named", "data: FILE");
  labelled.data = below(folder, labelled.data);
  PEGBOX_TRY(labelled.positive, texts_in(node, "positive"));
  if (labelled.positive.empty()) return node.fail("no label is said to be offensive", "positive: [LABEL, ...]");
  return labelled;
}

}  // namespace

Result<SafetyRule> SafetyRule::read(const Node& node, const Path& folder) {
  constexpr std::array<std::string_view, 4> kNames = {"offensive", "words", "training", "training_words"};
  PEGBOX_CHECK(node.only(kNames));
  SafetyRule safety;
  PEGBOX_TRY(safety.words, texts_in(node, "words"));
  PEGBOX_TRY(safety.training, texts_in(node, "training"));
  for (std::string& path : safety.training) path = below(folder, path);
  if (node.has("training_words")) {
    PEGBOX_TRY(const Node member, node.at("training_words"));
    PEGBOX_TRY(safety.training_words, member.integer());
    if (safety.training_words < 3) return member.fail("so short a run is no copy", "at least 3 words");
  }
  if (node.has("offensive")) {
    PEGBOX_TRY(const Node member, node.at("offensive"));
    PEGBOX_TRY(safety.offensive, read_labelled(member, folder));
  }
  return safety;
}

}  // namespace pegbox::text
