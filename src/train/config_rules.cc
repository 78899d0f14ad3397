// config_rules: see config_rules.h. A field that nothing reads would be searched in vain: it is an error, not a
// warning.
#include "train/config_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "train/optim/optimizer.h"

namespace pegbox::train {

namespace {

/// `field` is read only where `chooser` has one of `values`.
struct Reader {
  std::string_view field, chooser;
  std::vector<std::string_view> values;
};

std::vector<std::string_view> optimizers_with(double OptimizerDefaults::* field) {
  std::vector<std::string_view> names;
  for (const std::string_view name : optimizer_names())
    if (optimizer_defaults(name).*field != -1) names.push_back(name);
  return names;
}

const std::vector<Reader>& readers() {
  static const std::vector<Reader> table{
      {"beta1", "optimizer", optimizers_with(&OptimizerDefaults::beta1)},
      {"beta2", "optimizer", optimizers_with(&OptimizerDefaults::beta2)},
      {"momentum", "optimizer", optimizers_with(&OptimizerDefaults::momentum)},
      {"nesterov", "optimizer", optimizers_with(&OptimizerDefaults::momentum)},
      {"epsilon", "optimizer", optimizers_with(&OptimizerDefaults::epsilon)},
      {"muon_scale", "optimizer", {"muon"}},
      {"lora_b_rate", "method", {"lora"}},
  };
  return table;
}

tl::unexpected<Error> clash(const std::string& where, std::string what, std::string got, std::string expected) {
  return fail(ErrorKind::InvalidInput,
              {.where = where, .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
}

Result<void> check_readers(const TrainConfig& config, const std::string& where) {
  const Json set = train_fields().write(config), untouched = train_fields().write(TrainConfig{});
  for (const Reader& reader : readers()) {
    const std::string field(reader.field), chooser(reader.chooser), chosen = set[chooser].get<std::string>();
    if (set[field] == untouched[field] || std::ranges::find(reader.values, chosen) != reader.values.end()) continue;
    return clash(where, fmt::format("{} {} has no {}", chooser, chosen, field),
                 fmt::format("{} {}", field, to_line(set[field])),
                 fmt::format("{} only with {} {}", field, chooser, fmt::join(reader.values, ", ")));
  }
  return {};
}

}  // namespace

Result<void> check_combinations(const TrainConfig& config, const std::string& where) {
  PEGBOX_CHECK(check_readers(config, where));
  PEGBOX_CHECK(DecayExclusions::read(config.decay_exclude));
  if (config.optimizer == "schedule_free" && config.beta1 <= 0)
    return clash(where, "schedule_free needs an average", "beta1 0", "beta1 above 0");
  if (config.optimizer == "schedule_free" && config.schedule != "constant")
    return clash(where, "schedule_free takes the place of a schedule", "schedule " + config.schedule,
                 "schedule constant, which is its default then");
  return {};
}

}  // namespace pegbox::train
