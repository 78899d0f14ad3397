// Refusal: whether an answer declines what it was asked, by its first words.
#pragma once

#include <memory>
#include <string_view>

namespace re2 {
class RE2;
}

namespace pegbox::text {

/// Knows the English phrases with which chat models decline ("I'm sorry, but I can't ...", "I cannot help with that",
/// "As an AI language model, I ..."), which are also those that studies of refusals search for (Zou et al. 2023, arXiv
/// 2307.15043, appendix B). It knows no other language, and not what an answer means.
class RefusalFinder {
 public:
  RefusalFinder();
  RefusalFinder(RefusalFinder&&) noexcept;
  ~RefusalFinder();

  /// Whether one of the phrases begins a sentence in the first 300 bytes of `answer` (UTF-8). Any number of threads may
  /// ask.
  bool is_refusal(std::string_view answer) const;

 private:
  std::unique_ptr<re2::RE2> pattern_;
};

}  // namespace pegbox::text
