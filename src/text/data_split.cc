// DataSplit: groups found in a first pass, rows written in a second.
#include "text/data_split.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "base/rng.h"
#include "text/row_index.h"
#include "text/row_writer.h"

namespace pegbox::text {
namespace {

constexpr std::array<std::string_view, 3> kSplitNames = {"train", "validation", "test"};

Result<void> check_split_fractions(const std::vector<double>& fractions) {
  const double sum = std::accumulate(fractions.begin(), fractions.end(), 0.0);
  const bool are_positive = std::ranges::all_of(fractions, [](double fraction) { return fraction > 0; });
  if (fractions.size() >= 2 && fractions.size() <= kSplitNames.size() && are_positive && std::abs(sum - 1) < 1e-6)
    return {};
  return fail(ErrorKind::InvalidInput, {.where = "--fractions",
                                        .what = "these fractions do not divide data",
                                        .got = fmt::format("{}", fmt::join(fractions, ",")),
                                        .expected = "two or three above 0 that sum to 1, such as 0.9,0.05,0.05"});
}

/// Rows that stay together.
struct Group {
  RowNumber first = 0;
  std::int64_t rows = 0;
  std::string stratum;
  std::uint64_t order = 0;  ///< among groups of one size
};

class DataSplitter {
 public:
  DataSplitter(const DataPart& data, const SplitOptions& options) : data_(data), options_(options) {}

  Result<SplitReport> run(const Path& folder) {
    PEGBOX_CHECK(check_split_fractions(options_.fractions));
    for (std::size_t part = 0; part < options_.fractions.size(); ++part)
      PEGBOX_CHECK(check_output(file_of(folder, part), data_.paths));
    PEGBOX_CHECK(read_rows());
    const std::vector<RowNumber> groups = index_.groups(together_);
    deal_out(collect(groups));
    for (std::size_t row = 0; row < groups.size(); ++row)
      part_of_[row] = part_of_[static_cast<std::size_t>(groups[row])];
    PEGBOX_CHECK(check_parts());
    PEGBOX_CHECK(write_rows(folder));
    return std::move(report_);
  }

 private:
  Result<void> read_rows() {
    ByCheck<bool> checks{};
    for (const CheckKind kind :
         {CheckKind::Unreadable, CheckKind::Encoding, CheckKind::Empty, CheckKind::NearDuplicates})
      checks[static_cast<std::size_t>(kind)] = true;
    const RowInspector inspector(options_.dataset, checks);
    PEGBOX_TRY(RowSource source, RowSource::open(data_.paths, options_.dataset, options_.interrupted));
    return inspect_rows(
        source, inspector, options_.threads, [&](const RawRow& raw, const RowFacts& facts) -> Result<void> {
          const std::string where = fmt::format("{}:{}", source.files()[static_cast<std::size_t>(raw.file)], raw.line);
          if (!facts.is_row)
            return fail(ErrorKind::InvalidInput, {.where = where,
                                                  .what = "this is no row",
                                                  .got = facts.faults.empty() ? "" : facts.faults[0].detail,
                                                  .hint = "pegbox clean leaves out what cannot be read"});
          index_.add(facts, facts.file, 0);
          return take_fields(raw, where);
        });
  }

  Result<void> take_fields(const RawRow& raw, const std::string& where) {
    const RowNumber row = index_.size() - 1;
    if (!options_.by.empty()) {
      PEGBOX_TRY(const std::string value, field_of(raw, options_.by, where));
      const auto [first, is_new] = first_with_.try_emplace(value, row);
      if (!is_new) together_.emplace_back(first->second, row);
    }
    if (!options_.stratify.empty()) {
      PEGBOX_TRY(std::string value, field_of(raw, options_.stratify, where));
      strata_.push_back(std::move(value));
    }
    return {};
  }

  static Result<std::string> field_of(const RawRow& raw, const std::string& name, const std::string& where) {
    if (!raw.is_document) {
      PEGBOX_TRY(const Json json, parse_json(raw.bytes, where));
      if (const auto found = json.find(name); found != json.end())
        return found->is_string() ? found->get<std::string>() : to_line(*found);
    }
    return fail(ErrorKind::InvalidInput, {.where = where, .what = fmt::format("the row has no field `{}`", name)});
  }

  /// The groups, large ones first.
  std::vector<Group> collect(const std::vector<RowNumber>& groups) {
    std::map<RowNumber, Group> by_first;
    for (RowNumber row = 0; row < index_.size(); ++row) {
      Group& group = by_first[groups[static_cast<std::size_t>(row)]];
      if (group.rows++ > 0) continue;
      group.first = row;
      group.stratum = strata_.empty() ? "" : strata_[static_cast<std::size_t>(row)];
      group.order = Rng({options_.seed, stream_id("split"), index_.content(row)}).next_u64();
    }
    std::vector<Group> sorted;
    for (auto& [first, group] : by_first) sorted.push_back(std::move(group));
    std::ranges::sort(sorted, [](const Group& a, const Group& b) {
      return std::tuple(-a.rows, a.order, a.first) < std::tuple(-b.rows, b.order, b.first);
    });
    report_.rows = index_.size();
    report_.groups = static_cast<std::int64_t>(sorted.size());
    report_.largest_group = sorted.empty() ? 0 : sorted[0].rows;
    return sorted;
  }

