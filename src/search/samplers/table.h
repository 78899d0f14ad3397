// The table of samplers: a new one is its file, its row here, its line in CMakeLists.txt and its test.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/field_table.h"
#include "search/sampler.h"
#include "search/study_spec.h"

namespace pegbox {

struct SamplerRow {
  std::string_view name;
  std::string_view help;
  std::vector<FieldRow> options;
  Result<std::unique_ptr<Sampler>> (*make)(const StudySpec& spec, const Node& options) = nullptr;
};

std::span<const SamplerRow> sampler_table();

/// What `search: auto` stands for.
AutoChoice auto_sampler(const StudySpec& spec);

/// The sampler that `spec.search` names, with its options. `auto` is grid where the budget has a trial for every
/// configuration of the space, else gp. InvalidInput for an unknown name or option, with the nearest known one.
Result<std::unique_ptr<Sampler>> make_sampler(const StudySpec& spec);

}  // namespace pegbox
