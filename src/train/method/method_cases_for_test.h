// Settings of every method that tests go through, each with its formula as a plain composition. Not part of the
// library.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "train/method/reference_for_test.h"
#include "train/train_config.h"

namespace pegbox::train::testing {

struct MethodCase {
  std::string name;
  Json fields;
  ModelConfig model;
  double deviation = 0.2;  ///< of what is added to the initial values, so that nothing is trivial
  bool begins_as_base = true, writes_a_model = false, merges = true;

  /// The change that parameters with `values` make, which autograd follows; `initial`: their first values.
  std::function<ReferenceChange(const BaseModel&, const TrainConfig&, const Tensors& initial, const Tensors& values)>
      reference;
};

inline void PrintTo(const MethodCase& each, std::ostream* out) { *out << each.name; }

std::vector<MethodCase> method_cases();

}  // namespace pegbox::train::testing
