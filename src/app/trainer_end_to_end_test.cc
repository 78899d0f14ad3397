// End-to-end tests of what needs the trainer: the demo, quick studies, and the commands about one model.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "app/program_test_kit.h"

namespace pegbox {
namespace {

using testing::HasSubstr;

/// One demo for all tests: its model and texts are there to be used.
class TrainerEndToEnd : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    shared_ = new TemporaryFolder(*TemporaryFolder::create("pegbox-demo"));
    first_ = run_demo();
  }
  static void TearDownTestSuite() { delete shared_; }

  static ProgramRun run_demo() {
    auto child = Subprocess::start({.arguments = {PEGBOX_PROGRAM, "demo", "--quick", "--json"},
                                    .environment = {{"NO_COLOR", "1"}},
                                    .folder = shared_->path()});
    return finish(**child, 280);
  }

  static Path demo(const std::string& name) { return shared_->path() / "pegbox-demo" / name; }

  static TemporaryFolder* shared_;
  static ProgramRun first_;
};

TemporaryFolder* TrainerEndToEnd::shared_ = nullptr;
ProgramRun TrainerEndToEnd::first_;

TEST_F(TrainerEndToEnd, TheDemoEndsWithAnAdapterAndWhatItGained) {
  ASSERT_EQ(first_.code, 0) << first_.err;
  const auto result = parse_json(first_.out, "demo");
  ASSERT_TRUE(result) << first_.out;
  EXPECT_NEAR((*result)["gain"].get<double>(),
              (*result)["defaults_test_loss"].get<double>() - (*result)["test_loss"].get<double>(), 1e-9);
  EXPECT_LE((*result)["interval"]["low"], (*result)["gain"]);
  EXPECT_GE((*result)["interval"]["high"], (*result)["gain"]);
  EXPECT_GE((*result)["importance"].size(), 7u);
  EXPECT_TRUE(
      std::filesystem::exists(shared_->path() / (*result)["adapter"].get<std::string>() / "adapter_model.safetensors"));
}

TEST_F(TrainerEndToEnd, TheDemoGivesTheSameResultForTheSameSeed) {
  const Json before = *parse_json(first_.out, "demo");
  const ProgramRun second = run_demo();
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_THAT(second.err, HasSubstr("from an earlier run"));
  EXPECT_EQ(*parse_json(second.out, "demo"), before);
}

TEST_F(TrainerEndToEnd, EvaluatesPredictsMergesAndTrains) {
  const Json base = json_of({"evaluate", "--model", demo("base"), "--data", demo("text/test.jsonl"), "--json"});
  const auto run = [&](std::vector<std::string> arguments) {
    const ProgramRun done = pegbox(std::move(arguments));
    EXPECT_EQ(done.code, 0) << done.err;
    return done;
  };
  run({"train", "--model", demo("base"), "--data", demo("text/train.jsonl"), "--output", "adapter", "--set",
       "tokens=20000", "--set", "learning_rate=2e-3", "--set", "batch_size=4", "--set", "sequence_length=128"});
  const Json adapted = json_of({"evaluate", "--model", demo("base"), "--adapter", "adapter", "--data",
                                demo("text/test.jsonl"), "--json", "--per-row", "rows.jsonl"});
  EXPECT_LT(adapted["loss"], base["loss"]);
  EXPECT_EQ(adapted["label_tokens"], base["label_tokens"]);
  EXPECT_THAT(*read_file(folder() / "rows.jsonl"), HasSubstr("label_tokens"));
  run({"merge", "--model", demo("base"), "--adapter", "adapter", "--output", "merged"});
  const Json merged = json_of({"evaluate", "--model", "merged", "--data", demo("text/test.jsonl"), "--json"});
  EXPECT_NEAR(merged["loss"].get<double>(), adapted["loss"].get<double>(), 1e-3);
  const ProgramRun seen = run({"inspect", "--model", demo("base"), "--adapter", "adapter", "--data",
                               demo("text/test.jsonl"), "--tokens", "2000", "--removal-tokens", "300"});
  EXPECT_THAT(seen.out, testing::AllOf(HasSubstr("adapter"), HasSubstr("missed most"), HasSubstr("tokens before it")));
  EXPECT_EQ(pegbox({"inspect", "--model", "nowhere", "--data", demo("text/test.jsonl")}).code, 2);
  EXPECT_FALSE(run({"predict", "--model", "merged", "--prompt", "#include", "--tokens", "8"}).out.empty());
  EXPECT_TRUE(json_of({"predict", "--model", "merged", "--prompt", "int", "--tokens", "4", "--json"}).contains("text"));
}

