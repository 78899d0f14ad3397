// DataClean: a first pass that judges, a second that writes.
#include "text/data_clean.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <ranges>

#include "text/label_errors.h"
#include "text/quality_rules.h"
#include "text/row_index.h"
#include "text/row_writer.h"

namespace pegbox::text {
namespace {

constexpr std::int32_t kAgainst = 0, kData = 1;  // parts of the index, in this order

Result<void> check_options(const CleanOptions& options) {
  for (const CheckKind kind : {CheckKind::Labels, CheckKind::Contradictions})
    if (options.remove[static_cast<std::size_t>(kind)])
      return fail(ErrorKind::InvalidInput,
                  {.where = "--checks",
                   .what = fmt::format("{} does not say which rows are wrong", text_of(kind).name),
                   .hint = "pegbox check shows them; mend them by hand"});
  for (const std::string& name : options.kept_rules)
    if (std::ranges::find(quality_rules(), name, &QualityRule::name) == quality_rules().end()) {
      const auto known = quality_rules() | std::views::transform(&QualityRule::name);
      return fail(ErrorKind::InvalidInput, {.where = "--keep-rules",
                                            .what = "no rule has this name",
                                            .got = name,
                                            .expected = fmt::format("{}", fmt::join(known, ", "))});
    }
  return {};
}

class DataCleaner {
 public:
  DataCleaner(const DataPart& data, std::span<const DataPart> against, const CleanOptions& options)
      : data_(data), against_(against), options_(options), inspector_(options.dataset, options.remove) {}

  Result<CleanReport> run(const Path& output) {
    PEGBOX_CHECK(check_options(options_));
    PEGBOX_CHECK(check_output(output, data_.paths));
    for (const DataPart& part : against_) PEGBOX_CHECK(check_output(output, part.paths));
    for (const DataPart& part : against_) PEGBOX_CHECK(read_against(part));
    PEGBOX_CHECK(judge_rows());
    judge_likes();
    PEGBOX_CHECK(write_rows(output));
    for (auto& [kind, finding] : removed_) {
      finding.fraction = static_cast<double>(finding.count) / static_cast<double>(report_.data.rows);
      report_.removed.push_back(std::move(finding));
    }
    return std::move(report_);
  }

 private:
  bool removes(CheckKind kind) const { return options_.remove[static_cast<std::size_t>(kind)]; }

  void add_removed(CheckKind kind, Example example) {
    Finding& finding = removed_[kind];
    finding.kind = kind;
    finding.part = data_.name;
    ++finding.count;
    if (finding.examples.size() < options_.examples) finding.examples.push_back(std::move(example));
  }

  std::string place_at(std::int32_t file, std::int32_t line) const {
    return place_of(files_[static_cast<std::size_t>(file)], line);
  }

  Result<RowSource> open(const DataPart& part) {
    PEGBOX_TRY(RowSource source, RowSource::open(part.paths, options_.dataset, options_.interrupted));
    first_file_ = static_cast<std::int32_t>(files_.size());
    files_.insert(files_.end(), source.files().begin(), source.files().end());
    return source;
  }

  Result<void> read_against(const DataPart& part) {
    PEGBOX_TRY(RowSource source, open(part));
    return inspect_rows(source, inspector_, options_.threads,
                        [&](const RawRow&, const RowFacts& facts) -> Result<void> {
                          if (facts.is_row) index_.add(facts, facts.file + first_file_, kAgainst);
                          return {};
                        });
  }

  /// The fault that a row goes for.
  std::optional<RowFault> reason_of(const RowFacts& facts) const {
    std::optional<RowFault> first;
    for (const RowFault& fault : facts.faults) {
      const bool is_kept = std::ranges::find(options_.kept_rules, fault.rule) != options_.kept_rules.end();
      if (!is_kept && (!first || fault.kind < first->kind)) first = fault;
    }
    if (!first && !facts.is_row) return RowFault{CheckKind::Unreadable, "it is no row", {}};
    return first;
  }

  /// A row of another shape than the first that stays: `train` refuses the two in one set.
  std::optional<RowFault> fault_of_shape(const RowFacts& facts) {
    if (!shape_) shape_ = facts.shape;
    if (facts.shape == *shape_) return std::nullopt;
    return RowFault{
        CheckKind::Unreadable, fmt::format("{}, where the first has {}", name_of(facts.shape), name_of(*shape_)), {}};
  }

  Result<void> judge_rows() {
    PEGBOX_TRY(RowSource source, open(data_));
    report_.data.name = data_.name;
    PEGBOX_TRY(report_.data.files, hashed_files(data_, options_.dataset));
    return inspect_rows(source, inspector_, options_.threads, [&](const RawRow&, RowFacts facts) -> Result<void> {
      ++report_.data.rows;
      report_.data.bytes += facts.bytes;
      auto reason = reason_of(facts);
      if (!reason && removes(CheckKind::Unreadable)) reason = fault_of_shape(facts);
      stays_.push_back(!reason);
      if (reason) {
        add_removed(reason->kind, {place_at(facts.file + first_file_, facts.line), reason->detail, facts.excerpt});
        return {};
      }
      places_.push_back(stays_.size() - 1);
      index_.add(facts, facts.file + first_file_, kData);
      const RowNumber row = index_.size() - 1;
      if (!facts.features.empty()) label_errors_.add(row, index_.label(row), std::move(facts.features));
      return {};
    });
  }

