// Method: the table of methods.
#include "train/method/method.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "train/method/full.h"
#include "train/method/lora.h"

namespace pegbox::train {

namespace {

struct MethodRow {
  std::string_view name;
  bool needs_base;
  MethodDefaults defaults;
  Result<std::unique_ptr<Method>> (*make)(const TrainConfig&, const Decoder&, const Weights&, const std::string&);
};

// scratch: 1e-3 is the Step Law's rate (arXiv 2503.04715) near 1M parameters and 3M tokens.
constexpr std::array<MethodRow, 3> kMethods = {{{"lora", true, {2e-4, 0.0, 0.999}, make_lora},
                                                {"full", true, {2e-5, 0.01, 0.999}, make_full},
                                                {"scratch", false, {1e-3, 0.1, 0.95}, make_full}}};

const MethodRow& row_of(std::string_view name) {
  const auto* const row = std::ranges::find(kMethods, name, &MethodRow::name);
  assert(row != kMethods.end());
  return *row;
}

}  // namespace

std::vector<std::string_view> method_names() {
  std::vector<std::string_view> names;
  for (const MethodRow& row : kMethods) names.push_back(row.name);
  return names;
}

const MethodDefaults& method_defaults(std::string_view name) { return row_of(name).defaults; }
bool method_needs_base(std::string_view name) { return row_of(name).needs_base; }

Result<std::unique_ptr<Method>> make_method(const TrainConfig& config, const Decoder& decoder, const Weights& base,
                                            const std::string& base_name) {
  return row_of(config.method).make(config, decoder, base, base_name);
}

}  // namespace pegbox::train
