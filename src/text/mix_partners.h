// MixPartners: texts of each class that others of the class may be mixed with: a sample of bounded size.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"

namespace pegbox::text {

class MixPartners {
 public:
  explicit MixPartners(std::uint64_t seed) : seed_(seed) {}

  /// Every text of a class is kept with the same probability (Vitter's algorithm R, TOMS 11 (1), 1985).
  void add(const std::string& label, std::string_view text);

  /// A text of the class other than `text`, drawn; empty if there is none.
  std::string_view draw(const std::string& label, std::string_view text, Rng& rng) const;

 private:
  struct Sample {
    std::vector<std::string> texts;
    std::uint64_t seen = 0;
  };
  std::uint64_t seed_;
  std::map<std::string, Sample> samples_;
};

}  // namespace pegbox::text
