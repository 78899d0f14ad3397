// Space: the hyperparameters of a study, and the one transform between configurations and the unit cube.
//
// Every sampler works in the unit cube [0, 1]^d. An axis is linear in the parameter's scale (log scales in the
// logarithm); a choice of k values takes k equal bins; a simplex takes its stick-breaking coordinates, uniform over the
// simplex. Conditions make axes inactive; they never change d.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/rng.h"
#include "search/axis_prior.h"
#include "search/config.h"
#include "search/parameter.h"
#include "search/unit_scale.h"

namespace pegbox {

/// What kind of axis a sampler has to do with. A Real with a step is Continuous with levels.
enum class AxisKind : std::uint8_t { Continuous, Integer, Ordered, Categorical };

/// One axis of the unit cube.
struct Axis {
  int parameter = 0;  ///< index into Space::parameters()
  AxisKind kind = AxisKind::Continuous;
  std::int64_t levels = 0;   ///< number of distinct values; 0: a continuum
  bool conditional = false;  ///< inactive in some configurations
};

/// A point of the unit cube; an inactive axis holds 0.5 and false.
struct UnitPoint {
  std::vector<double> at;    ///< [d], each in [0, 1]
  std::vector<bool> active;  ///< [d]
};

class Space {
 public:
  /// Reads `space:`. Refuses conditions on unknown or later-conditioned (circular) parameters, and values they never
  /// take.
  static Result<Space> read(const Node& node);
  static Result<Space> create(std::vector<Parameter> parameters);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  const Parameter* find(std::string_view name) const;
  std::span<const Axis> axes() const { return axes_; }
  int dimensions() const { return static_cast<int>(axes_.size()); }

  /// The configuration at a point: rounded to steps and choices, inactive parameters left out.
  Config from_unit(std::span<const double> at) const;

  /// The centre of the configuration's cell in the unit cube. `from_unit(to_unit(c).at) == c` for every c that
  /// `from_unit` or `complete` gave. Of a configuration from another space: numbers outside a range count as its ends,
  /// axes whose value is missing or not a choice are inactive.
  UnitPoint to_unit(const Config& config) const;

  /// Moves uniform coordinates to where the priors put them (inverse distribution function of each prior).
  void apply_prior(std::span<double> at) const;
  double log_prior(const UnitPoint& point) const;  ///< sum over active axes of the log density on the unit axis
  /// The same, where one prior in ten is taken to be wrong and to say nothing: a narrow one that is far off then rules
  /// nothing out.
  double log_belief(const UnitPoint& point) const;
  bool has_prior() const;

  /// Checks and completes a configuration that a person gave: unknown names, wrong types, values outside the range or
  /// inactive under its conditions are refused by name; missing ones are drawn from the prior with `rng`, those on
  /// which a given one depends so that it is active. Real values are rounded as `from_unit` rounds. The number of draws
  /// depends on the space only.
  Result<Config> complete(const Config& config, const std::string& where, Rng& rng) const;

  /// Whether the configuration is one of this space: the right names, each with one of its values.
  bool contains(const Config& config) const;

  /// In a configuration that has values for all parameters before it in the order of conditions.
  bool is_active(const Parameter& parameter, const Config& config) const;

  /// How many configurations there are, conditions counted; 0 if not countable (or over 10^15).
  std::int64_t cardinality() const;

 private:
  Result<void> link(std::span<const std::string> where);
  Result<void> link_condition(std::size_t child, std::size_t condition, std::span<const std::string> where);
  Result<void> order(std::span<const std::string> where);
  Result<void> check_names(const Config& config, const std::string& where) const;
  Result<std::vector<std::vector<Value>>> needed_values(const Config& config, const std::string& where) const;
  Result<void> complete_parameter(std::size_t index, const Config& given, std::span<const Value> allowed,
                                  std::span<const double> at, const std::string& where, Config& config) const;
  Result<void> take_weights(const Parameter& parameter, const Config& given, const std::string& where,
                            Config& config) const;
  void set_from_unit(std::size_t index, std::span<const double> at, Config& config) const;
  Value value_at(std::size_t index, double at) const;
  Value as_taken(std::size_t index, const Value& value) const;
  Config in_file_order(Config config) const;

  std::vector<Parameter> parameters_;  ///< in the order of the file
  std::vector<int> evaluation_order_;  ///< conditions before what depends on them
  std::vector<Axis> axes_;
  std::vector<int> first_axis_;            ///< [parameters]
  std::vector<std::vector<int>> parents_;  ///< [parameters][conditions]: index of the condition's parameter
  std::vector<UnitScale> scales_;          ///< [parameters]; of Real and Integer
  std::vector<AxisPrior> priors_;          ///< [parameters]
};

}  // namespace pegbox
