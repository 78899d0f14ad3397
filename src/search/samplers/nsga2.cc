// nsga2: a genetic algorithm for several objectives.
#include "search/samplers/nsga2.h"

#include "search/samplers/generations.h"

namespace pegbox {
namespace {

const FieldTable<GenerationOptions>& nsga2_fields() {
  static const FieldTable<GenerationOptions> table(generation_fields());
  return table;
}

Result<std::unique_ptr<Sampler>> make_nsga2(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const GenerationOptions options, nsga2_fields().read(node));
  return std::make_unique<GenerationSampler>("nsga2", options);
}

}  // namespace

SamplerRow nsga2_row() {
  return {"nsga2", "NSGA-II: a genetic algorithm for several objectives", nsga2_fields().rows(), make_nsga2};
}

}  // namespace pegbox
