// Scheduler: decides at rungs which trials go on, wait or end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "search/history.h"

namespace pegbox {

/// Pause keeps the checkpoint, Stop may delete it.
enum class Verdict : std::uint8_t { Continue, Pause, Stop };

/// A verdict, and for Pause and Stop why, in words: "others are ahead".
struct Ruling {
  Verdict verdict = Verdict::Continue;
  std::string why{};

  Ruling(Verdict given) : verdict(given) {}  // NOLINT: a verdict is a ruling
  Ruling(Verdict given, std::string reason) : verdict(given), why(std::move(reason)) {}
  friend bool operator==(const Ruling& ruling, Verdict verdict) { return ruling.verdict == verdict; }
};

/// A paused trial to go on with.
struct Promotion {
  std::int64_t trial = 0;
  std::int64_t until = 0;  ///< its next rung
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;

  /// The step at which `trial` is to stop next and be judged, beyond its present step; 0: run to its end.
  virtual std::int64_t next_rung(const History& history, const Trial& trial) = 0;

  /// `trial` has reached the end of its leg, `trial.until`, and its report of that step is in the history. Where
  /// several rules are combined that may be another rule's rung: one that has no rung in the leg says Continue.
  virtual Ruling on_reached(const History& history, const Trial& trial) = 0;

  /// A paused trial that should be resumed before a new one is made.
  virtual std::optional<Promotion> next_to_resume(const History& history) = 0;

  /// Asked once the worker has described its work, if it does: why the rule will never act in this study, in words;
  /// empty if it may. By default a rule needs to know the length of a full trial.
  virtual std::string objection(const History& history) const {
    return history.steps > 0 ? "" : "the stopping rule needs the length of a full trial, which is not known";
  }
};

}  // namespace pegbox
