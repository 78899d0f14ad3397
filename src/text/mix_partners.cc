// MixPartners: see mix_partners.h.
#include "text/mix_partners.h"

#include <algorithm>

#include "text/hash.h"

namespace pegbox::text {
namespace {

constexpr std::uint64_t kMostOfAClass = 1000;

}  // namespace

void MixPartners::add(const std::string& label, std::string_view text) {
  Sample& sample = samples_[label];
  if (sample.seen++ < kMostOfAClass) {
    sample.texts.emplace_back(text);
    return;
  }
  Fnv64 name;
  name.add(label);
  name.add(sample.seen);
  const std::uint64_t place = Rng({seed_, stream_id("mix partners"), name.value()}).below(sample.seen);
  if (place < kMostOfAClass) sample.texts[place] = text;
}

std::string_view MixPartners::draw(const std::string& label, std::string_view text, Rng& rng) const {
  const auto found = samples_.find(label);
  if (found == samples_.end()) return {};
  const auto& texts = found->second.texts;
  const std::size_t first = rng.below(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (const std::string& other = texts[(first + i) % texts.size()]; other != text) return other;
  return {};
}

}  // namespace pegbox::text