  /// Other languages, wrong labels, leaks, and what is like an earlier row that stays.
  void judge_likes() {
    const auto equals = index_.earlier_equals(), similars = index_.earlier_similars();
    const RowNumber first = index_.size() - static_cast<RowNumber>(places_.size());
    const std::string_view expected = options_.language.empty() ? index_.main_language(kData) : options_.language;
    std::map<RowNumber, LabelError> errors;
    for (const LabelError& error : label_errors_.find(options_.threads)) errors[error.row] = error;
    const auto remove = [&](RowNumber row, CheckKind kind, std::string detail) {
      stays_[places_[static_cast<std::size_t>(row - first)]] = false;
      add_removed(kind, {place_at(index_.file(row), index_.line(row)), std::move(detail), ""});
      return false;
    };
    index_.for_each_kept([&](RowNumber row, RowNumber twin, RowNumber similar) {
      if (row < first) return true;
      const std::string_view language = index_.language(row);
      if (!language.empty() && language != expected)
        return remove(row, CheckKind::Language, foreign_detail(language, expected, options_.language.empty()));
      if (const auto error = errors.find(row); error != errors.end())
        return remove(row, CheckKind::LabelErrors, label_error_detail(error->second, index_));
      const auto [kind, like] =
          reason_among(equals[static_cast<std::size_t>(row)], similars[static_cast<std::size_t>(row)], twin, similar);
      if (like == kNoRow) return true;
      return remove(row, kind, fmt::format("like {}", place_at(index_.file(like), index_.line(like))));
    });
  }

  /// Why a row goes, and the row for which it does; kNoRow if it stays. The data that it is held against were added
  /// first: the first row that is equal or similar is one of them if any is.
  std::pair<CheckKind, RowNumber> reason_among(RowNumber equal, RowNumber near, RowNumber twin,
                                               RowNumber similar) const {
    for (const RowNumber like : {equal, near})
      if (like != kNoRow && index_.part(like) == kAgainst && removes(CheckKind::Leakage))
        return {CheckKind::Leakage, like};
    if (twin != kNoRow && removes(CheckKind::Duplicates)) return {CheckKind::Duplicates, twin};
    if (similar != kNoRow && removes(CheckKind::NearDuplicates)) return {CheckKind::NearDuplicates, similar};
    return {CheckKind::Duplicates, kNoRow};
  }

  Result<void> write_rows(const Path& output) {
    report_.kept = std::ranges::count(stays_, true);
    if (report_.kept == 0)
      return fail(ErrorKind::InvalidInput, {.where = data_.paths[0].string(),
                                            .what = "no row would stay",
                                            .got = fmt::format("{} rows", report_.data.rows),
                                            .hint = "pegbox check says why; --checks removes for fewer reasons"});
    PEGBOX_TRY(RowWriter writer, RowWriter::create(output));
    PEGBOX_CHECK(read_again(
        data_.paths, options_.dataset, options_.interrupted, stays_.size(),
        [&](std::size_t number, const RawRow& row) { return stays_[number] ? writer.add(row) : Result<void>(); }));
    report_.output = output.string();
    PEGBOX_TRY(report_.sha256, writer.finish());
    return {};
  }

  const DataPart& data_;
  std::span<const DataPart> against_;
  const CleanOptions& options_;
  RowInspector inspector_;
  CleanReport report_;
  std::map<CheckKind, Finding> removed_;
  std::vector<std::string> files_;
  std::int32_t first_file_ = 0;
  RowIndex index_;
  LabelErrorFinder label_errors_;
  std::optional<RowShape> shape_;    ///< of the first row that has no other fault
  std::vector<bool> stays_;          ///< of each row of the data
  std::vector<std::size_t> places_;  ///< of the data's rows in the index: which row it is
};

}  // namespace

ByCheck<bool> CleanOptions::removed_by_default() {
  ByCheck<bool> remove{};
  for (const CheckKind kind : {CheckKind::Unreadable, CheckKind::Encoding, CheckKind::Empty, CheckKind::Garbled,
                               CheckKind::Duplicates, CheckKind::NearDuplicates, CheckKind::Leakage})
    remove[static_cast<std::size_t>(kind)] = true;
  return remove;
}

Result<CleanReport> clean_data(const DataPart& data, std::span<const DataPart> against, const Path& output,
                               const CleanOptions& options) {
  return DataCleaner(data, against, options).run(output);
}

Json to_json(const CleanReport& report) {
  const Json read = to_json(CheckReport{{report.data}, report.removed});
  return {{"data", read["parts"][0]},
          {"removed", read["findings"]},
          {"kept", report.kept},
          {"output", report.output},
          {"sha256", report.sha256}};
}

}  // namespace pegbox::text
