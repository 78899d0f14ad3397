// What trials of the worker measure besides their loss, against what the verb evaluate says of the same model and rows.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <sstream>

#include "app/trainer/trainer_program_for_test.h"

namespace pegbox::trainer {
namespace {

using ::testing::HasSubstr;

class TrialMetricsTest : public TrainerProgram {
 protected:
  static void SetUpTestSuite() {
    TrainerProgram::SetUpTestSuite();
    std::string train, validation;
    for (int i = 0; i < 160; ++i) {
      const std::string row = fmt::format(R"({{"prompt": "{} minus one", "completion": " is {}", "kind": "{}"}})", i,
                                          i - 1, i % 3 == 0 ? "third" : "other") +
                              "\n";
      (i % 4 == 0 ? validation : train) += row;
    }
    must(replace_file(path("minus.jsonl"), train));
    must(replace_file(path("minus_valid.jsonl"), validation));
    must(replace_file(path("labelled.jsonl"), labelled_texts()));
  }

  static std::string labelled_texts() {
    std::string rows;
    for (int i = 0; i < 40; ++i)
      rows += fmt::format(R"({{"text": "{} is {}", "label": "{}"}})", i * 7, i * 7 - 1, i % 2 ? "odd" : "even") + "\n";
    return rows;
  }

  Json config(const Json& evaluate) const {
    Json config = worker_config();
    config["data"] = {{"train", path("minus.jsonl").string()}, {"validation", path("minus_valid.jsonl").string()}};
    config["evaluate"] = evaluate;
    config["most_tokens"] = 6;
    config["tokens"] = 4000;
    return config;
  }