TEST_F(TrainerEndToEnd, TunesWithoutAFileAndWithTheFileThatInitWrites) {
  const ProgramRun quick =
      pegbox({"tune", "--model", demo("base"), "--data", demo("text/train.jsonl"), "--budget", "3trials", "--set",
              "tokens=4000", "--set", "sequence_length=128", "--set", "evaluate_tokens=2000", "--name", "quick"});
  EXPECT_EQ(quick.code, 0) << quick.err;
  const Json best = json_of({"best", "quick", "--json"});
  EXPECT_TRUE(best["metrics"].contains("validation_loss"));
  EXPECT_TRUE(std::filesystem::exists(folder() / best["folder"].get<std::string>()));

  const ProgramRun init = pegbox({"init", "--model", demo("base"), "--data", demo("text/train.jsonl"), "--validation",
                                  demo("text/validation.jsonl"), "--name", "mine"});
  ASSERT_EQ(init.code, 0) << init.err;
  EXPECT_THAT(*read_file(folder() / "study.yaml"), HasSubstr("training tokens"));
  const ProgramRun plan = pegbox({"tune", "study.yaml", "--dry-run"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("parameters"));
}

TEST_F(TrainerEndToEnd, MakesTheSpaceFromTheLawsForModelAndDataAtHand) {
  write("auto.yaml", fmt::format("trial: {{trainer: {{model: '{}', data: '{}', rank: 4, tokens: 20000}}}}\n"
                                 "space: auto\nobjective: {{minimize: validation_loss}}\nbudget: {{trials: 1}}\n",
                                 demo("base").string(), demo("text/train.jsonl").string()));
  const ProgramRun plan = pegbox({"tune", "auto.yaml", "--dry-run"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("tinker-cookbook"));
  EXPECT_THAT(plan.out, testing::Not(HasSubstr("4, 8, 16, 32, 64")))
      << "what the trainer's section sets is not searched";
  ASSERT_EQ(pegbox({"tune", "auto.yaml"}).code, 0);
  const Json show = *parse_json(pegbox({"show", "auto", "--json"}).out, "show");
  const double rate = show["trials"][0]["config"]["learning_rate"];
  EXPECT_GT(rate, 8e-4) << "a narrow model wants a higher rate than the default of large ones";
  EXPECT_EQ(pegbox({"tune", "auto.yaml"}).code, 0) << "the same file is the same study";
}

TEST_F(TrainerEndToEnd, ShowsWhatARunWouldLearnBeforeIt) {
  write("chats.jsonl", R"({"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]})"
                       "\n"
                       R"({"messages": [{"role": "user", "content": "3+3?"}, {"role": "assistant", "content": "6"}]})"
                       "\n");
  const std::vector<std::string> check = {"check",  "--preflight", "--model",      demo("base"),
                                          "--data", "chats.jsonl", "--validation", "chats.jsonl"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = check;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  const ProgramRun without = pegbox(check);
  EXPECT_EQ(without.code, 3) << "nothing can be learned";
  EXPECT_THAT(without.out, HasSubstr("chats.jsonl:1"));
  EXPECT_THAT(without.out, HasSubstr("no chat template"));
  const ProgramRun plain = pegbox(with({"--set", "chat_template=plain", "--set", "learning_rate=10"}));
  EXPECT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.out, HasSubstr("### user\n  | 2+2?\n  | \n  | ### assistant\n  | [[4"));
  EXPECT_THAT(plain.out, HasSubstr("2 of the validation texts (100 %) are training texts too"));
  EXPECT_THAT(plain.out, HasSubstr("learning_rate 10 is high for lora on this model"));
  const Json cut =
      *parse_json(pegbox(with({"--set", "chat_template=plain", "--set", "sequence_length=4", "--json"})).out, "check");
  EXPECT_EQ(cut["findings"][0]["fault"], true) << "everything is cut away";
  EXPECT_EQ(pegbox(with({"--set", "loss_on=everything"})).code, 2);
  write("broken.jsonl", "{\"text\": \"a\"}\n{\"text\": \n");
  const ProgramRun broken =
      pegbox({"check", "--preflight", "--model", demo("base"), "--data", "broken.jsonl", "--json"});
  EXPECT_EQ(broken.code, 3);
  const auto fault = parse_json(broken.out, "check");
  ASSERT_TRUE(fault) << broken.out;
  EXPECT_THAT((*fault)["findings"][0]["what"].get<std::string>(), HasSubstr("broken.jsonl:2"));
}

