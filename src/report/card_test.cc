// Card: everything is in it, and no text of a study can change its form.
#include "report/card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/account_test_kit.h"

namespace pegbox {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Card, HasWhatAStudyWas) {
  const HistoryForTest study = markup_study(40);
  const Json card = study_card(account_of(study));
  EXPECT_EQ(card["trials"].size(), 40u);
  EXPECT_EQ(card["trials"][0]["config"], study.state().trial(0).config.to_json());
  EXPECT_EQ(card["trials"][0]["metrics"]["bad"], "nan");
  EXPECT_EQ(card["failures"][0]["kind"], "out-of-memory");
  EXPECT_EQ(card["failures"][0]["count"], card["counts"]["failed"]);
  EXPECT_EQ(card["space"][0]["prior"]["source"], kMarkup);
  EXPECT_EQ(card["repeat"]["study_file"], study.spec().source);
  EXPECT_FALSE(card["compute"]["energy"]["is_measured"]);
  EXPECT_FALSE(card["importance"].empty());
  EXPECT_TRUE(card["why_no_best"].is_null());
}

/// What a validator would say first; tests/peers has a real one.
TEST(Card, HasTheMembersOfItsSchema) {
  const Json schema = card_schema();
  for (const int trials : {0, 1, 40}) {
    const HistoryForTest study = markup_study(trials);
    const Json card = study_card(account_of(study));
    for (const auto& [name, value] : card.items()) EXPECT_TRUE(schema["properties"].contains(name)) << name;
    for (const Json& name : schema["required"]) EXPECT_TRUE(card.contains(name.get<std::string>())) << name;
  }
}

TEST(Card, MarkdownHasMetadataAndEscapesEveryText) {
  const HistoryForTest study = markup_study(40);
  const std::string text = card_markdown(study_card(account_of(study)));
  EXPECT_THAT(text, StartsWith("---\ntags:\n- pegbox\n"));
  EXPECT_THAT(text, HasSubstr("\n---\n\n# test\n"));
  const std::string before_file = text.substr(0, text.find("```json"));
  EXPECT_THAT(before_file,
              AllOf(Not(HasSubstr("<script")), HasSubstr("&lt;script&gt;alert(&#39;x&#39;)"), HasSubstr("\\|\\`\\*")));
  for (const char* title : {"The best", "How it was searched", "Space", "What mattered", "Compute", "Data", "Failures",
                            "Again", "All trials"})
    EXPECT_THAT(text, HasSubstr(std::string("\n## ") + title + "\n"));
}

TEST(Card, ListsAModelsResultsOnlyWhereOneWasTrained) {
  const char* with_trainer =
      R"({"space": {"x": {"range": [0, 1]}}, "trial": {"trainer": {"data": {"train": "a.jsonl"}}}})";
  for (const bool trains : {true, false}) {
    HistoryForTest study(trains ? with_trainer : R"({"space": {"x": {"range": [0, 1]}}})");
    study.done(Config{{"x", 0.5}}, 1.25);
    const std::string text = card_markdown(study_card(account_of(study)));
    EXPECT_EQ(text.find("model-index") != std::string::npos, trains);
    if (!trains) continue;
    EXPECT_THAT(text, AllOf(HasSubstr("name: \"a.jsonl\""), HasSubstr("value: 1.25")));
  }
}

TEST(Card, SaysThatThereIsNoBest) {
  const HistoryForTest study = markup_study(0);
  EXPECT_THAT(card_markdown(study_card(account_of(study))), HasSubstr("None: no trial has a result."));
}

}  // namespace
}  // namespace pegbox
