// Row copies: see row_copies.h.
#include "text/row_copies.h"

#include <algorithm>
#include <set>

namespace pegbox::text {

TextChanger RowCopy::changer() const {
  return [next = texts.begin()](std::string_view) mutable { return *next++; };
}

RowCopies copies_of(std::span<const std::string> texts, std::uint64_t content, const std::string& label,
                    const Augmenter& augmenter, const MixPartners& partners) {
  RowCopies copies;
  std::set<std::vector<std::string>> known;
  for (std::int64_t number = 1; number <= augmenter.plan().copies; ++number) {
    CopyDraw draw = augmenter.draw(content, number);
    RowCopy copy{.number = number, .method = draw.method, .texts = {}};
    for (const std::string& text : texts) {
      const bool mixes = draw.method == AugmentMethod::Mix;
      const auto partner = mixes ? partners.draw(label, text, draw.rng) : std::string_view();
      copy.texts.push_back(augmenter.change(text, draw, partner));
    }
    if (std::ranges::equal(copy.texts, texts))
      ++copies.unchanged;
    else if (!known.insert(copy.texts).second)
      ++copies.equal;
    else
      copies.made.push_back(std::move(copy));
  }
  return copies;
}

}  // namespace pegbox::text
