// Tests of study files as the program reads them: what runs a trial, quick studies, templates, default spaces.
#include "app/study_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "app/auto_space.h"
#include "app/default_space.h"
#include "app/quick_study.h"
#include "app/study_plan.h"
#include "app/study_template.h"
#include "app/yaml_document.h"

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kRest =
    "space: {lr: {range: [1e-5, 1e-1], scale: log}, rank: {choice: [4, 8]}}\n"
    "objective: {minimize: loss}\nbudget: {trials: 3}\n";

Result<StudyFile> read_study(const std::string& trial) {
  auto document = parse_yaml("name: a\n" + trial + kRest, "study.yaml");
  if (!document) return tl::make_unexpected(document.error());
  return StudyFile::read(std::move(*document), "/tmp");
}

std::string trial_error_of(const std::string& trial) {
  const auto file = read_study(trial);
  return file ? "no error" : file.error().message;
}

TEST(StudyFile, ReadsACommandWithPatterns) {
  const auto file = read_study(
      "trial:\n  command: \"train --lr {lr} --rank {rank} --seed {seed}\"\n"
      "  metric: {loss: \"loss: (\\\\S+)\", step: \"step (\\\\d+)\"}\n");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->trial.kind, TrialKind::Command);
  EXPECT_EQ(file->trial.patterns.at("loss"), "loss: (\\S+)");
  EXPECT_EQ(file->trial.step_pattern, "step (\\d+)");
  EXPECT_EQ(file->trial.folder, "/tmp");
}

TEST(StudyFile, ReadsAWorker) {
  const auto file = read_study("trial: {worker: python worker.py}\n");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->trial.kind, TrialKind::Worker);
  EXPECT_EQ(file->trial.command, "python worker.py");
}

TEST(StudyFile, RefusesAPlaceholderThatIsNotInTheSpace) {
  const std::string message = trial_error_of("trial:\n  command: \"train --lr {lrr}\"\n");
  EXPECT_THAT(message, HasSubstr("study.yaml:3"));
  EXPECT_THAT(message, HasSubstr("lr"));
}

TEST(StudyFile, RefusesUnclearTrialsWithTheirLine) {
  EXPECT_THAT(trial_error_of("trial: {comand: x}\n"), HasSubstr("command"));
  EXPECT_THAT(trial_error_of("trial: {command: x, worker: y}\n"), HasSubstr("one of trainer, command and worker"));
  EXPECT_THAT(trial_error_of("trial: {}\n"), HasSubstr("one of trainer, command and worker"));
  EXPECT_THAT(trial_error_of("trial: {worker: x, metric: {loss: y}}\n"), HasSubstr("patterns"));
  EXPECT_THAT(trial_error_of("trial: {command: x, metric: {step: y}}\n"), HasSubstr("no metric"));
}

TEST(StudyFile, SaysWhereAModelWasLookedFor) {
  const std::string message = trial_error_of("trial:\n  trainer:\n    model: no/such/model\n    data: x.txt\n");
  EXPECT_THAT(message, HasSubstr("study.yaml:4"));
  EXPECT_THAT(message, HasSubstr("/tmp/no/such/model"));
}

TEST(StudyFile, MakesPathsOfTheTrainerAbsolute) {
  const auto folder = TemporaryFolder::create("study-file");
  ASSERT_TRUE(folder);
  ASSERT_TRUE(make_folder(folder->path() / "base"));
  ASSERT_TRUE(replace_file(folder->path() / "a.txt", "text"));
  const auto document = parse_yaml("model: base\ndata: {train: [a.txt], validation: a.txt}\nrank: 8\n", "run.yaml");
  ASSERT_TRUE(document);
  const auto json = resolve_trainer_paths(document->root(), folder->path());
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ((*json)["model"], (folder->path() / "base").string());
  EXPECT_EQ((*json)["data"]["train"][0], (folder->path() / "a.txt").string());
  EXPECT_EQ((*json)["rank"], 8);
}

TEST(StudyFile, RefusesNamesThatTheTrainerDoesNotKnow) {
  const auto document = parse_yaml("trainer: {model: m, rnak: 8}\nspace: {learning_rat: {value: 1}}\n", "study.yaml");
  ASSERT_TRUE(document);
  const TrainerFields known{.all = {"model", "rank", "learning_rate"}, .run = {"rank", "learning_rate"}};
  const Node root = document->root();
  const auto trainer = check_trainer_names(*root.at("trainer"), *root.at("space"), known);
  ASSERT_FALSE(trainer);
  EXPECT_THAT(trainer.error().message, HasSubstr("rank"));
  const auto check_space = [&](const std::string& space) {
    const auto study = parse_yaml("trainer: {model: m}\nspace: {" + space + "}\n", "study.yaml");
    const auto checked = check_trainer_names(*study->root().at("trainer"), *study->root().at("space"), known);
    return checked ? "no error" : checked.error().message;
  };
  EXPECT_EQ(check_space("learning_rate: 1, rank: 2"), "no error");
  EXPECT_THAT(check_space("learning_rat: 1"), HasSubstr("did you mean learning_rate"));
  EXPECT_THAT(check_space("learning_rat: 1"), HasSubstr("study.yaml:2"));
  EXPECT_THAT(check_space("model: m"), HasSubstr("the same for all trials"));
}

