// The table of samplers, and how a study file's `search:` becomes one of them.
#include "search/samplers/table.h"

#include <algorithm>

#include "search/samplers/gp.h"
#include "search/samplers/grid.h"
#include "search/samplers/random.h"
#include "search/samplers/sobol.h"

namespace pegbox {
namespace {

tl::unexpected<Error> fail_unknown(std::string_view name) {
  std::vector<std::string_view> names{"auto"};
  for (const SamplerRow& row : sampler_table()) names.push_back(row.name);
  std::string expected;
  for (const auto each : names) expected += (expected.empty() ? "" : ", ") + std::string(each);
  const std::string nearest = nearest_name(name, names);
  return fail(ErrorKind::InvalidInput, {.where = "search",
                                        .what = "unknown search strategy",
                                        .got = "'" + std::string(name) + "'",
                                        .expected = "one of " + expected,
                                        .hint = nearest.empty() ? "" : "did you mean '" + nearest + "'?"});
}

}  // namespace

std::span<const SamplerRow> sampler_table() {
  static const std::vector<SamplerRow> table{grid_row(), random_row(), sobol_row(), gp_row()};
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
  if (row == rows.end()) return fail_unknown(name);
  const Document options{.json = spec.search.options, .name = "search", .lines = {}};
  return row->make(spec, options.root());
}

}  // namespace pegbox
