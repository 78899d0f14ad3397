// StudySpec: a study file as values: what is tuned, over which space, towards what, within which budget.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/field_table.h"
#include "search/config.h"
#include "search/expression.h"
#include "search/space.h"
#include "search/transfer.h"

namespace pegbox {

struct Objective {
  bool minimize = true;
  std::string metric;
  double sign() const { return minimize ? 1.0 : -1.0; }                         ///< times the metric: smaller is better
  std::string_view extreme() const { return minimize ? "lowest" : "highest"; }  ///< what is wanted, in a word
};

/// Totals for the study, not for one call of `tune`. 0: no limit; `budget: none`: no limit at all. `trials` counts
/// done, stopped and failed trials.
struct Budget {
  std::int64_t trials = 0;
  double time_s = 0;
  double tokens = 0;

  /// What so many trials, so much time and so many tokens are of it: of the one that is used most, in [0, 1]; 0 without
  /// a budget.
  double used_fraction(double used_trials, double used_s, double used_tokens) const;
};

const FieldTable<Budget>& budget_fields();

struct Workers {
  std::int64_t count = 1;
  std::string gpus = "auto";
  std::int64_t threads = 0;  ///< for each worker; 0: the machine's cores divided among the workers
  double timeout_s = 0;      ///< of one trial's running time; 0: none
  std::int64_t retries = 2;  ///< how often a trial may lose its worker
  double lease_s = 60;       ///< a silent worker is dead after this long
  double grace_s = 10;       ///< between SIGTERM and SIGKILL
};
const FieldTable<Workers>& worker_fields();

/// A strategy by name with its options: `search: gp`, `stop: {name: asha, reduction: 3}`. `stop` may be a list of them.
struct PartSpec {
  std::string name = "auto";
  Json options = Json::object();  ///< without the name
  Document written;               ///< the study file's name and lines, without its values
  std::string pointer;            ///< where in it: "/search", "/stop/1"

  /// The options with their place, for whoever reads them. The part must outlive it.
  Node node() const { return {written, options, pointer}; }

  /// An error about the part's name that offers the nearest of `names`; `what` is "unknown search strategy", say.
  tl::unexpected<Error> fail_unknown(std::string_view what, std::span<const std::string_view> names) const;
};

/// What `auto` stands for in a study.
struct AutoChoice {
  std::string name;  ///< of the strategy
  std::string why;   ///< in words: "the budget has a trial for every configuration"
};

struct StudySpec {
  std::string name;             ///< at most 100 letters, digits and _ . -, a letter, digit or _ first
  Json trial = Json::object();  ///< what runs a trial; read by the program, not by the search
  Space space;
  std::vector<Config> try_first;
  std::vector<EarlierStudy> transfer;  ///< that it starts from
  std::vector<Expression> constraints;
  std::vector<Expression> gates;      ///< conditions on metrics that a trial must meet to be the best, or on the front
  std::vector<Objective> objectives;  ///< one, or several for a Pareto front
  Budget budget;
  Json checks = Json::object();
  PartSpec search{.pointer = "/search"};
  std::vector<PartSpec> stop{{.pointer = "/stop"}};  ///< one rule, or several that are combined; never empty
  Workers workers;
  std::int64_t steps = 0;  ///< length of a full trial; 0: as the worker describes, or unknown
  std::uint64_t seed = 0;
  Json source;  ///< the document it was read from

  const Objective& objective() const { return objectives.front(); }

  /// Reads and checks a study file or the `spec` of an event. Every error names file, line and nearest name. The names
  /// of samplers and schedulers are checked by who makes them. Required: name, space, objective, and a budget with at
  /// least one limit or `none`. `try_first` is checked, and completed when its trials are made.
  static Result<StudySpec> read(const Document& document);
};

/// The name of a stopping rule of the study. `auto` is the one that the search is made for: pbt for pbt, hyperband for
/// bohb and dehb, else asha.
std::string_view rule_name(const StudySpec& spec, const PartSpec& rule);

/// JSON schema (draft 2020-12) of the study file; `trial` is completed by the program.
Json study_schema();

}  // namespace pegbox