  /// Of each stratum the rows of each part. What is lost by rounding in one stratum is made up for in the next ones:
  /// else of many small strata all would round in the same direction.
  std::map<std::string, std::vector<std::int64_t>> shares_of(const std::map<std::string, std::int64_t>& sizes) const {
    std::map<std::string, std::vector<std::int64_t>> shares;
    std::vector<double> owed(options_.fractions.size(), 0.0);
    for (const auto& [stratum, rows] : sizes) {
      std::vector<std::int64_t>& share = shares[stratum];
      std::int64_t left = rows;
      for (std::size_t part = 0; part < owed.size(); ++part) {
        owed[part] += options_.fractions[part] * static_cast<double>(rows);
        share.push_back(std::clamp(static_cast<std::int64_t>(std::floor(owed[part])), std::int64_t{0}, left));
        owed[part] -= static_cast<double>(share.back());
        left -= share.back();
      }
      for (; left > 0; --left) {
        const auto part = std::ranges::max_element(owed) - owed.begin();
        ++share[static_cast<std::size_t>(part)];
        owed[static_cast<std::size_t>(part)] -= 1;
      }
    }
    return shares;
  }

  /// Notes the part of each group's first row.
  void deal_out(const std::vector<Group>& groups) {
    std::map<std::string, std::int64_t> sizes;  // of each stratum
    for (const Group& group : groups) sizes[group.stratum] += group.rows;
    std::map<std::string, std::vector<std::int64_t>> lacking = shares_of(sizes);
    part_of_.assign(static_cast<std::size_t>(index_.size()), 0);
    for (const Group& group : groups) {
      auto& lacks = lacking[group.stratum];
      const auto part = std::ranges::max_element(lacks) - lacks.begin();
      lacks[static_cast<std::size_t>(part)] -= group.rows;
      part_of_[static_cast<std::size_t>(group.first)] = static_cast<RowNumber>(part);
    }
  }

  static Path file_of(const Path& folder, std::size_t part) {
    return folder / fmt::format("{}.jsonl", kSplitNames[part]);
  }

  Result<void> check_parts() const {
    for (std::size_t part = 0; part < options_.fractions.size(); ++part)
      if (std::ranges::find(part_of_, static_cast<RowNumber>(part)) == part_of_.end())
        return fail(ErrorKind::InvalidInput,
                    {.where = "split",
                     .what = fmt::format("{} would get no row", kSplitNames[part]),
                     .got = fmt::format("{} rows in {} groups that stay together", report_.rows, report_.groups),
                     .hint = "give more rows or a larger fraction"});
    return {};
  }

  Result<void> write_rows(const Path& folder) {
    PEGBOX_CHECK(make_folder(folder));
    std::vector<RowWriter> writers;
    for (std::size_t part = 0; part < options_.fractions.size(); ++part) {
      PEGBOX_TRY(RowWriter writer, RowWriter::create(file_of(folder, part)));
      writers.push_back(std::move(writer));
    }
    PEGBOX_CHECK(read_again(data_.paths, options_.dataset, options_.interrupted, part_of_.size(),
                            [&](std::size_t number, const RawRow& row) {
                              return writers[static_cast<std::size_t>(part_of_[number])].add(row);
                            }));
    for (std::size_t part = 0; part < writers.size(); ++part) {
      PEGBOX_TRY(std::string hash, writers[part].finish());
      report_.parts.push_back(
          {std::string(kSplitNames[part]), file_of(folder, part).string(), std::move(hash), writers[part].rows()});
    }
    return {};
  }

  const DataPart& data_;
  const SplitOptions& options_;
  SplitReport report_;
  RowIndex index_;
  std::map<std::string, RowNumber> first_with_;            ///< of each value of `by`
  std::vector<std::pair<RowNumber, RowNumber>> together_;  ///< rows of one value
  std::vector<std::string> strata_;                        ///< of each row, if there are any
  std::vector<RowNumber> part_of_;                         ///< of each row
};

}  // namespace

Result<SplitReport> split_data(const DataPart& data, const Path& folder, const SplitOptions& options) {
  return DataSplitter(data, options).run(folder);
}

Json to_json(const SplitReport& report) {
  Json parts = Json::array();
  for (const SplitReport::Part& part : report.parts)
    parts.push_back({{"name", part.name}, {"file", part.file}, {"rows", part.rows}, {"sha256", part.sha256}});
  return {{"parts", std::move(parts)},
          {"rows", report.rows},
          {"groups", report.groups},
          {"largest_group", report.largest_group}};
}

}  // namespace pegbox::text
