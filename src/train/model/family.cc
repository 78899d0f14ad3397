// Family: the table of families.
#include "train/model/family.h"

#include <algorithm>
#include <cassert>

#include "train/model/gemma_families.h"
#include "train/model/gpt2_family.h"
#include "train/model/llama_families.h"
#include "train/model/llama_variants.h"

namespace pegbox::train {

namespace {

const std::array<const Family*, 11>& table() {
  static const std::array<const Family*, 11> rows = {&kLlama,  &kGpt2,   &kMistral, &kQwen2,    &kQwen3,     &kGemma,
                                                     &kGemma2, &kGemma3, &kArcee,   &kStableLm, &kStarCoder2};
  return rows;
}

}  // namespace

std::vector<std::string_view> family_names() {
  std::vector<std::string_view> names;
  for (const Family* family : table()) names.push_back(family->name);
  return names;
}

const Family* find_family(std::string_view name) {
  const auto found = std::ranges::find(table(), name, &Family::name);
  return found == table().end() ? nullptr : *found;
}

const Family& family_of(const ModelConfig& config) {
  const Family* const family = find_family(config.family);
  assert(family != nullptr);
  return *family;
}

}  // namespace pegbox::train
