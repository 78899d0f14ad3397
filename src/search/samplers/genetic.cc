// genetic: a genetic algorithm for mixed spaces.
#include "search/samplers/genetic.h"

#include "search/samplers/generations.h"

namespace pegbox {
namespace {

const FieldTable<GenerationOptions>& genetic_fields() {
  static const FieldTable<GenerationOptions> table([] {
    auto fields = generation_fields();
    fields.push_back({.name = "elite",
                      .member = &GenerationOptions::elite,
                      .minimum = 0,
                      .help = "so many of the best survive their children; 0: as many as are better than these"});
    return fields;
  }());
  return table;
}

Result<std::unique_ptr<Sampler>> make_genetic(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const GenerationOptions options, genetic_fields().read(node));
  return std::make_unique<GenerationSampler>("genetic", options);
}

}  // namespace

SamplerRow genetic_row() {
  return {"genetic", "a genetic algorithm: tournament, crossover, mutation, elitism", genetic_fields().rows(),
          make_genetic};
}

}  // namespace pegbox
