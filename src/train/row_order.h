// Row order: the order in which a run reads its rows: all alike, or groups of them in the shares that its config or its
// data ask for.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "text/data_order.h"
#include "text/tokenized.h"
#include "train/train_config.h"

namespace pegbox::train {

/// By `mixture` (shares of the sets in the tokens) of the config, else of the data; by `mixture_temperature` T (a set
/// of n tokens has a share of n^(1 / T)); by `balance` (shares of the classes in the rows: a class of n rows weighs
/// n^(1 - balance)); else all rows alike. InvalidInput for sets that are not there or have no row, for shares that are
/// negative or all 0, for shares that are said twice, for a temperature without sets, and for balance without classes.
Result<std::unique_ptr<text::RowOrder>> make_row_order(const TrainConfig& config, const text::TokenizedRows& rows);

/// Rows of groups that have these shares [groups] in the tokens.
std::unique_ptr<text::RowOrder> mixed_order(const text::TokenizedRows& rows, std::span<const double> shares,
                                            std::uint64_t seed);

/// The share of each set of the rows in the tokens, up to a common factor, in the order of their names: by `mixture` of
/// the config, else of the data, else by their own tokens and `mixture_temperature`. InvalidInput as make_row_order,
/// and without sets.
Result<std::vector<double>> set_shares(const TrainConfig& config, const text::TokenizedRows& rows);

}  // namespace pegbox::train