TEST(DefaultSpace, OfEveryMethodIsAValidSpaceWithAValidFirstConfiguration) {
  for (const std::string& method : methods_with_default_space()) {
    const auto parameters = default_space(method);
    ASSERT_TRUE(parameters);
    Json json = space_json(*parameters);
    for (auto& parameter : json)
      if (parameter.contains("prior") && parameter["prior"].is_string())
        parameter["prior"] = {{"law", parameter["prior"]}, {"parameters", 1e8}, {"tokens", 2e9}, {"width", 768}};
    const Document document{.json = json, .name = method, .lines = {}};
    const auto space = Space::read(document.root());
    ASSERT_TRUE(space) << space.error().message;
    const auto config = Config::from_json(first_config_json(*parameters));
    ASSERT_TRUE(config);
    Rng rng({});
    const auto complete = space->complete(*config, method, rng);
    ASSERT_TRUE(complete) << complete.error().message;
    EXPECT_EQ(*complete, *config);
  }
}

TEST(QuickStudy, ReadsBudgets) {
  EXPECT_EQ(budget_of_flags({"30m", "60trials", "2e8 tokens"})->dump(),
            R"({"time":1800.0,"trials":60.0,"tokens":200000000.0})");
  EXPECT_THAT(budget_of_flags({"60"}).error().message, HasSubstr("without a unit"));
  EXPECT_THAT(budget_of_flags({"soon"}).error().message, HasSubstr("not a budget"));
  EXPECT_THAT(budget_of_flags({"30m", "1h"}).error().message, HasSubstr("two limits"));
}

TEST(QuickStudy, MakesAStudyOfTheFlags) {
  QuickStudy quick;
  quick.model = "models/base";
  quick.data = {"notes.txt"};
  quick.budget = {"30m"};
  quick.set = {"rank=8", "tokens=2e6"};
  const auto document = quick_study_document(quick);
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->json["name"], "lora-base");
  EXPECT_EQ(document->json["trial"]["trainer"]["rank"], 8);
  EXPECT_EQ(document->json["space"], "auto");
  EXPECT_EQ(document->json["budget"]["time"], 1800);
}

TEST(QuickStudy, SaysWhatIsMissing) {
  EXPECT_THAT(quick_study_document({}).error().message, HasSubstr("--model"));
  EXPECT_THAT(quick_study_document({.model = "m"}).error().message, HasSubstr("--data"));
  EXPECT_THAT(quick_study_document({.model = "m", .data = {"d"}}).error().message, HasSubstr("--budget"));
}

TEST(StudyTemplate, OfACommandIsAStudyThatCanBeRead) {
  TemplateChoices choices;
  choices.command = "python train.py --lr {lr} --rank {rank} --x '{x}' ${HOME} {{}}";
  const auto text = study_template(choices, std::nullopt);
  ASSERT_TRUE(text) << text.error().message;
  auto document = parse_yaml(*text, "study.yaml");
  ASSERT_TRUE(document) << document.error().message << *text;
  const auto file = StudyFile::read(std::move(*document), ".");
  ASSERT_TRUE(file) << file.error().message << *text;
  EXPECT_EQ(file->trial.command, choices.command);
  ASSERT_EQ(file->spec.space.parameters().size(), 3u);
  EXPECT_TRUE(file->spec.space.find("lr")->log_scale);
}

TEST(StudyTemplate, MaximizesWhatIsPlainlyBetterWhenLarger) {
  const auto objective_of = [](const std::string& metric) {
    TemplateChoices choices;
    choices.command = "train {x}";
    choices.metric = metric;
    return *study_template(choices, std::nullopt);
  };
  for (const char* metric : {"acc", "val_accuracy", "eval/F1", "exact_match", "reward"})
    EXPECT_THAT(objective_of(metric), HasSubstr(std::string("objective: {maximize: ") + metric)) << metric;
  for (const char* metric : {"loss", "reward_loss", "accept", "perplexity"})
    EXPECT_THAT(objective_of(metric), HasSubstr(std::string("objective: {minimize: ") + metric)) << metric;
}