TEST_F(TrainerEndToEnd, EvaluatesOtherFieldsAndOtherTokensOfThem) {
  write("sums.csv", "question,answer\n2+2 is,four\n");
  const auto learned = [&](const std::string& loss_on) {
    return json_of({"evaluate", "--model", demo("base"), "--data", "sums.csv", "--columns", "prompt=question",
                    "--columns", "completion=answer", "--set", "loss_on=" + loss_on, "--json"})["label_tokens"]
        .get<std::int64_t>();
  };
  EXPECT_GT(learned("all"), learned("completions"));
}

TEST_F(TrainerEndToEnd, MeasuresLikelihoodsOutputsAndChoices) {
  write("rows.jsonl",
        "{\"prompt\": \"int main(\", \"completion\": \") {\", \"kind\": \"head\"}\n"
        "{\"prompt\": \"return \", \"completion\": \"0;\", \"kind\": \"end\"}\n");
  const std::vector<std::string> evaluate = {"evaluate", "--model", demo("base"), "--json", "--data"};
  const auto measured = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), evaluate.begin(), evaluate.end());
    return json_of(arguments);
  };
  const Json rows = measured({"rows.jsonl", "--metrics", "loss,bits_per_byte,chrf", "--tokens", "4", "--slice", "kind",
                              "--compare", demo("base").string()});
  EXPECT_NEAR(rows["results"]["rows"]["loss,none"].get<double>(), rows["loss"].get<double>(), 1e-5);
  EXPECT_EQ(rows["slices"]["rows"]["kind"]["head"]["rows"], 1);
  EXPECT_EQ(rows["comparisons"]["rows"]["chrf"]["difference"], 0) << "with itself";
  EXPECT_GT(rows["speed"]["rows"]["tokens_per_second"].get<double>(), 0);
  write("quiz.jsonl", "{\"prompt\": \"int\", \"choices\": [\"main\", \"qzqzqzqzqzqz\"], \"answer\": 0}\n");
  EXPECT_EQ(measured({"quiz.jsonl", "--metrics", "acc"})["results"]["quiz"]["acc,none"], 1);
  write("quiz.jsonl", "{\"prompt\": \"int\", \"choices\": [\"main\", \"of\"], \"answer\": 2}\n");
  const ProgramRun refused = pegbox({"evaluate", "--model", demo("base"), "--data", "quiz.jsonl", "--metrics", "acc"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("quiz.jsonl:1"));
}

