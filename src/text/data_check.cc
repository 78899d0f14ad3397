// DataCheck: one pass over the rows, then what only all of them together show.
#include "text/data_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/sha256.h"
#include "text/label_errors.h"
#include "text/row_index.h"

namespace pegbox::text {
namespace {

constexpr std::int64_t kLeastPileBytes = 100, kLeastPileRows = 10;  // of texts that are all cut at one length
constexpr double kLeastPileFraction = 0.01;
constexpr std::int64_t kRareRatio = 10;

/// The longest texts of a part: where many different ones are equally long, they were cut there.
struct Pile {
  std::int64_t bytes = 0;
  std::set<std::uint64_t> contents;
  std::vector<Example> examples;
};

class DataChecker {
 public:
  DataChecker(std::span<const DataPart> parts, const CheckOptions& options) : parts_(parts), options_(options) {}

  Result<CheckReport> run() {
    for (std::size_t part = 0; part < parts_.size(); ++part) PEGBOX_CHECK(read_part(part));
    for (std::size_t part = 0; part < parts_.size(); ++part) judge_pile(part);
    find_likes();
    find_foreign();
    find_rare_labels();
    find_label_errors();
    for (const auto& [key, finding] : findings_) {
      report_.findings.push_back(finding);
      const auto rows = report_.parts[static_cast<std::size_t>(key.second)].rows;
      report_.findings.back().fraction =
          static_cast<double>(finding.count) / static_cast<double>(std::max<std::int64_t>(rows, 1));
    }
    return std::move(report_);
  }

 private:
  bool wants(CheckKind kind) const { return options_.checks[static_cast<std::size_t>(kind)]; }

  void add(CheckKind kind, std::size_t part, Example example, std::int64_t count = 1) {
    if (!wants(kind)) return;
    Finding& finding = findings_[{kind, part}];
    if (finding.count == 0) {
      finding.kind = kind;
      finding.part = parts_[part].name;
      if (options_.faults[static_cast<std::size_t>(kind)]) finding.severity = Severity::Fault;
    }
    finding.count += count;
    if (finding.examples.size() < options_.examples) finding.examples.push_back(std::move(example));
  }

  Result<void> read_part(std::size_t number) {
    CheckedPart& part = report_.parts.emplace_back();
    part.name = parts_[number].name;
    PEGBOX_TRY(RowSource source, RowSource::open(parts_[number].paths, options_.dataset, options_.interrupted));
    PEGBOX_TRY(part.files, hashed_files(parts_[number], options_.dataset));
    const auto first_file = static_cast<std::int32_t>(files_.size());
    files_.insert(files_.end(), source.files().begin(), source.files().end());
    piles_.emplace_back();
    label_errors_.emplace_back();
    const RowInspector inspector(options_.dataset, options_.checks);
    return inspect_rows(source, inspector, options_.threads, [&](const RawRow&, RowFacts facts) -> Result<void> {
      facts.file += first_file;
      take(std::move(facts), number);
      return {};
    });
  }

  /// One row: what is wrong with it alone, and its entry in the index.
  void take(RowFacts facts, std::size_t part) {
    CheckedPart& report = report_.parts[part];
    ++report.rows;
    report.bytes += facts.bytes;
    const std::string place = place_at(facts.file, facts.line);
    std::optional<CheckKind> last;
    for (RowFault& fault : facts.faults) {
      if (fault.kind != last) add(fault.kind, part, {place, std::move(fault.detail), facts.excerpt});
      last = fault.kind;  // a row that breaks several rules of one kind counts once
    }
    if (!facts.is_row) return;
    if (!shape_) {
      shape_ = facts.shape;
      first_place_ = place;
    } else if (facts.shape != *shape_) {
      add(CheckKind::Unreadable, part,
          {place, fmt::format("{}, where {} has {}", name_of(facts.shape), first_place_, name_of(*shape_)), ""});
    }
    add_to_pile(facts, place, piles_[part]);
    index_.add(facts, facts.file, static_cast<std::int32_t>(part));
    const RowNumber row = index_.size() - 1;
    if (!facts.features.empty()) label_errors_[part].add(row, index_.label(row), std::move(facts.features));
  }

