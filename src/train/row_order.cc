// Row order: see row_order.h.
#include "train/row_order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "train/config_rules.h"
#include "train/named_numbers.h"

namespace pegbox::train {

namespace {

constexpr std::string_view kField = "mixture", kShare = "a share of a training set";

/// Tokens, or rows where `of_rows`, of each group of the data; rows that were made beside them change no share.
std::vector<std::int64_t> group_sizes(const text::TokenizedRows& rows, bool of_rows) {
  std::vector<std::int64_t> sizes(rows.group_names.size());
  for (std::int64_t row = 0; row < rows.size(); ++row)
    if (!rows.is_copy(row)) sizes[static_cast<std::size_t>(rows.groups[row])] += of_rows ? 1 : rows.length(row);
  return sizes;
}

/// The weight of each group, in the order of their names.
Result<std::vector<double>> weights_of(const std::map<std::string, double>& mixture, const text::TokenizedRows& rows) {
  const std::string names = fmt::format("{}", fmt::join(rows.group_names, ", "));
  std::vector<double> weights(rows.group_names.size());
  for (const auto& [name, weight] : mixture) {
    const auto found = std::ranges::find(rows.group_names, name);
    if (found == rows.group_names.end())
      return refuse("mixture", "no training set has this name", name, names.empty() ? "sets named in the data" : names);
    weights[static_cast<std::size_t>(found - rows.group_names.begin())] = weight;
  }
  const std::vector<std::int64_t> sizes = group_sizes(rows, /*of_rows=*/true);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] >= 0) || !std::isfinite(weights[i]))
      return refuse("mixture", "a share is negative", fmt::format("{}: {}", rows.group_names[i], weights[i]),
                    "0 or more");
    if (weights[i] > 0 && sizes[i] == 0)
      return refuse("mixture", "the set has no row to learn", rows.group_names[i], "a share of 0, or rows");
  }
  if (std::ranges::all_of(weights, [](double weight) { return weight == 0; }))
    return refuse("mixture", "all shares are 0", names, "one above 0");
  return weights;
}

}  // namespace

std::unique_ptr<text::RowOrder> mixed_order(const text::TokenizedRows& rows, std::span<const double> shares,
                                            std::uint64_t seed) {
  std::vector<std::int64_t> costs;
  for (std::int64_t row = 0; row < rows.size(); ++row) costs.push_back(rows.length(row));
  return std::make_unique<text::MixedOrder>(rows.groups, costs, shares, seed);
}

Result<std::unique_ptr<text::RowOrder>> make_row_order(const TrainConfig& config, const text::TokenizedRows& rows) {
  const auto seed = static_cast<std::uint64_t>(config.seed);
  PEGBOX_TRY(const auto mixture, read_named_numbers(config.mixture, kField, kShare));
  if (!mixture.empty() || !rows.group_weights.empty() || config.mixture_temperature != 1) {
    if (config.balance > 0)
      return refuse("balance", "the rows are mixed by their sets already", fmt::format("{}", config.balance), "0");
    PEGBOX_TRY(const std::vector<double> weights, set_shares(config, rows));
    return mixed_order(rows, weights, seed);
  }
  if (config.balance == 0) return std::make_unique<text::DataOrder>(rows.size(), seed);
  if (!rows.groups_are_classes)
    return refuse("balance", "the rows have no classes", fmt::format("{}", config.balance), "0, or rows with labels");
  std::vector<double> weights;
  for (const std::int64_t size : group_sizes(rows, /*of_rows=*/true))
    weights.push_back(size > 0 ? std::pow(static_cast<double>(size), 1 - config.balance) : 0);
  const std::vector<std::int64_t> costs(static_cast<std::size_t>(rows.size()), 1);
  return std::make_unique<text::MixedOrder>(rows.groups, costs, weights, seed);
}

Result<std::vector<double>> set_shares(const TrainConfig& config, const text::TokenizedRows& rows) {
  PEGBOX_TRY(auto mixture, read_named_numbers(config.mixture, kField, kShare));
  if (mixture.empty()) mixture = rows.group_weights;
  const double temperature = config.mixture_temperature;
  if (temperature != 1 && !mixture.empty())
    return refuse(
        "mixture_temperature", "the shares of the sets are given already",
        fmt::format("{} and {}", temperature, config.mixture.empty() ? "weights in the data" : config.mixture),
        "one of the two");
  if (!mixture.empty()) return weights_of(mixture, rows);
  if (rows.groups.empty() || rows.groups_are_classes)
    return refuse("mixture_temperature", "there are no sets to mix", fmt::format("{}", temperature),
                  "training data as a list of {path, name}");
  std::vector<double> shares;
  for (const std::int64_t size : group_sizes(rows, /*of_rows=*/false))
    shares.push_back(std::pow(static_cast<double>(size), 1 / temperature));
  return shares;
}

}  // namespace pegbox::train