TEST_F(TrainerEndToEnd, RefusesSequencesBeyondTheModelsPositions) {
  const std::vector<std::string> evaluate = {"evaluate", "--model", demo("base"), "--data", demo("text/test.jsonl")};
  EXPECT_EQ(pegbox(evaluate).code, 0) << "the default is what the model knows";
  std::vector<std::string> longer = evaluate;
  longer.insert(longer.end(), {"--sequence-length", "100000"});
  const ProgramRun run = pegbox(longer);
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("longer than the model knows positions; got 100000; expected at most"));
}

TEST_F(TrainerEndToEnd, SearchesTheSharesOfAMixture) {
  write("mixed.yaml", fmt::format("name: mixed\ntrial:\n  trainer:\n    model: '{}'\n    data:\n      train:\n"
                                  "        - {{path: '{}', name: code}}\n        - {{path: more.txt, name: prose}}\n"
                                  "    tokens: 4000\n    sequence_length: 64\n    evaluate_tokens: 1000\n"
                                  "space: {{mixture: {{simplex: [code, prose]}}}}\n"
                                  "objective: {{minimize: validation_loss}}\nbudget: {{trials: 2}}\nstop: none\n",
                                  demo("base").string(), demo("text/train.jsonl").string()));
  std::string prose;
  for (int i = 0; i < 800; ++i) prose += fmt::format("The string number {} is tuned by a peg of its own.\n", i);
  write("more.txt", prose);
  const ProgramRun run = pegbox({"tune", "mixed.yaml"});
  ASSERT_EQ(run.code, 0) << run.err;
  const Json trial = json_of({"show", "mixed", "--json"})["trials"][0];
  EXPECT_NEAR(trial["config"]["mixture.code"].get<double>() + trial["config"]["mixture.prose"].get<double>(), 1, 1e-6);
  EXPECT_TRUE(trial["metrics"].contains("validation_loss.code"));
  EXPECT_TRUE(trial["metrics"].contains("validation_loss.prose"));
}

TEST_F(TrainerEndToEnd, SearchesWhatKeepsAStreamFromBeingForgotten) {
  std::string prose;
  for (int i = 0; i < 800; ++i) prose += fmt::format("The string number {} is tuned by a peg of its own.\n", i);
  write("more.txt", prose);
  const auto study = [&](const char* simplex) {
    return fmt::format(
        "name: stream\ntrial:\n  trainer:\n    model: '{}'\n    data:\n      stream:\n"
        "        - {{train: '{}', name: code}}\n        - {{train: more.txt, name: prose}}\n"
        "    tokens: 8000\n    sequence_length: 64\n    batch_size: 4\n    evaluate_tokens: 1000\n"
        "space:\n  replay: {{range: [0.1, 0.5]}}\n  consolidation: {{choice: [none, ewc]}}\n"
        "  ewc_strength: {{range: [1, 100], scale: log, when: {{consolidation: ewc}}}}\n"
        "  mixture: {{simplex: {}}}\n"
        "objective: {{minimize: mean_set_loss}}\nbudget: {{trials: 2}}\nstop: none\n",
        demo("base").string(), demo("text/train.jsonl").string(), simplex);
  };
  write("stream.yaml", study("[code, prose, books]"));
  const ProgramRun refused = pegbox({"tune", "stream.yaml"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("no training set has this name"));
  write("stream.yaml", study("[code, prose]"));
  const ProgramRun checked = pegbox({"check", "stream.yaml", "--checks", "empty"});
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("in 2 files"));
  write("stream.yaml", study("[code, prose]") +
                           "try_first: [{replay: 0.3, consolidation: ewc, ewc_strength: 10, "
                           "mixture.code: 0.5, mixture.prose: 0.5}]\n");
  const ProgramRun run = pegbox({"tune", "stream.yaml"});
  ASSERT_EQ(run.code, 0) << run.err;
  const Json trial = json_of({"show", "stream", "--json"})["trials"][0];
  EXPECT_EQ(trial["reports"][0]["step"], 0);
  EXPECT_EQ(trial["reports"].size(), 3u) << "before the first set, and after each";
  for (const char* metric : {"forgetting", "backward_transfer", "forward_transfer", "validation_loss.prose"})
    EXPECT_TRUE(trial["metrics"].contains(metric)) << metric;
}