  void add_to_pile(const RowFacts& facts, const std::string& place, Pile& pile) const {
    if (facts.bytes < std::max(pile.bytes, kLeastPileBytes)) return;
    if (facts.bytes > pile.bytes) pile = {facts.bytes, {}, {}};
    if (pile.contents.insert(facts.content).second && pile.examples.size() < options_.examples)
      pile.examples.push_back({place, fmt::format("one of the longest texts, all of {} bytes", facts.bytes), ""});
  }

  void judge_pile(std::size_t part) {
    if (!wants(CheckKind::Truncated)) return;
    const Pile& pile = piles_[part];
    const auto rows = static_cast<std::int64_t>(pile.contents.size());
    if (rows < kLeastPileRows ||
        static_cast<double>(rows) < kLeastPileFraction * static_cast<double>(report_.parts[part].rows))
      return;
    for (const Example& example : pile.examples) add(CheckKind::Truncated, part, example, 0);
    findings_[{CheckKind::Truncated, part}].count += rows;
  }

  std::string place_at(std::int32_t file, std::int32_t line) const {
    return place_of(files_[static_cast<std::size_t>(file)], line);
  }
  std::string place_of_row(RowNumber row) const { return place_at(index_.file(row), index_.line(row)); }

  /// Duplicates, near duplicates, leaks, contradictions. The rows of a part follow those of the one before, so that the
  /// first that is like a row is of an earlier part if any is.
  void find_likes() {
    const auto equals = index_.earlier_equals(), twins = index_.earlier_twins(), similars = index_.earlier_similars();
    for (RowNumber row = 0; row < index_.size(); ++row) {
      const auto place = static_cast<std::size_t>(row);
      const RowNumber equal = equals[place], twin = twins[place], similar = similars[place];
      const bool contradicts = equal != kNoRow && index_.label(equal) != index_.label(row);
      if (contradicts)
        add(CheckKind::Contradictions, static_cast<std::size_t>(index_.part(row)),
            {place_of_row(row),
             fmt::format("{} here, {} at {}", label_name(row), label_name(equal), place_of_row(equal)), ""});
      if (is_elsewhere(row, equal))
        add_like(CheckKind::Leakage, row, equal, "the same as");
      else if (is_elsewhere(row, similar))
        add_like(CheckKind::Leakage, row, similar, "nearly");
      else if (twin != kNoRow)
        add_like(CheckKind::Duplicates, row, twin, "the same as");
      else if (similar != kNoRow && equal == kNoRow)
        add_like(CheckKind::NearDuplicates, row, similar, "nearly");
    }
  }

  /// Rows that are surely in another language than the one expected.
  void find_foreign() {
    const std::string_view expected = options_.language.empty() ? index_.main_language(0) : options_.language;
    if (expected.empty()) return;
    for (RowNumber row = 0; row < index_.size(); ++row)
      if (!index_.language(row).empty() && index_.language(row) != expected)
        add(CheckKind::Language, static_cast<std::size_t>(index_.part(row)),
            {place_of_row(row), foreign_detail(index_.language(row), expected, options_.language.empty()), ""});
  }

  bool is_elsewhere(RowNumber row, RowNumber like) const {
    return like != kNoRow && index_.part(like) != index_.part(row);
  }

  void add_like(CheckKind kind, RowNumber row, RowNumber like, std::string_view how) {
    add(kind, static_cast<std::size_t>(index_.part(row)),
        {place_of_row(row), fmt::format("{} {}", how, place_of_row(like)), ""});
  }

  std::string label_name(RowNumber row) const {
    const std::int32_t label = index_.label(row);
    return label < 0 ? "no label" : index_.labels()[static_cast<std::size_t>(label)];
  }