TEST(StudyTemplate, OfATrainerIsAStudyForEveryMethod) {
  for (const std::string& method : methods_with_default_space()) {
    TemplateChoices choices{.model = "my model", .data = {"a: b.txt", "c.txt"}, .validation = "no", .method = method};
    const auto text = study_template(choices, Json{{"parameters", 6.4e6}, {"train_tokens", 1.2e6}});
    ASSERT_TRUE(text) << text.error().message;
    auto document = parse_yaml(*text, "study.yaml");
    ASSERT_TRUE(document) << document.error().message << *text;
    const bool has_law = std::set<std::string>{"lora", "qlora", "full", "scratch", "last_k"}.contains(method);
    EXPECT_EQ(needs_facts(document->json), has_law) << "where its rate has a law, the trainer is asked";
    for (auto& parameter : document->json["space"])
      if (parameter.contains("prior") && parameter["prior"].is_string())
        parameter["prior"] = {{"law", parameter["prior"]}, {"parameters", 6e6}, {"tokens", 1e6}, {"width", 256}};
    const auto spec = StudySpec::read(*document);
    ASSERT_TRUE(spec) << spec.error().message << *text;
    const Json& trainer = document->json["trial"]["trainer"];
    EXPECT_EQ(trainer["model"], "my model");
    EXPECT_EQ(trainer["data"]["train"][0], "a: b.txt");
    EXPECT_EQ(trainer["data"]["validation"], "no");
    EXPECT_THAT(*text, HasSubstr("6.4 M parameters"));
  }
}

TEST(AutoSpace, FollowsTheOptimizerOfAllTrials) {
  const auto first_config = [](const std::string& fields) {
    auto document = parse_yaml("trial: {trainer: {method: scratch" + fields + "}}\nspace: auto\n", "study.yaml");
    EXPECT_TRUE(document);
    std::optional<Json> described = Json{{"parameters_without_tables", 1e8}, {"width", 768}, {"steps", 1e9}};
    const auto completed = complete_space(*document, ".", described);
    EXPECT_TRUE(completed) << completed.error().message;
    EXPECT_EQ(document->json["space"].contains("beta2"), document->json["try_first"][0].contains("beta2"));
    return document->json["try_first"][0];
  };
  const double usual = first_config("")["learning_rate"];
  EXPECT_EQ(first_config(", optimizer: adamw")["learning_rate"].get<double>(), usual);
  EXPECT_LT(first_config(", optimizer: lion")["learning_rate"].get<double>(), usual / 3);
  EXPECT_TRUE(first_config(", optimizer: muon").contains("beta2"));
  EXPECT_FALSE(first_config(", optimizer: adafactor").contains("beta2")) << "it has none";
}

TEST(AutoSpace, HasNoLawForEveryOptimizer) {
  auto document = parse_yaml("trial: {trainer: {method: scratch, optimizer: sgd}}\nspace: auto\n", "study.yaml");
  std::optional<Json> described = Json{{"parameters_without_tables", 1e8}, {"width", 768}, {"steps", 1e9}};
  const auto completed = complete_space(*document, ".", described);
  ASSERT_FALSE(completed);
  EXPECT_THAT(completed.error().message, HasSubstr("adafactor"));
  EXPECT_THAT(completed.error().message, HasSubstr("sgd"));
}

TEST(StudyTemplate, QuotesTextThatYamlWouldTakeForSomethingElse) {
  EXPECT_EQ(yaml_text("models/base"), "models/base");
  for (const char* text : {"1e-5", "true", "", "a b", "- x", "null", "a: b", "it's", "say \"x\"", "#x", "~"}) {
    const auto document = parse_yaml("v: " + yaml_text(text) + "\n", "x");
    ASSERT_TRUE(document) << text;
    EXPECT_EQ(document->json["v"], Json(text)) << yaml_text(text);
  }
}

TEST(StudyPlan, SaysWhatWouldRunAndWhatItWouldCost) {
  auto document = parse_yaml(
      "name: a\ntrial: {command: \"run {lr}\"}\n"
      "space: {lr: {range: [1e-5, 1e-1], scale: log, prior: {at: 1e-3, spread: 3}}}\n"
      "objective: {minimize: loss}\nbudget: {trials: 3, tokens: 4e6}\nsteps: 5e5\n",
      "study.yaml");
  const auto file = StudyFile::read(std::move(*document), ".");
  ASSERT_TRUE(file) << file.error().message;
  const std::string plan = describe_plan(*file, Json{{"parameters", 6.4e6}, {"steps", 1e6}});
  for (const char* part : {"run {lr}", "1e-5 to 0.1, log scale, prior 1e-3 (factor 3)", "3 trials, 4 M tokens",
                           "minimize", "full trial   1 M tokens", "4.0 full trials"})
    EXPECT_THAT(plan, HasSubstr(part));
}

}  // namespace
}  // namespace pegbox