TEST_F(TrainerEndToEnd, ShowsTheLabelsThatAClassifierWouldLearn) {
  write("films.jsonl", R"({"text": "a fine film, and a long one", "label": "good"})"
                       "\n"
                       R"({"text": "dull", "label": "bad"})"
                       "\n");
  const std::vector<std::string> check = {"check",        "--preflight", "--model", demo("base"),
                                          "--data",       "films.jsonl", "--set",   "task=classify",
                                          "--validation", "films.jsonl", "--set",   "sequence_length=4"};
  const ProgramRun shown = pegbox(check);
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("its label learned"));
  EXPECT_THAT(shown.out, HasSubstr("[[good]]"));
  EXPECT_THAT(shown.out, testing::Not(HasSubstr("end token")));
  EXPECT_THAT(shown.out, testing::Not(HasSubstr("sequence_length 0")));
  std::vector<std::string> as_json = check;
  as_json.push_back("--json");
  const Json sample = json_of(as_json)["samples"][0];
  EXPECT_EQ(sample["label"], "good");
  EXPECT_EQ(sample["ids"].size(), 3u) << "the label takes the place of one more, and is none";
}

TEST_F(TrainerEndToEnd, FindsRunsThatCannotStartBeforeThem) {
  const auto check = [&](const std::vector<std::string>& sets) {
    std::vector<std::string> arguments = {"check", "--preflight", "--model", demo("base"), "run.yaml"};
    for (const std::string& set : sets) arguments.insert(arguments.end(), {"--set", set});
    return pegbox(arguments);
  };
  write("prose.txt", "The string of a peg is tuned by hand.\nEach peg has a string of its own.\n");
  write("run.yaml", "data: {train: [{path: prose.txt, name: prose}], validation: prose.txt}\n");
  EXPECT_EQ(check({}).code, 0);
  for (const char* mixture : {"mixture=banana", "mixture=books=1", "mixture=prose=0", "mixture=prose=-1"})
    EXPECT_EQ(check({mixture}).code, 3) << mixture;
  EXPECT_THAT(check({"mixture=books=1"}).out, HasSubstr("no training set has this name"));
  EXPECT_EQ(check({"balance=0.5"}).code, 3) << "there are no classes";
  EXPECT_THAT(check({"augment_strength=0.1"}).out, HasSubstr("plain text would be learned"));
  const ProgramRun unmade = check({"method=scratch", "width=100", "heads=3"});
  EXPECT_EQ(unmade.code, 3);
  EXPECT_THAT(unmade.out, HasSubstr("fault: [architecture] heads do not divide the width"));
  write("run.yaml", "sequence_length: 64\n");
  EXPECT_THAT(check({}).out, HasSubstr("there are no train data"));
  const std::string study = fmt::format(
      "trial: {{trainer: {{model: '{}', data: {{train: [{{path: prose.txt}}], validation: prose.txt}}}}}}\n"
      "space: {{mixture: {{simplex: [prose, books]}}}}\n"
      "objective: {{minimize: validation_loss}}\nbudget: {{trials: 1}}\n",
      demo("base").string());
  write("study.yaml", study);
  const ProgramRun plan = pegbox({"tune", "study.yaml", "--dry-run"});
  EXPECT_EQ(plan.code, 2);
  EXPECT_THAT(plan.err, HasSubstr("no training set has this name"));
  EXPECT_EQ(pegbox({"check", "--preflight", "study.yaml"}).code, 3);
}

