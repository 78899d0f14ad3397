// The table of checks.
#include "text/check_kind.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/document.h"

namespace pegbox::text {
namespace {

constexpr std::array<CheckText, kCheckKinds> kTexts = {{
    {CheckKind::Unreadable, "unreadable", "rows cannot be read",
     "`train` refuses them; mend them, or leave them out with pegbox clean"},
    {CheckKind::Encoding, "encoding", "texts are in a wrong encoding",
     "convert the source again as what it is, for example with iconv"},
    {CheckKind::Empty, "empty", "rows have nothing to learn", "pegbox clean leaves them out"},
    {CheckKind::Garbled, "garbled", "texts have replacement or control characters",
     "they come from a faulty conversion; look at the source"},
    {CheckKind::Truncated, "truncated", "texts seem to stop in the middle",
     "a model learns to stop there too; look at what cut them"},
    {CheckKind::Duplicates, "duplicates", "rows are there before",
     "they weigh double and are memorized; pegbox clean removes them"},
    {CheckKind::NearDuplicates, "near_duplicates", "rows are nearly there before", "pegbox clean removes them"},
    {CheckKind::Leakage, "leakage", "rows are, or nearly are, rows of an earlier part",
     "losses on them are too good to be true; pegbox clean removes them, pegbox split makes parts without"},
    {CheckKind::Language, "language", "rows are in another language than they should be",
     "--language says which is expected; pegbox clean removes them if told so"},
    {CheckKind::Repetition, "repetition", "texts repeat themselves beyond Gopher's rules", "pegbox clean removes them"},
    {CheckKind::Gopher, "gopher", "documents that Gopher's rules of quality would reject",
     "the rules are made for web pages; pegbox clean removes what they reject if told so"},
    {CheckKind::C4, "c4", "documents that C4's rules would reject",
     "the rules are made for web pages; pegbox clean removes what they reject if told so"},
    {CheckKind::FineWeb, "fineweb", "documents that FineWeb's rules would reject",
     "the rules are made for web pages; pegbox clean removes what they reject if told so"},
    {CheckKind::Labels, "labels", "classes are out of balance",
     "`balance` shows rare classes more often (docs/data.md)"},
    {CheckKind::Contradictions, "contradictions", "rows have the text of another row with another label",
     "decide which label is right"},
    {CheckKind::LabelErrors, "label_errors", "labels are likely wrong",
     "look at them, the surest come first; pegbox clean removes the rows if told so"},
}};

std::vector<std::string_view> check_names() {
  std::vector<std::string_view> names;
  for (const CheckText& text : kTexts) names.push_back(text.name);
  return names;
}

}  // namespace

const CheckText& text_of(CheckKind kind) { return kTexts[static_cast<std::size_t>(kind)]; }

Result<CheckKind> check_of(std::string_view name, const std::string& where) {
  const auto found = std::ranges::find(kTexts, name, &CheckText::name);
  if (found != kTexts.end()) return found->kind;
  const auto names = check_names();
  const std::string nearest = nearest_name(name, names);
  return fail(ErrorKind::InvalidInput, {.where = where,
                                        .what = "no check has this name",
                                        .got = std::string(name),
                                        .expected = fmt::format("{}", fmt::join(names, ", ")),
                                        .hint = nearest.empty() ? "" : "perhaps " + nearest});
}

Result<ByCheck<bool>> checks_of(std::span<const std::string> names, const std::string& where) {
  ByCheck<bool> chosen{};
  if (names.empty()) chosen.fill(true);
  for (const std::string& name : names) {
    PEGBOX_TRY(const CheckKind kind, check_of(name, where));
    chosen[static_cast<std::size_t>(kind)] = true;
  }
  return chosen;
}

}  // namespace pegbox::text
