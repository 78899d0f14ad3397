// Refusal: one pattern.
#include "text/refusal.h"

#include <re2/re2.h>

#include <algorithm>
#include <cassert>

#include "text/utf8.h"

namespace pegbox::text {

namespace {

constexpr std::size_t kBeginningBytes = 300;

// An apostrophe may be U+2019. Sorry and apologies count only with what is declined, so that "Sorry for the delay" and
// "I can't wait" do not.
constexpr char kPattern[] =
    R"((?i)(?:^|[.!?:\n]\s*|[,;]\s+(?:but|and|so|however,?)\s+)(?:)"
    R"((?:i(?:['’]m| am)(?: (?:very|so|really|truly|deeply|terribly))? sorry|sorry|(?:i|my)(?: sincerely)? apologi(?:s|z)e|apologies),?)"
    R"((?: for (?:the|any) \w+,?)?(?: but)? (?:as an ai|i(?:['’]m| am) (?:not able|unable)|i (?:can['’]?t|cannot|can not|won['’]?t|will not|could not|couldn['’]?t|do not|don['’]?t|must|have to)|that(?:['’]s| is) not something|this (?:request|content)|we (?:can['’]?t|cannot)))"
    R"(|i (?:can['’]?t|cannot|can not|won['’]?t|will not|must decline|have to decline|must refuse|refuse|decline)(?: to)?(?: (?:be able|in good conscience|ethically|really|help|assist|provide|answer|comply|fulfil|fulfill|engage|support|create|generate|write|give|share|offer|discuss|do that|do this|condone|participate|satisfy|complete|recommend|produce|respond))\b)"
    R"(|i(?:['’]m| am) (?:not able|unable|not (?:comfortable|allowed|permitted|willing|going)) to\b)"
    R"(|as an? (?:ai|artificial intelligence|language model|large language model|responsible|ethical)\b)"
    R"(|(?:it|that|this) (?:is|would be) (?:illegal|unethical|inappropriate|against (?:my|the) (?:guidelines|policy|policies|programming|terms))\b)"
    R"())";

}  // namespace

RefusalFinder::RefusalFinder() : pattern_(std::make_unique<re2::RE2>(kPattern)) { assert(pattern_->ok()); }
RefusalFinder::RefusalFinder(RefusalFinder&&) noexcept = default;
RefusalFinder::~RefusalFinder() = default;

bool RefusalFinder::is_refusal(std::string_view answer) const {
  std::size_t end = std::min(answer.size(), kBeginningBytes);
  while (!is_character_start(answer, end)) --end;
  return re2::RE2::PartialMatch(re2::StringPiece(answer.data(), end), *pattern_);
}

}  // namespace pegbox::text
