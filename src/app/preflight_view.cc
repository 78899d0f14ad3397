// Preflight view: see preflight_view.h.
#include "app/preflight_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/rate_check.h"
#include "base/units.h"

namespace pegbox {

namespace {

constexpr const char* kOpening = "[[";
constexpr const char* kClosing = "]]";

std::string percent_text(const Json& fraction) { return fmt::format("{:.3g} %", 100 * fraction.get<double>()); }

std::string count_text(const Json& number) { return format_count(number.get<double>()); }

std::string part_lines(const std::string& name, const Json& part) {
  std::string text = fmt::format("{:<12}{} texts, {} tokens in {} sequences, {} of them learned ({})\n", name,
                                 count_text(part["texts"]), count_text(part["tokens"]), count_text(part["rows"]),
                                 count_text(part["label_tokens"]), percent_text(part["learned_fraction"]));
  text +=
      fmt::format("{:<12}longest text {} tokens; a sequence fills {} of sequence_length (packed: nothing is padded)\n",
                  "", count_text(part["longest"]), percent_text(part["filled_fraction"]));
  const std::string ended = part.contains("ended_fraction")
                                ? fmt::format("whose end token is learned {}, ", percent_text(part["ended_fraction"]))
                                : "";
  text += fmt::format("{:<12}texts {}truncated {}, left out {}\n", "", ended, count_text(part["truncated_texts"]),
                      count_text(part["dropped_texts"]));
  for (const auto& [key, what] : {std::pair{"repeated_texts", "texts that are there before"},
                                  std::pair{"in_training_texts", "texts that are training texts too"}})
    if (part.contains(key)) text += fmt::format("{:<12}{} {}\n", "", what, count_text(part[key]));
  for (const auto& [key, what] :
       {std::pair{"sets", "tokens of each set"}, std::pair{"classes", "rows of each class"}}) {
    if (!part.contains(key)) continue;
    std::string sizes;
    for (const auto& [group, size] : part[key].items())
      sizes += fmt::format("{}{} {}", sizes.empty() ? "" : ", ", group, count_text(size));
    text += fmt::format("{:<12}{}: {}\n", "", what, sizes);
  }
  return text;
}

/// A text indented, each line that is learned painted by itself, so that a pager's cut harms nothing.
std::string sample_lines(const Json& sample, const Paint& paint, bool has_color) {
  std::string shown;
  for (const Json& piece : sample["pieces"]) {
    const std::string text = clean_text(piece["text"].get<std::string>());
    if (!piece["learned"].get<bool>()) {
      shown += text;
      continue;
    }
    if (!has_color) {
      shown += kOpening + text + kClosing;
      continue;
    }
    for (std::size_t start = 0; start <= text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      if (end > start) shown += paint.green(text.substr(start, end - start));
      if (end < text.size()) shown += '\n';
      start = end + 1;
    }
  }
  const std::string learned =
      sample.contains("label") ? "its label" : fmt::to_string(std::ranges::count(sample["learned"], Json(1)));
  std::string lines = fmt::format("{:<12}{}:{}, {} tokens, {} learned:\n", "sample", sample["file"].get<std::string>(),
                                  sample["line"].get<int>(), sample["ids"].size(), learned);
  for (std::size_t start = 0; start < shown.size();) {
    const std::size_t end = std::min(shown.find('\n', start), shown.size());
    lines += "  | " + shown.substr(start, end - start) + "\n";
    start = end + 1;
  }
  return lines;
}

std::string finding_lines(const Json& finding, const Paint& paint) {
  const bool is_fault = finding["fault"].get<bool>();
  const std::string level = is_fault ? paint.red("fault:") : paint.yellow("warning:");
  std::string lines = fmt::format("{} {}\n", level, finding["what"].get<std::string>());
  if (const auto hint = finding["hint"].get<std::string>(); !hint.empty()) lines += fmt::format("  {}\n", hint);
  return lines;
}

}  // namespace

void complete_preflight(Json& preflight) {
  if (const auto odd = odd_rate(preflight))
    preflight["findings"].push_back(
        {{"fault", false}, {"what", *odd}, {"hint", "a search finds the best one: pegbox tune, with space: auto"}});
}

bool has_fault(const Json& preflight) {
  return std::ranges::any_of(preflight["findings"], [](const Json& finding) { return finding["fault"] == true; });
}

std::string preflight_text(const Json& preflight, bool has_color) {
  const Paint paint(has_color);
  std::string text;
  for (const auto& [name, part] : preflight["parts"].items()) text += part_lines(name, part);
  for (const Json& sample : preflight["samples"]) text += sample_lines(sample, paint, has_color);
  if (!preflight["samples"].empty())
    text += has_color ? fmt::format("  {} is learned\n", paint.green("green"))
                      : fmt::format("  what is learned stands in {} {}\n", kOpening, kClosing);
  for (const Json& finding : preflight["findings"]) text += finding_lines(finding, paint);
  if (preflight["findings"].empty()) text += "nothing to complain about\n";
  return text;
}

}  // namespace pegbox