TEST_F(TrainerEndToEnd, BeginsNoStudyOnDataThatCannotBeRead) {
  write("nothing.txt", "");
  write("words.jsonl", "{\"words\": 1}\n");
  for (const char* data : {"nothing.txt", "words.jsonl"}) {
    write("study.yaml", fmt::format("name: a\ntrial: {{trainer: {{model: '{}', data: {}}}}}\n"
                                    "space: {{learning_rate: {{range: [1e-4, 1e-3], scale: log}}}}\n"
                                    "objective: {{minimize: validation_loss}}\nbudget: {{trials: 2}}\n",
                                    demo("base").string(), data));
    const ProgramRun run = pegbox({"tune", "study.yaml"});
    EXPECT_EQ(run.code, 2) << run.err;
    EXPECT_THAT(run.err, HasSubstr(data));
    EXPECT_THAT(run.err, testing::Not(HasSubstr("begins in")));
    EXPECT_EQ(pegbox({"show", "a"}).code, 2) << "there is no such study";
  }
}

TEST_F(TrainerEndToEnd, BeginsNoStudyWithAValueThatTheTrainerAlwaysRefuses) {
  write("prose.txt", "The string of a peg is tuned by hand.\nEach peg has a string of its own.\n");
  const auto refusal = [&](const std::string& data, const std::string& space) {
    write("study.yaml",
          fmt::format("name: a\ntrial: {{trainer: {{model: '{}', data: {}, evaluate_every: 10}}}}\nspace: {}\n"
                      "objective: {{minimize: validation_loss}}\nbudget: {{trials: 2}}\n",
                      demo("base").string(), data, space));
    const ProgramRun run = pegbox({"tune", "study.yaml"});
    EXPECT_EQ(run.code, 2) << run.err;
    EXPECT_EQ(pegbox({"show", "a"}).code, 2) << "there is no such study";
    EXPECT_EQ(pegbox({"tune", "study.yaml", "--dry-run"}).code, 2);
    return run.err;
  };
  const std::string plain = "{train: prose.txt, validation: prose.txt}",
                    stream =
                        "{stream: [{name: a, train: prose.txt, validation: prose.txt}, {name: b, train: prose.txt, "
                        "validation: prose.txt}]}";
  EXPECT_THAT(refusal(plain, "{distill_weight: {choice: [0, 0.5]}}"),
              HasSubstr("[space: distill_weight] the trainer would refuse every trial with 0.5; got [distill_weight] "
                        "nobody is there to learn from"));
  EXPECT_THAT(refusal(stream, "{early_stop: {range: [0, 3], integer: true}}"),
              HasSubstr("[space: early_stop] the trainer would refuse every trial with 3"));
  EXPECT_THAT(refusal(plain, "{replay: {range: [0, 0.5]}}"), HasSubstr("no earlier sets to replay"));
}

TEST_F(TrainerEndToEnd, WarnsOnceOfARateFarFromThePublishedOnes) {
  for (const std::string how : {"--quiet", "--verbose"}) {
    const ProgramRun run = pegbox({"train", "--model", demo("base"), "--data", demo("text/test.jsonl"), "--output",
                                   "tuned" + how, "--set", "tokens=10", "--set", "learning_rate=9", how});
    EXPECT_EQ(run.code, 0) << run.err;
    const std::size_t first = run.err.find("learning_rate 9 is high for lora");
    EXPECT_NE(first, std::string::npos) << run.err;
    EXPECT_EQ(run.err.find("learning_rate 9 is high", first + 1), std::string::npos) << run.err;
  }
}

TEST_F(TrainerEndToEnd, TakesInARunFileWhatTrainReads) {
  write("run.yaml", "model: base\nprompts: once\n");
  const ProgramRun run = pegbox({"train", "run.yaml", "--output", "tuned"});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("unknown name; got \"prompts\""));
  for (const char* other : {"per_row", "temperature", "held_bytes", "did you mean"})
    EXPECT_THAT(run.err, testing::Not(HasSubstr(other)));
}

