// Augmented rows: see augmented_rows.h.
#include "train/augmented_rows.h"

#include <algorithm>

#include "text/row_copies.h"

namespace pegbox::train {

Result<std::optional<text::Augmentation>> augmentation_of(const TrainConfig& config) {
  if (config.augment_strength == 0) return std::optional<text::Augmentation>();
  PEGBOX_TRY(auto methods, text::augment_methods_of(names_in(config.augment_methods), "augment_methods"));
  if (config.task != "classify" && std::ranges::find(methods, text::AugmentMethod::Mix) != methods.end())
    return fail(ErrorKind::InvalidInput, {.where = "augment_methods",
                                          .what = "mix takes parts of two texts of one class, and there are no classes",
                                          .got = "task " + config.task,
                                          .expected = "methods without mix, or task classify"});
  return text::Augmentation{.methods = std::move(methods),
                            .strength = config.augment_strength,
                            .copies = config.augment_copies,
                            .seed = static_cast<std::uint64_t>(config.seed)};
}

std::vector<text::Row> copies_of(std::span<const text::Row> rows, const text::Augmenter& augmenter) {
  text::MixPartners partners(augmenter.plan().seed);
  if (augmenter.plan().uses(text::AugmentMethod::Mix))
    for (const text::Row& row : rows) partners.add(row.label, row.text);
  std::vector<text::Row> copies;
  for (const text::Row& row : rows) {
    std::vector<std::string> texts;
    if (!text::changed_row(row, text::collecting(texts))) continue;
    for (const text::RowCopy& copy :
         text::copies_of(texts, text::content_hash(row), row.label, augmenter, partners).made)
      copies.push_back(*text::changed_row(row, copy.changer()));
  }
  return copies;
}

}  // namespace pegbox::train
