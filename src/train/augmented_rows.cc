// Augmented rows: see augmented_rows.h.
#include "train/augmented_rows.h"

#include <algorithm>

#include "text/augmented_row.h"
#include "text/mix_partners.h"

namespace pegbox::train {

namespace {

bool is_same(const text::Row& a, const text::Row& b) {
  return a.prompt == b.prompt && a.conversation == b.conversation && (a.conversation || a.text == b.text);
}

}  // namespace

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
  for (const text::Row& row : rows)
    for (std::int64_t copy = 1; copy <= augmenter.plan().copies; ++copy) {
      text::CopyDraw draw = augmenter.draw(text::content_hash(row), copy);
      const auto change = [&](std::string_view text) {
        const bool mixes = draw.method == text::AugmentMethod::Mix;
        const auto partner = mixes ? partners.draw(row.label, text, draw.rng) : std::string_view();
        return augmenter.change(text, draw, partner);
      };
      auto changed = text::changed_row(row, change);
      if (changed && !is_same(row, *changed)) copies.push_back(*std::move(changed));
    }
  return copies;
}

}  // namespace pegbox::train