  /// The rows as the verb evaluate records them.
  static std::vector<Json> records(std::vector<std::string> more) {
    std::vector<std::string> arguments{"evaluate",
                                       "--data",
                                       path("minus_valid.jsonl").string(),
                                       "--records",
                                       path("records.jsonl").string(),
                                       "--sequence_length",
                                       "32",
                                       "--generate",
                                       "true",
                                       "--most_tokens",
                                       "6"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run_verb(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.errors;
    std::vector<Json> rows;
    std::istringstream lines(must(read_file(path("records.jsonl"))));
    for (std::string line; std::getline(lines, line);) rows.push_back(must(parse_json(line, "record")));
    return rows;
  }

  template <class IsIn>
  static double loss_of(const std::vector<Json>& rows, const IsIn& is_in) {
    double sum = 0, labels = 0;
    for (const Json& row : rows) {
      if (!is_in(row)) continue;
      sum += row["nll"].get<double>();
      labels += row["label_tokens"].get<double>();
    }
    return sum / labels;
  }
};

/// Letters and digits, as far as SQuAD's normalization goes on such rows.
std::string words_of(const std::string& text) {
  std::string words;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == ' ') words += c;
  while (words.starts_with(' ')) words.erase(0, 1);
  while (words.ends_with(' ')) words.pop_back();
  return words;
}

bool is_third(const Json& row) { return (row["line"].get<int>() - 1) * 4 % 3 == 0; }

TEST_F(TrialMetricsTest, AreThoseThatEvaluateGivesOfTheTrialsModel) {
  Host host(config({{{"metrics", {"loss", "exact_match", "character_error_rate"}}, {"slices", "kind"}},
                    {{"name", "few"}, {"metrics", "token_accuracy"}, {"rows", 5}, {"at", "rungs"}},
                    {{"name", "safety"},
                     {"metrics", {"toxicity", "leakage", "refusals"}},
                     {"data", path("minus_valid.jsonl").string()},
                     {"safety",
                      {{"offensive", {{"data", path("labelled.jsonl").string()}, {"positive", "odd"}}},
                       {"training", path("minus.jsonl").string()},
                       {"training_words", 3}}}}}),
            folder_->path());
  host.expect<message::Ready>();
  host.send(start(1, 2000, {{"rank", 4}, {"learning_rate", 3e-3}}));
  const auto reached = host.expect<message::Reached>();
  EXPECT_TRUE(reached.metrics.contains("few.token_accuracy")) << "at rungs, as it asks";
  EXPECT_TRUE(reached.metrics.contains("few.token_accuracy_error"));
  EXPECT_FALSE(reached.metrics.contains("exact_match")) << "at the end alone";
  host.send(message::Go{1, 0});
  const auto done = host.expect<message::Done>();
  const auto metric = [&](const std::string& name) {
    const auto found = done.metrics.find(name);
    return found == done.metrics.end() ? std::nan("") : found->second;
  };

  const auto rows =
      records({"--model", path("base").string(), "--adapter", (path("files") / "trial-1/final").string()});
  ASSERT_EQ(rows.size(), 40u);
  EXPECT_NEAR(metric("validation_loss"), loss_of(rows, [](const Json&) { return true; }), 1e-5);
  EXPECT_NEAR(metric("validation_loss[kind=third]"), loss_of(rows, is_third), 1e-5);
  EXPECT_NEAR(metric("validation_loss[kind=other]"), loss_of(rows, [](const Json& row) { return !is_third(row); }),
              1e-5);
  double right = 0;
  for (const Json& row : rows) right += words_of(row["output"]) == words_of(row["reference"]);
  EXPECT_NEAR(metric("exact_match"), right / 40, 1e-12);
  EXPECT_GT(metric("exact_match_error"), -1e-12);
  EXPECT_GT(metric("output_tokens_per_second"), 0);
  EXPECT_GT(metric("safety.toxicity"), 0);
  EXPECT_LT(metric("safety.toxicity"), 1);
  EXPECT_EQ(metric("safety.refusals"), 0);
  EXPECT_GE(metric("safety.leakage"), 0) << "outputs of three words are in the training data or not";
  const auto adapter = std::filesystem::file_size(path("files") / "trial-1/final/adapter_model.safetensors");
  EXPECT_NEAR(metric("adapter_bytes"), static_cast<double>(adapter), 0.5 * metric("adapter_bytes"));
}

TEST_F(TrialMetricsTest, OfAMethodThatTrainsNothingAreTheModelsOwn) {
  Json plain = config({{"metrics", {"exact_match", "loss"}}});
  plain["method"] = "none";
  plain["data"].erase("train");
  Host host(plain, folder_->path());
  host.expect<message::Ready>();
  host.send(start(8, 0, Json::object()));
  const auto done = host.expect<message::Done>();
  EXPECT_EQ(done.step, 0);
  const auto rows = records({"--model", path("base").string()});
  EXPECT_NEAR(done.metrics.at("validation_loss"), loss_of(rows, [](const Json&) { return true; }), 1e-5);
  EXPECT_EQ(done.metrics.at("tokens"), 0);
  EXPECT_EQ(done.metrics.at("adapter_bytes"), 0);
  EXPECT_FALSE(std::filesystem::exists(path("files") / "trial-8" / "final")) << "there is nothing to keep";

  host.send(start(2, 0, {{"prompt_template", "{prompt} ="}, {"temperature", 1.5}}));
  const auto asked = host.expect<message::Done>();
  EXPECT_NE(asked.metrics.at("validation_loss"), done.metrics.at("validation_loss"));
  host.send(start(3, 0, {{"prompt_template", "without"}}));
  EXPECT_THAT(host.expect<message::Failed>().detail, HasSubstr("{prompt}"));
}

TEST_F(TrialMetricsTest, OfAnAdapterThatIsPutOnTheModelAreTheAdaptersOwn) {
  const std::string adapter = path("minus_adapter").string();
  ASSERT_EQ(run_verb({"train", "--model", path("base").string(), "--data", path("minus.jsonl").string(), "--tokens",
                      "8000", "--sequence_length", "32", "--learning_rate", "3e-3", "--output", adapter})
                .code,
            0);
  Json adapted = config({{"metrics", "exact_match"}});
  adapted["method"] = "none";
  adapted["adapter"] = adapter;
  Host host(adapted, folder_->path());
  host.expect<message::Ready>();
  host.send(start(1, 0, Json::object()));
  const auto done = host.expect<message::Done>();
  const auto rows = records({"--model", path("base").string(), "--adapter", adapter});
  EXPECT_NEAR(done.metrics.at("validation_loss"), loss_of(rows, [](const Json&) { return true; }), 1e-4);

  adapted["method"] = "lora";
  must(replace_file(path("wrong.json"), adapted.dump()));
  const Outcome refused = run_verb({"worker", "--config", path("wrong.json").string()});
  EXPECT_NE(refused.code, 0);
  EXPECT_THAT(refused.errors, HasSubstr("only where nothing is trained"));
}

TEST_F(TrialMetricsTest, OfQuestionsAreByLikelihood) {
  std::string questions;
  for (int i = 0; i < 20; ++i)
    questions += fmt::format(R"({{"prompt": "{} plus one is", "choices": ["{}", "{}"], "answer": 0}})", i * 5,
                             i * 5 + 1, i * 5 + 97) +
                 "\n";
  must(replace_file(path("questions.jsonl"), questions));
  Json plain = config({{"metrics", {"acc", "acc_norm"}}, {"data", path("questions.jsonl").string()}});
  plain["method"] = "none";
  Host host(plain, folder_->path());
  host.expect<message::Ready>();
  host.send(start(1, 0, Json::object()));
  const auto done = host.expect<message::Done>();
  EXPECT_GT(done.metrics.at("acc"), 0.7) << "the base was trained on such sums";
  EXPECT_TRUE(done.metrics.contains("acc_norm"));
}

TEST_F(TrialMetricsTest, ThatCannotBeMeasuredAreRefusedBeforeTheFirstTrial) {
  const auto refused = [&](const Json& evaluate) {
    must(replace_file(path("refused.json"), config(evaluate).dump()));
    const Outcome outcome = run_verb({"describe", "--config", path("refused.json").string()});
    EXPECT_NE(outcome.code, 0) << evaluate.dump();
    return outcome.errors;
  };
  EXPECT_THAT(refused({{"metrics", "exact_mach"}}), HasSubstr("did you mean exact_match"));
  EXPECT_THAT(refused({{"metrics", "bleu"}, {"data", "nowhere.jsonl"}}), HasSubstr("nowhere.jsonl"));
  EXPECT_THAT(refused({{"metrics", "toxicity"},
                       {"safety", {{"offensive", {{"data", path("labelled.jsonl").string()}, {"positive", "none"}}}}}}),
              HasSubstr("one class"));
}

}  // namespace
}  // namespace pegbox::trainer
