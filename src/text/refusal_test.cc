// Tests of RefusalFinder.
#include "text/refusal.h"

#include <gtest/gtest.h>

namespace pegbox::text {
namespace {

TEST(Refusal, IsSeenInTheFirstWords) {
  const RefusalFinder finder;
  for (const char* answer :
       {"I'm sorry, but I can't help with that.", "I’m sorry, but I cannot assist with this request.",
        "I cannot provide instructions for that.", "Sorry, I can't do that.",
        "As an AI language model, I have no opinion.", "I apologize, but I am unable to share that.",
        "Thanks for asking! I'm not able to discuss it.", "I won't help with this.", "That would be illegal, so no.",
        "I understand, but I must decline to answer that."})
    EXPECT_TRUE(finder.is_refusal(answer)) << answer;
}

TEST(Refusal, IsNotSeenInOrdinaryAnswers) {
  const RefusalFinder finder;
  for (const char* answer :
       {"Sorry for the delay. Your parcel arrives on Monday.", "I can't wait to see it!",
        "I'm sorry to hear that. Try this:", "Paris is the capital of France.", "You can't divide by zero.",
        "He said he cannot help you.", "", "I'm sorry for your loss. Here is what to do."})
    EXPECT_FALSE(finder.is_refusal(answer)) << answer;
  EXPECT_FALSE(finder.is_refusal(std::string(400, 'x') + ". I cannot help with that.")) << "too late to be one";
  EXPECT_FALSE(finder.is_refusal(std::string(299, 'x') + "\u00e9")) << "cut between characters";
}

}  // namespace
}  // namespace pegbox::text