TEST_F(TrainerEndToEnd, RefusesFieldsThatTheTrainerDoesNotHaveBeforeTheFirstTrial) {
  const std::string study = fmt::format(
      "name: a\ntrial:\n  trainer: {{model: {}, data: {}}}\nspace:\n  learning_rat: {{range: [1e-5, 1e-2], scale: "
      "log}}\n"
      "objective: {{minimize: validation_loss}}\nbudget: {{trials: 2}}\n",
      demo("base").string(), demo("text/train.jsonl").string());
  write("study.yaml", study);
  const ProgramRun run = pegbox({"tune", "study.yaml"});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("study.yaml:5"));
  EXPECT_THAT(run.err, HasSubstr("did you mean learning_rate"));
  EXPECT_FALSE(std::filesystem::exists(folder() / "pegbox.db"));
}

TEST_F(TrainerEndToEnd, SaysWhatIsWrongWithAModel) {
  ASSERT_TRUE(make_folder(folder() / "broken"));
  std::error_code ignored;
  for (const char* file : {"config.json", "tokenizer.json", "tokenizer_config.json"})
    std::filesystem::copy_file(demo("base") / file, folder() / "broken" / file, ignored);
  const std::string weights = *read_file(demo("base") / "model.safetensors");
  for (const std::string& damaged :
       {weights.substr(0, weights.size() / 2), std::string("not safetensors"), std::string()}) {
    write("broken/model.safetensors", damaged);
    const ProgramRun run = pegbox({"evaluate", "--model", "broken", "--data", demo("text/test.jsonl")});
    EXPECT_NE(run.code, 0);
    EXPECT_THAT(run.err, HasSubstr("model.safetensors"));
  }
  EXPECT_NE(pegbox({"evaluate", "--model", "nowhere", "--data", demo("text/test.jsonl")}).code, 0);
}

TEST_F(TrainerEndToEnd, SaysWhatIsWrongEvenWhereItIsQuiet) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"predict", "--prompt", "a"},
        {"train", "--data", demo("text/train.jsonl"), "--output", "tuned", "--set", "tokens=100"}}) {
    std::vector<std::string> quiet = command;
    quiet.insert(quiet.end(), {"--quiet", "--model", "nowhere"});
    const ProgramRun run = pegbox(quiet);
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err, HasSubstr("nowhere"));
  }
}

bool has_checkpoint(const Path& trial) {
  std::error_code missing;
  const std::filesystem::directory_iterator files(trial, missing);
  return std::any_of(begin(files), end(files),
                     [](const auto& file) { return file.path().extension() == ".safetensors"; });
}

TEST_F(TrainerEndToEnd, GoesOnFromACheckpointAfterSigkill) {
  write("study.yaml",
        fmt::format("name: a\ntrial:\n  trainer: {{model: {}, data: {}, tokens: 120000, sequence_length: 128, "
                    "batch_size: 4, evaluate_tokens: 2000, checkpoint_every: 200ms}}\n"
                    "space: {{learning_rate: {{range: [1e-4, 1e-3], scale: log}}}}\n"
                    "objective: {{minimize: validation_loss}}\nbudget: {{trials: 2}}\nstop: none\n",
                    demo("base").string(), demo("text/train.jsonl").string()));
  const auto child = start({"tune", "study.yaml"});
  ASSERT_TRUE(wait_until([&] { return has_checkpoint(folder() / "pegbox.files/a/trial-0"); }));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // until the log names it
  ::kill(child->process_id(), SIGKILL);
  finish(*child);
  const ProgramRun again = pegbox({"tune", "study.yaml"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, testing::ContainsRegex("trial 0 goes on from .* tokens"));
  EXPECT_EQ(count_of("a", "done"), 2);
}

TEST(Reference, OfTheTrainersFieldsIsInStep) {
  const auto written = read_file("docs/training.md");
  ASSERT_TRUE(written) << written.error().message;
  auto child =
      Subprocess::start({.arguments = {PEGBOX_PROGRAM, "help", "--training"}, .environment = {}, .folder = {}});
  ASSERT_TRUE(child);
  EXPECT_EQ(run_to_end(**child, 60).out, *written) << "write it again: pegbox help --training > docs/training.md";
}

}  // namespace
}  // namespace pegbox