  /// Classes that have less than a tenth of the rows of the largest, and data with one class.
  void find_rare_labels() {
    std::vector<std::map<std::int32_t, std::int64_t>> sizes(parts_.size());
    for (RowNumber row = 0; row < index_.size(); ++row)
      if (index_.label(row) >= 0) ++sizes[static_cast<std::size_t>(index_.part(row))][index_.label(row)];
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      const auto& classes = sizes[part];
      if (classes.empty()) continue;
      const auto largest = std::ranges::max_element(classes, {}, [](const auto& each) { return each.second; });
      if (classes.size() == 1)
        add(CheckKind::Labels, part, {class_name(*largest), "the only class", ""}, largest->second);
      for (const auto& each : classes)
        if (each.second * kRareRatio < largest->second)
          add(CheckKind::Labels, part,
              {class_name(each), fmt::format("{} rows, {} of {}", each.second, largest->second, class_name(*largest)),
               ""},
              each.second);
    }
  }

  void find_label_errors() {
    for (std::size_t part = 0; part < parts_.size(); ++part)
      for (const LabelError& error : label_errors_[part].find(options_.threads))
        add(CheckKind::LabelErrors, part, {place_of_row(error.row), label_error_detail(error, index_), ""});
  }

  std::string class_name(const std::pair<const std::int32_t, std::int64_t>& each) const {
    return "class " + index_.labels()[static_cast<std::size_t>(each.first)];
  }

  std::span<const DataPart> parts_;
  const CheckOptions& options_;
  CheckReport report_;
  std::map<std::pair<CheckKind, std::size_t>, Finding> findings_;
  std::vector<std::string> files_;
  std::vector<Pile> piles_;
  std::vector<LabelErrorFinder> label_errors_;  ///< of each part
  RowIndex index_;
  std::optional<RowShape> shape_;
  std::string first_place_;
};

std::string_view name_of(Severity severity) { return severity == Severity::Fault ? "fault" : "warning"; }

Json json_of(const Finding& finding) {
  Json examples = Json::array();
  for (const Example& example : finding.examples) {
    Json each = {{"place", example.place}, {"detail", example.detail}};
    if (!example.excerpt.empty()) each["excerpt"] = example.excerpt;
    examples.push_back(std::move(each));
  }
  const CheckText& text = text_of(finding.kind);
  return {{"check", text.name},
          {"part", finding.part},
          {"count", finding.count},
          {"fraction", finding.fraction},
          {"severity", name_of(finding.severity)},
          {"what", text.what},
          {"hint", text.hint},
          {"examples", std::move(examples)}};
}

}  // namespace

bool CheckReport::has_fault() const {
  return std::ranges::any_of(findings, [](const Finding& finding) { return finding.severity == Severity::Fault; });
}

Result<std::vector<CheckedPart::File>> hashed_files(const DataPart& part, const DatasetOptions& options) {
  PEGBOX_TRY(const RowSource source, RowSource::open(part.paths, options));
  std::vector<CheckedPart::File> files;
  for (const std::string& name : source.files()) {
    PEGBOX_TRY(std::string hash, sha256_of_file(name));
    files.push_back({name, std::move(hash)});
  }
  return files;
}

Result<CheckReport> check_data(std::span<const DataPart> parts, const CheckOptions& options) {
  return DataChecker(parts, options).run();
}

Json to_json(const CheckReport& report) {
  Json parts = Json::array(), findings = Json::array();
  for (const CheckedPart& part : report.parts) {
    Json files = Json::array();
    for (const CheckedPart::File& file : part.files) files.push_back({{"name", file.name}, {"sha256", file.sha256}});
    parts.push_back({{"name", part.name}, {"rows", part.rows}, {"bytes", part.bytes}, {"files", std::move(files)}});
  }
  for (const Finding& finding : report.findings) findings.push_back(json_of(finding));
  return {{"parts", std::move(parts)}, {"findings", std::move(findings)}};
}

}  // namespace pegbox::text
