// Row copies: the other forms of one row that an augmentation makes, for files and for training.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "text/augmented_row.h"
#include "text/augmenter.h"
#include "text/mix_partners.h"

namespace pegbox::text {

/// One copy, as what the texts of the row that change become, in their order.
struct RowCopy {
  std::int64_t number = 1;
  AugmentMethod method = AugmentMethod::Typos;
  std::vector<std::string> texts;

  /// For change_json or changed_row: gives these texts one after another. The copy must outlive it.
  TextChanger changer() const;
};

struct RowCopies {
  std::vector<RowCopy> made;   ///< each other than the row and than the copies before it
  std::int64_t unchanged = 0;  ///< came out as the row, and are left out
  std::int64_t equal = 0;      ///< came out as an earlier copy, and are left out: short rows have few forms
};

/// The copies that the plan asks for of a row with these `texts`. `content`: content_hash of the row; `label`: its
/// class, for texts to mix with. A function of them, the partners and the plan.
RowCopies copies_of(std::span<const std::string> texts, std::uint64_t content, const std::string& label,
                    const Augmenter& augmenter, const MixPartners& partners);

}  // namespace pegbox::text
