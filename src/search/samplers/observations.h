// Observations: what a history tells about the loss at configurations, with trials of different lengths made
// comparable.
//
// Trials that a scheduler stopped or paused early have a loss at an early step, where losses are higher for everybody.
// Left as it is, that loss would say "bad configuration" for want of training; left out, the search would forget most
// of what it paid for. So each is carried to full length by what became of those that went further, level by level from
// the highest down: of the trials that have a loss at a level and have gone beyond it, a line gives the loss at full
// length (theirs, measured or carried before) from the loss at the level,
//
//   loss at full length = median at full length + slope * (loss at the level - median at the level)
//
// Levels are the steps where trials have ended or wait, and the end. Trials of one level keep their order. The slope is
// not negative, and 1 for want of evidence. Losses draw apart as trials learn, or draw together as they settle; if all
// were carried by the same difference instead, the half of the promoted trials that made less of it than the median
// would come to stand behind those that they had left behind. Lines are drawn within trials, never between different
// trials, since those that go on are better ones. Where no trial has a loss at both (programs that report only at the
// end), the difference of medians stands in. After the way in which Theil (1950) and Sen (JASA 63, 1968) fit a line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "search/history.h"

namespace pegbox {

/// A trial with a loss.
struct Measured {
  std::int64_t trial = 0;
  std::vector<double> losses;  ///< [objectives], carried to full length; infinity: diverged
  bool allowed = true;         ///< false: it violates a constraint on metrics
};

struct Observations {
  std::vector<Measured> measured;     ///< by trial number
  std::vector<std::int64_t> failed;   ///< ended without a loss, or refused: of these only the failure is known
  std::vector<std::int64_t> pending;  ///< waiting, running or paused without a loss that counts

  bool has_finite() const;  ///< some measured trial has a finite loss in every objective
};

/// Carries losses of one level to full length.
struct LossLine {
  double slope = 1, offset = 0;
  double operator()(double loss) const { return offset + slope * loss; }
  bool operator==(const LossLine&) const = default;
};

/// From the trials of `trials`, the first of history.trials; a configuration that the space does not hold (the study
/// file has changed) is left out. A trial that runs counts as measured if it has passed a level, else as pending. A
/// failure of kind diverged, and a loss that is not finite, count as an infinite loss. Stopped trials without any
/// report are left out: nothing is known of them.
Observations observe(const History& history, std::span<const Trial> trials);

/// The same for a history that grows, in time proportional to the trials that may have changed: new ones, and those
/// that had not ended. (Where trials ended early there is also a pass over all losses at their levels.) A history that
/// is not a continuation of the last one, or of a study that has changed, is read anew.
class ObservationCache {
 public:
  /// Valid until the next call. `trials`: as in `observe`; one cache is for one way to choose them.
  const Observations& update(const History& history, std::span<const Trial> trials);

  /// How often it began anew; what was derived from configurations is good for one number.
  std::uint64_t restarts() const { return restarts_; }

 private:
  struct Seen {
    bool fits = false;                     ///< the space holds it
    std::optional<std::size_t> level;      ///< the highest that it has come to
    std::optional<std::int64_t> ended_at;  ///< what it adds to the steps where trials have ended
  };

  bool continues(const History& history, std::span<const Trial> trials) const;
  void restart(const History& history);
  std::vector<std::size_t> look(const History& history, std::span<const Trial> trials);
  void count_end(std::optional<std::int64_t> step, int change);
  std::vector<std::int64_t> find_levels() const;
  void read(const History& history, const Trial& trial);
  double& at(std::size_t trial, std::size_t objective, std::size_t level);
  LossLine carry_from(std::size_t objective, std::size_t level, std::span<const LossLine> above);
  std::vector<LossLine> carry(std::size_t objectives);
  std::vector<double> losses_of(const History& history, const Trial& trial);
  void remove(std::int64_t trial);
  void place(const History& history, const Trial& trial);

  Json source_;  ///< of the study
  int descriptions_ = 0;
  std::uint64_t event_count_ = 0, restarts_ = 0;
  Config last_config_;
  std::vector<Seen> seen_;            ///< [trials]
  std::vector<std::size_t> open_;     ///< trials that had not ended
  std::map<std::int64_t, int> ends_;  ///< steps where trials have ended or wait, and how many
  std::vector<std::int64_t> levels_;  ///< ascending
  std::vector<std::vector<double>>
      at_;                        ///< [trials][objectives * levels]: losses; not a number: none; infinite: not finite
  std::vector<LossLine> to_end_;  ///< [objectives * levels]
  Observations found_;
};

}  // namespace pegbox
