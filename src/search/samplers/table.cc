// The table of samplers, and how a study file's `search:` becomes one of them.
#include "search/samplers/table.h"

#include <algorithm>

#include "search/samplers/annealing.h"
#include "search/samplers/bohb.h"
#include "search/samplers/cmaes.h"
#include "search/samplers/de.h"
#include "search/samplers/dehb.h"
#include "search/samplers/evolution.h"
#include "search/samplers/genetic.h"
#include "search/samplers/gp.h"
#include "search/samplers/grid.h"
#include "search/samplers/local.h"
#include "search/samplers/nsga2.h"
#include "search/samplers/pbt.h"
#include "search/samplers/random.h"
#include "search/samplers/sobol.h"
#include "search/samplers/tpe.h"

namespace pegbox {
namespace {

tl::unexpected<Error> fail_unknown(const PartSpec& search) {
  std::vector<std::string_view> names{"auto"};
  for (const SamplerRow& row : sampler_table()) names.push_back(row.name);
  return search.fail_unknown("unknown search strategy", names);
}

}  // namespace

std::span<const SamplerRow> sampler_table() {
  static const std::vector<SamplerRow> table{grid_row(),  random_row(),    sobol_row(), gp_row(),   tpe_row(),
                                             cmaes_row(), genetic_row(),   nsga2_row(), de_row(),   evolution_row(),
                                             local_row(), annealing_row(), bohb_row(),  dehb_row(), pbt_sampler_row()};
  return table;
}

AutoChoice auto_sampler(const StudySpec& spec) {
  const std::int64_t configurations = spec.space.cardinality();
  if (configurations > 0 && configurations <= spec.budget.trials)
    return {"grid", "the budget has a trial for every configuration"};
  return {"gp", "a model of the loss makes the most of few trials"};
}

Result<std::unique_ptr<Sampler>> make_sampler(const StudySpec& spec) {
  const std::string name = spec.search.name == "auto" ? auto_sampler(spec).name : spec.search.name;
  const auto rows = sampler_table();
  const auto row = std::ranges::find(rows, name, &SamplerRow::name);
  if (row == rows.end()) return fail_unknown(spec.search);
  return row->make(spec, spec.search.node());
}

}  // namespace pegbox
