// Halving rungs: where successive halving and its relatives compare trials, and Hyperband's brackets of such rungs.
//
// Here and not with the schedulers, because samplers that learn from several fidelities (BOHB, DEHB) read them too.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/field_table.h"
#include "search/history.h"

namespace pegbox {

struct HalvingOptions {
  std::int64_t reduction = 3;  ///< of so many trials at a rung, one goes on
  std::int64_t min = 0;        ///< first rung, in steps; 0: see halving_rungs
};

const FieldTable<HalvingOptions>& halving_fields();

/// Refuses a first rung that is not before the end of a full trial, if its length is given.
Result<HalvingOptions> read_halving_options(const StudySpec& spec, const Node& node);

/// The rungs below the full length, ascending: min, min * reduction, ... while reduction times the rung does not pass
/// the full length. The default `min` is full / reduction^k, rounded down, with the largest k for which reduction^k <=
/// 32 and, where the number of trials is known, reduction^k <= trials, so that one of them reaches the end. None while
/// the full length is unknown (0).
std::vector<std::int64_t> halving_rungs(const HalvingOptions& options, std::int64_t full_steps, std::int64_t trials);

/// Hyperband's brackets: bracket s has all rungs but the first s, so that its trials get more before they are compared.
/// Of each cycle of trials, bracket s gets ceil((S + 1) / (S + 1 - s) * reduction^(S - s)), where S is the number of
/// rungs; one bracket after the other, by trial number. Li et al., JMLR 18 (2018), algorithm 1 (brackets counted
/// from the other end there).
class Brackets {
 public:
  Brackets(const HalvingOptions& options, std::int64_t full_steps, std::int64_t trials);

  std::size_t count() const { return sizes_.size(); }                       ///< S + 1; at least 1
  std::int64_t size(std::size_t bracket) const { return sizes_[bracket]; }  ///< trials of each cycle
  std::size_t of(std::int64_t trial) const;                                 ///< the trial's bracket
  std::span<const std::int64_t> rungs(std::size_t bracket) const;           ///< none: its trials run to their end

 private:
  std::vector<std::int64_t> rungs_;
  std::vector<std::int64_t> sizes_;
};

/// Of the study's rule `hyperband`; nothing if it has none. They stay the same throughout a study.
std::optional<Brackets> brackets_of(const History& history);

}  // namespace pegbox
