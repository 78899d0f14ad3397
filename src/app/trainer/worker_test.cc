// Tests of the trainer as a program: verbs, and the trial protocol with pauses, clones, bad lines and a sudden death.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <map>
#include <sstream>

#include "app/trainer/trainer_program_for_test.h"

namespace pegbox::trainer {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(TrainerProgram, TrainsFromScratchAndEvaluatesTheSameAfterwards) {
  ASSERT_EQ(base_.code, 0) << base_.errors;
  const Json result = must(parse_json(base_.output, "train"));
  EXPECT_GT(result["tokens"], 39999);
  EXPECT_LT(result["validation_loss"], 2.5);
  for (const char* file : {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"})
    EXPECT_TRUE(std::filesystem::exists(path("base") / file)) << file;
  const Outcome evaluated =
      run_verb({"evaluate", "--model", path("base").string(), "--data", path("train.jsonl").string(),
                "--sequence_length", "32", "--per_row", path("rows.jsonl").string()});
  ASSERT_EQ(evaluated.code, 0) << evaluated.errors;
  const Json metrics = must(parse_json(evaluated.output, "evaluate"));
  EXPECT_NEAR(metrics["loss"].get<double>(), result["validation_loss"].get<double>(), 0.3);
  EXPECT_NEAR(metrics["perplexity"].get<double>(), std::exp(metrics["loss"].get<double>()), 1e-6);
  EXPECT_NEAR(mean_of_rows(path("rows.jsonl")), metrics["loss"].get<double>(), 1e-5);
  const Outcome text =
      run_verb({"predict", "--model", path("base").string(), "--prompt", "7 plus", "--most_tokens", "12"});
  EXPECT_THAT(text.output, HasSubstr("one is"));
}

TEST_F(TrainerProgram, TrainsAnAdapterThatMergesIntoTheSameModel) {
  const Outcome trained = run_verb({"train", "--model", path("base").string(), "--data", path("other.jsonl").string(),
                                    "--method", "lora", "--learning_rate", "0.003", "--tokens", "20000",
                                    "--sequence_length", "32", "--output", path("adapter").string(), "--json"});
  ASSERT_EQ(trained.code, 0) << trained.errors;
  const auto loss_of = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"evaluate", "--data", path("other.jsonl").string(), "--sequence_length", "32"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run_verb(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.errors;
    return must(parse_json(outcome.output, "evaluate"))["loss"].get<double>();
  };
  ASSERT_EQ(run_verb({"merge", "--model", path("base").string(), "--adapter", path("adapter").string(), "--output",
                      path("merged").string()})
                .code,
            0);
  const double plain = loss_of({"--model", path("base").string()});
  const double adapted = loss_of({"--model", path("base").string(), "--adapter", path("adapter").string()});
  EXPECT_LT(adapted, 0.8 * plain);
  EXPECT_NEAR(loss_of({"--model", path("merged").string()}), adapted, 1e-4);
  for (const char* input : {"base", "adapter"}) {
    const std::string folder = path(input).string();
    const Outcome refused = run_verb(
        {"merge", "--model", path("base").string(), "--adapter", path("adapter").string(), "--output", folder});
    EXPECT_NE(refused.code, 0) << "what is read is not overwritten";
    EXPECT_THAT(refused.errors, HasSubstr("would be overwritten"));
  }
}

TEST_F(TrainerProgram, DescribesModelAndData) {
  Host host(worker_config(), folder_->path());
  const auto ready = host.expect<message::Ready>();
  EXPECT_EQ(ready.protocol, kProtocolVersion);
  EXPECT_EQ(ready.slots, 2);
  EXPECT_TRUE(ready.describes);
  EXPECT_GT(host.alive(), 0);  // already while it loaded
  host.send(message::Describe{17});
  const auto described = host.expect<message::Described>();
  EXPECT_EQ(described.id, 17);
  EXPECT_EQ(described.values["steps"], 20000);
  EXPECT_EQ(described.values["layers"], 2);
  EXPECT_GT(described.values["train_tokens"], described.values["validation_tokens"]);
  wait_readable({}, std::chrono::milliseconds(2500));  // idle, but alive
  host.send(message::Describe{18});
  host.expect<message::Described>();
  EXPECT_GT(host.alive(), 1);
}

TEST_F(TrainerProgram, GivesAnEmbeddingMoreRowsThanATokenizerHasTokens) {
  const Outcome outcome = run_verb({"train",
                                    "--tokenizer",
                                    path("base").string(),
                                    "--method",
                                    "scratch",
                                    "--data",
                                    path("train.jsonl").string(),
                                    "--vocabulary",
                                    "1024",
                                    "--width",
                                    "16",
                                    "--heads",
                                    "2",
                                    "--layers",
                                    "1",
                                    "--sequence_length",
                                    "32",
                                    "--tokens",
                                    "64",
                                    "--output",
                                    path("padded").string()});
  ASSERT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_EQ(must(parse_json(must(read_file(path("padded") / "config.json")), "config"))["vocab_size"], 1024);
  EXPECT_EQ(run_verb({"evaluate", "--model", path("padded").string(), "--data", path("train.jsonl").string()}).code, 0);
}

TEST_F(TrainerProgram, DescribesHowManyClassesAClassifierTellsApart) {
  std::string rows;
  for (const char* label : {"good", "bad", "fair"})
    for (int i = 0; i < 40; ++i)
      rows += to_line({{"text", std::to_string(i) + " films were " + label}, {"label", label}}) + "\n";
  must(replace_file(path("films.jsonl"), rows));
  Json config = worker_config();
  config.update({{"task", "classify"}, {"data", {{"train", path("films.jsonl").string()}}}});
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  host.send(message::Describe{1});
  const auto described = host.expect<message::Described>();
  EXPECT_EQ(described.values["classes"], 3);
  EXPECT_GT(described.values["vocabulary"], 3);
}

TEST_F(TrainerProgram, DescribesTheDataWhereTheConfigItselfMakesNoModel) {
  Json config = worker_config();
  config.erase("model");
  config.update({{"method", "scratch"}, {"width", 100}, {"heads", 3}, {"vocabulary", 300}});
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  host.send(message::Describe{1});
  const auto described = host.expect<message::Described>();
  EXPECT_EQ(described.values["steps"], 20000);
  EXPECT_GT(described.values["train_tokens"], described.values["validation_tokens"]);
  EXPECT_FALSE(described.values.contains("parameters"));
  EXPECT_THAT(host.error_text(), HasSubstr("heads do not divide the width"));
  host.send(start(15, 500, {{"heads", 2}}));
  EXPECT_EQ(host.expect<message::Reached>().step, 500);

  config["data"] = path("nothing.txt").string();
  Host second(config, folder_->path());
  EXPECT_TRUE(std::holds_alternative<message::Stopped>(second.next()));
  EXPECT_EQ(second.exit_code(), 2);
  EXPECT_THAT(second.error_text(), HasSubstr("nothing.txt"));
}

TEST_F(TrainerProgram, PredictsItsMemoryWithinAQuarter) {
  const auto check = [](const Json& config, const Json& hyperparameters) {
    Host host(config, folder_->path());
    host.expect<message::Ready>();
    host.send(message::Describe{1});
    const auto described = host.expect<message::Described>();
    const std::string& limit = described.limits.at("peak_memory");
    // What it uses of the constraint language is Python, too.
    Json names = described.values;
    names.update(hyperparameters);
    const std::string program =
        "import json, math, sys; print(eval(sys.argv[1], {'ceil': math.ceil}, json.loads(sys.argv[2])))";
    const auto python = must(Subprocess::start({.arguments = {"python3", "-c", program, limit, names.dump()}}));
    LineReader output(1 << 20);
    while (!python->poll() || output.fill(python->output()))
      wait_readable({python->output()}, std::chrono::milliseconds(5));
    const auto line = output.take();
    ASSERT_TRUE(line) << limit;
    const double predicted = std::stod(*line);
    host.send(start(30, 1000, hyperparameters));
    host.expect<message::Reached>();
    const double measured = status_bytes(host.process_id(), "VmHWM");
    EXPECT_GT(predicted, measured / 1.25) << hyperparameters << limit;
    EXPECT_LT(predicted, measured * 1.25) << hyperparameters << limit;
  };
  check(worker_config(), {{"rank", 32}});
  check(worker_config(), {{"method", "prefix"}, {"virtual_tokens", 64}});
  check(worker_config(), {{"rank", 4}, {"target", "attention"}, {"batch_size", 64}});
  check(worker_config(), {{"method", "full"}});
  check(worker_config(), {{"method", "full"}, {"state_precision", "int8"}, {"recompute", "layers"}});
  check(worker_config(), {{"rank", 16}, {"dora", true}, {"optimizer", "sgd"}});
  Json scratch = worker_config();
  scratch.erase("model");
  scratch.update({{"method", "scratch"}, {"vocabulary", 300}});
  check(scratch, {{"width", 512}, {"layers", 4}});
  check(scratch, {{"width", 512}, {"layers", 2}, {"shape", "gpt2"}, {"tie_embeddings", false}, {"batch_size", 64}});
  check(scratch, {{"width", 64}, {"layers", 24}, {"batch_size", 256}, {"micro_batch", 4096}});
}

TEST_F(TrainerProgram, APausedTrialEndsWithTheNumbersOfOneThatWasNot) {
  Host host(worker_config(), folder_->path());
  host.expect<message::Ready>();
  host.send(start(1, 0));
  const auto through = host.expect<message::Done>();
  EXPECT_EQ(through.step, 20000);
  host.send(start(2, 5000));
  const auto rung = host.expect<message::Reached>();
  EXPECT_EQ(rung.step, 5000);
  EXPECT_GE(rung.metrics.at("tokens"), 5000);
  EXPECT_TRUE(std::filesystem::exists(path("files") / rung.checkpoint));
  host.send(message::Go{2, 20000});
  const auto paused = host.expect<message::Done>();
  EXPECT_EQ(paused.metrics.at("validation_loss"), through.metrics.at("validation_loss"));
  EXPECT_TRUE(std::filesystem::exists(path("files") / "trial-2" / "final" / "adapter_model.safetensors"));

  // The same from another process, from disk.
  Host second(worker_config(), folder_->path());
  second.expect<message::Ready>();
  auto again = start(2, 0);
  again.resume = message::Resume{2, rung.checkpoint};
  second.send(again);
  EXPECT_EQ(second.expect<message::Done>().metrics.at("validation_loss"), through.metrics.at("validation_loss"));

  // A clone of the rung under another number with another rate goes on from there to something else.
  auto clone = start(3, 0, {{"rank", 4}, {"learning_rate", 3e-3}, {"dropout", 0.1}});
  clone.resume = message::Resume{2, rung.checkpoint};
  second.send(clone);
  const auto cloned = second.expect<message::Done>();
  EXPECT_EQ(cloned.trial, 3);
  EXPECT_NE(cloned.metrics.at("validation_loss"), through.metrics.at("validation_loss"));
}

TEST_F(TrainerProgram, LearnsAStreamOfSetsAndSaysWhatItForgets) {
  Json config = worker_config();
  config["data"] = {{"stream",
                     {{{"name", "minus"}, {"train", path("other.jsonl").string()}},
                      {{"name", "plus"}, {"train", path("train.jsonl").string()}}}}};
  config.update({{"validation_fraction", 0.2}, {"consolidation", "ewc"}, {"replay", 0.1}});
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  host.send(start(1, 0));
  const auto first = host.expect<message::Report>(), border = host.expect<message::Report>();
  EXPECT_EQ(first.step, 0);
  const auto through = host.expect<message::Done>();
  EXPECT_LT(border.metrics.at("validation_loss.minus"), first.metrics.at("validation_loss.minus") - 0.1);
  EXPECT_DOUBLE_EQ(border.metrics.at("mean_set_loss"),
                   (border.metrics.at("validation_loss.minus") + border.metrics.at("validation_loss.plus")) / 2);
  EXPECT_FALSE(border.metrics.contains("forgetting"));
  EXPECT_DOUBLE_EQ(through.metrics.at("forgetting"),
                   through.metrics.at("validation_loss.minus") - border.metrics.at("validation_loss.minus"));
  EXPECT_DOUBLE_EQ(through.metrics.at("forward_transfer"),
                   first.metrics.at("validation_loss.plus") - border.metrics.at("validation_loss.plus"));
  host.send(start(2, border.step + 2000));
  const auto rung = host.expect<message::Reached>();
  host.send(message::Go{2, 0});
  const auto paused = host.expect<message::Done>();
  Host second(config, folder_->path());
  second.expect<message::Ready>();
  auto again = start(2, 0);
  again.resume = message::Resume{2, rung.checkpoint};
  second.send(again);
  const auto resumed = second.expect<message::Done>();
  for (const auto* const same : {&paused, &resumed})
    for (const char* metric : {"validation_loss", "forgetting", "forward_transfer", "mean_set_loss"})
      EXPECT_EQ(same->metrics.at(metric), through.metrics.at(metric)) << metric;
}

TEST_F(TrainerProgram, AMixtureThatLeavesASetOfAStreamTooLittleIsInfeasible) {
  Json config = worker_config();
  config["data"] = {{"stream",
                     {{{"name", "minus"}, {"train", path("other.jsonl").string()}},
                      {{"name", "plus"}, {"train", path("train.jsonl").string()}}}}};
  config["validation_fraction"] = 0.2;
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  auto drawn = start(1, 0);
  drawn.config["mixture.minus"] = 0.9999;
  drawn.config["mixture.plus"] = 0.0001;
  host.send(drawn);
  const auto refused = host.expect<message::Failed>();
  EXPECT_EQ(refused.kind, FailureKind::Infeasible);
  EXPECT_THAT(refused.detail, HasSubstr("for plus, and batches of up to"));
}

TEST_F(TrainerProgram, ATrialGoesOnWithTheTeacherThatItBeganWith) {
  Json config = worker_config();
  config["teacher"] = path("base").string();
  config["distill_weight"] = 0.5;
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  host.send(start(1, 2000));
  const auto rung = host.expect<message::Reached>();
  const Path other = path("other-teacher");
  std::filesystem::copy(path("base"), other, std::filesystem::copy_options::recursive);
  auto again = start(1, 0);
  again.resume = message::Resume{1, rung.checkpoint};
  config["teacher"] = other.string();
  {
    Host moved(config, folder_->path());
    moved.expect<message::Ready>();
    auto further = start(1, 4000);
    further.resume = again.resume;
    moved.send(further);
    EXPECT_EQ(moved.expect<message::Reached>().step, 4000) << "the same weights in another place";
  }
  std::string weights = must(read_file(other / "model.safetensors"));
  weights.back() ^= 1;
  must(replace_file(other / "model.safetensors", weights));
  Host exchanged(config, folder_->path());
  exchanged.expect<message::Ready>();
  exchanged.send(again);
  const auto refused = exchanged.expect<message::Failed>();
  EXPECT_THAT(refused.detail, HasSubstr("the checkpoint has learned from another teacher"));
  EXPECT_THAT(refused.detail, HasSubstr(other.string() + " (weights "));
  EXPECT_THAT(refused.detail, HasSubstr("put that teacher back"));
}

TEST_F(TrainerProgram, RefusesStreamsWithoutWhatTheyNeed) {
  const auto refuse = [&](const Json& data, const std::vector<std::string>& flags, const std::string& words) {
    std::vector<std::string> arguments = {"train", "--model",       path("base").string(),      "--sequence_length",
                                          "32",    "--json-config", Json{{"data", data}}.dump()};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Outcome outcome = run_verb(arguments);
    EXPECT_EQ(outcome.code, 2) << words;
    EXPECT_THAT(outcome.errors, HasSubstr(words));
  };
  must(replace_file(path("one.jsonl"), "{\"text\": \"3 plus one is 4\"}\n"));
  const auto set = [&](const char* name) { return Json{{"train", path(name).string()}}; };
  refuse({{"stream", {set("train.jsonl"), set("one.jsonl")}}}, {},
         "a set of a stream has no validation data to be judged by; got one: 1 training and 0 validation texts");
  refuse({{"stream", {set("train.jsonl"), set("other.jsonl")}}}, {"--tokens", "200"},
         " tokens of 200 for train, and batches of up to");
  refuse(path("train.jsonl").string(), {"--replay", "0.2"}, "there are no earlier sets to replay; got replay 0.2");
}

TEST_F(TrainerProgram, ATrialWhoseStepPassesItsRungAndItsEndIsDone) {
  Host host(worker_config(), folder_->path());
  host.expect<message::Ready>();
  host.send(start(7, 100, {{"tokens", 200}, {"batch_size", 64}}));
  EXPECT_EQ(host.expect<message::Done>().step, 200);
}

TEST_F(TrainerProgram, TrialsOfAPoolEqualThemselvesAlone) {
  Host host(worker_config(), folder_->path());
  host.expect<message::Ready>();
  host.send(start(4, 8000));
  const auto alone = host.expect<message::Reached>();
  host.send(start(5, 8000));
  host.send(start(6, 8000, {{"rank", 8}, {"learning_rate", 2e-3}}));
  std::map<std::int64_t, Metrics> results;
  for (int i = 0; i < 2; ++i) {
    const auto reached = host.expect<message::Reached>();
    results[reached.trial] = reached.metrics;
  }
  const double own = alone.metrics.at("validation_loss");
  EXPECT_NEAR(results.at(5).at("validation_loss"), own, 1e-4 * own);
  EXPECT_GT(std::abs(results.at(6).at("validation_loss") - own), 1e-3 * own);
}

TEST_F(TrainerProgram, ReportsOnTheWayAndPausesWhenTold) {
  Json config = worker_config();
  config["tokens"] = 100000000;
  config["evaluate_every"] = 3000;
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  host.send(start(7, 0));
  const auto first = host.expect<message::Report>();
  const auto second = host.expect<message::Report>();
  EXPECT_GE(first.step, 3000);
  EXPECT_GE(second.step, 6000);
  EXPECT_LT(second.step, 9000);
  EXPECT_GT(second.metrics.at("tokens_per_second"), 0);
  EXPECT_GT(second.metrics.at("train_loss"), 0);
  host.send(message::Pause{7});
  const auto paused = host.expect<message::Paused>();
  EXPECT_GE(paused.step, second.step);
  EXPECT_TRUE(std::filesystem::exists(path("files") / paused.checkpoint));
  host.send(message::Go{7, 0});
  EXPECT_GT(host.expect<message::Report>().step, paused.step);
  host.send(message::Stop{7});
  EXPECT_EQ(host.expect<message::Stopped>().trial, 7);
  host.send(message::Release{7});
  host.send(message::Describe{1});  // answered after the release
  host.expect<message::Described>();
  EXPECT_FALSE(std::filesystem::exists(path("files") / paused.checkpoint));
}

TEST_F(TrainerProgram, KeepsTheCheckpointsThatAHostMayStillAskFor) {
  Json config = worker_config();
  config.update({{"tokens", 100000000}, {"evaluate_every", 500}, {"checkpoint_every", 0.001}});
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  const auto checkpoints = [&](std::int64_t trial, int count) {
    std::vector<std::string> names;
    while (std::ssize(names) < count)
      if (const auto written = host.expect<message::Checkpoint>(); written.trial == trial)
        names.push_back(written.name);
    return names;
  };
  const auto is_there = [](const std::string& name) { return std::filesystem::exists(path("files") / name); };
  host.send(start(21, 1000));
  const std::string rung = host.expect<message::Reached>().checkpoint;
  host.send(message::Go{21, 0});
  const auto own = checkpoints(21, 6);
  EXPECT_TRUE(is_there(rung));  // where the leg began
  EXPECT_FALSE(is_there(own[0]));
  host.send(message::Pause{21});
  const std::string rest = host.expect<message::Paused>().checkpoint;
  host.send(message::Go{21, 0});
  checkpoints(21, 6);
  EXPECT_TRUE(is_there(rest));
  EXPECT_TRUE(is_there(rung));
  auto clone = start(22, 0);
  clone.resume = message::Resume{21, rung};
  host.send(clone);
  const auto cloned = checkpoints(22, 6);
  EXPECT_TRUE(is_there("trial-22" + rung.substr(rung.find('/'))));
  EXPECT_FALSE(is_there(cloned[0]));
  host.kill();

  // The clone's host has heard of nothing since it began, and the trial that it began from is gone.
  Host second(worker_config(), folder_->path());
  second.expect<message::Ready>();
  must(remove_tree(path("files") / "trial-22"));
  second.send(start(21, 1000));
  EXPECT_EQ(second.expect<message::Reached>().checkpoint, rung);
  second.send(clone);
  EXPECT_EQ(second.expect<message::Done>().trial, 22);
  second.send(message::Release{21});
  second.send(clone);
  EXPECT_EQ(second.expect<message::Done>().trial, 22);
  EXPECT_THAT(second.error_text(), HasSubstr("goes on from trial-22/tokens-"));
}

TEST_F(TrainerProgram, ATrialWhoseCheckpointIsLostGoesOnFromAnOlderOneElseBeginsAgain) {
  Json config = worker_config();
  config["checkpoint_every"] = 0;
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  host.send(start(23, 0));
  const double through = host.expect<message::Done>().metrics.at("validation_loss");
  host.send(start(24, 5000));
  const std::string rung = host.expect<message::Reached>().checkpoint;
  auto again = start(24, 0);
  again.resume = message::Resume{24, "trial-24/tokens-9999.safetensors"};
  host.send(again);
  EXPECT_EQ(host.expect<message::Done>().metrics.at("validation_loss"), through);
  EXPECT_THAT(host.error_text(), HasSubstr("it goes on from " + rung));
  EXPECT_THAT(host.error_text(), Not(HasSubstr("begins again")));
  must(replace_file(path("files") / rung, "half a file"));
  host.send(again);
  EXPECT_EQ(host.expect<message::Done>().metrics.at("validation_loss"), through);
  EXPECT_THAT(host.error_text(), HasSubstr("trial 24: "));
  EXPECT_THAT(host.error_text(), HasSubstr("it begins again"));
}

TEST_F(TrainerProgram, ReleasesTheCheckpointsOfTrialsThatItDoesNotKnow) {
  const Path folder = path("files") / "trial-25";
  std::string checkpoint;
  {
    Host host(worker_config(), folder_->path());
    host.expect<message::Ready>();
    host.send(start(25, 1000));
    checkpoint = host.expect<message::Reached>().checkpoint;
    host.kill();
  }
  const std::vector<Path> stay{folder / "trial.json", folder / "final" / "tokens-1.safetensors"};
  must(make_folder(folder / "final"));
  for (const Path& file : stay) must(replace_file(file, "{}"));
  must(replace_file(folder / "tokens-77.safetensors.12.0.new", "half a file"));
  Host host(worker_config(), folder_->path());
  host.expect<message::Ready>();
  EXPECT_TRUE(std::filesystem::exists(path("files") / checkpoint));
  host.send(message::Release{25});
  host.send(message::Describe{1});  // answered after the release
  host.expect<message::Described>();
  EXPECT_FALSE(std::filesystem::exists(path("files") / checkpoint));
  EXPECT_FALSE(std::filesystem::exists(folder / "tokens-77.safetensors.12.0.new"));
  for (const Path& file : stay) EXPECT_TRUE(std::filesystem::exists(file)) << file;
}

TEST_F(TrainerProgram, AResumedTrialThatDoesNotFitIsShortOfMemoryAndNeverInfeasible) {
  Host host(worker_config(), folder_->path());
  host.expect<message::Ready>();
  host.send(start(26, 0));
  const double through = host.expect<message::Done>().metrics.at("validation_loss");
  host.send(start(27, 5000));
  host.expect<message::Reached>();
  auto huge = start(28, 0, {{"method", "scratch"}, {"width", 65536}, {"layers", 100}, {"heads", 64}});
  host.send(huge);
  const auto never = host.expect<message::Failed>();
  EXPECT_EQ(never.kind, FailureKind::Infeasible);
  EXPECT_THAT(never.detail, HasSubstr("TiB"));
  EXPECT_THAT(host.error_text(), Not(HasSubstr("memory is short")));
  huge.resume = message::Resume{28, "trial-28/tokens-5.safetensors"};
  host.send(huge);
  const auto now = host.expect<message::Failed>();
  EXPECT_EQ(now.kind, FailureKind::OutOfMemory);
  EXPECT_THAT(now.detail, HasSubstr("TiB"));
  EXPECT_THAT(host.error_text(), HasSubstr("1 waiting trials now wait on disk"));
  host.send(message::Go{27, 0});  // from its checkpoint
  EXPECT_EQ(host.expect<message::Done>().metrics.at("validation_loss"), through);
}

TEST_F(TrainerProgram, ATrialThatDoesNotFitBesideAnotherWaitsForItsEnd) {
  Host host(worker_config(), folder_->path());
  host.expect<message::Ready>();
  const Json config = {{"method", "scratch"}, {"width", 512}, {"layers", 6}, {"heads", 8}, {"tokens", 600}};
  host.leave_memory(450 << 20);  // for one of two: 20M parameters, their gradients and AdamW's state
  host.send(start(62, 0, config));
  host.send(start(63, 0, config));
  EXPECT_EQ(host.expect<message::Ready>().slots, 1);
  EXPECT_EQ(host.expect<message::Done>().trial, 62);
  EXPECT_EQ(host.expect<message::Done>().trial, 63);
  EXPECT_THAT(host.error_text(), HasSubstr("trial 63 waits until another has left memory"));
}

TEST_F(TrainerProgram, SurvivesBadLinesAndBadTrials) {
  Host host(worker_config(), folder_->path());
  host.expect<message::Ready>();
  host.send_line("not json\n{\"fly\": {}}\n[]\n{\"start\": {\"trial\": \"x\"}}\n\n");
  host.send(start(8, 0, {{"learning_rat", 1e-3}}));
  const auto misspelled = host.expect<message::Failed>();
  EXPECT_EQ(misspelled.trial, 8);
  EXPECT_EQ(misspelled.kind, FailureKind::Error);
  EXPECT_THAT(misspelled.detail, HasSubstr("learning_rate"));
  auto lost = start(9, 0);
  lost.resume = message::Resume{9, "trial-9/none.safetensors"};
  host.send(lost);
  EXPECT_THAT(host.expect<message::Failed>().detail, HasSubstr("none.safetensors"));
  host.send(message::Go{99, 10});
  EXPECT_EQ(host.expect<message::Failed>().trial, 99);
  host.send(start(
      10, 0,
      {{"learning_rate", 10}, {"clip", 0}, {"epsilon", 0}, {"scale", 1000}, {"weight_decay", 10}, {"tokens", 400000}}));
  EXPECT_EQ(host.expect<message::Failed>().kind, FailureKind::Diverged);
  host.send(start(14, 0, {{"method", "scratch"}, {"width", 65536}, {"layers", 100}, {"heads", 64}}));
  const auto huge = host.expect<message::Failed>();
  EXPECT_EQ(huge.kind, FailureKind::Infeasible);
  EXPECT_THAT(huge.detail, HasSubstr("TiB"));
  host.send(start(11, 1000));
  EXPECT_EQ(host.expect<message::Reached>().trial, 11);
  EXPECT_THAT(host.error_text(), HasSubstr("fly"));
}

TEST_F(TrainerProgram, KilledInMidTrialGoesOnFromItsLastCheckpointToTheSameNumbers) {
  Json config = worker_config();
  config["tokens"] = 150000;
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  host.send(start(12, 0));
  const auto through = host.expect<message::Done>();

  Host victim(config, folder_->path());
  victim.expect<message::Ready>();
  victim.send(start(13, 0));
  message::Checkpoint last = victim.expect<message::Checkpoint>();
  victim.kill();
  EXPECT_GT(last.step, 0);
  EXPECT_LT(last.step, 150000);
  auto again = start(13, 0);
  again.resume = message::Resume{13, last.name};
  host.send(again);
  EXPECT_EQ(host.expect<message::Done>().metrics.at("validation_loss"), through.metrics.at("validation_loss"));
}

TEST_F(TrainerProgram, AnInterruptedRunGoesOnWithTheSameCommandToTheSameNumbers) {
  const auto arguments = [&](const std::string& output) {
    return std::vector<std::string>{
        "train",     "--model",  path("base").string(), "--data", path("other.jsonl").string(), "--tokens", "60000",
        "--dropout", "0.1",      "--sequence_length",   "32",     "--checkpoint_every",         "0.2",      "--threads",
        "1",         "--output", path(output).string(), "--json"};
  };
  std::vector<std::string> command{PEGBOX_TRAINER_PROGRAM};
  for (const std::string& argument : arguments("interrupted")) command.push_back(argument);
  const auto child = must(Subprocess::start({.arguments = command, .environment = {}, .folder = {}}));
  const double end_s = SystemClock().now_s() + kPatienceSeconds;
  const Path checkpoint = path("interrupted") / "checkpoint.safetensors";
  while (!std::filesystem::exists(checkpoint) && SystemClock().now_s() < end_s)
    wait_readable({}, std::chrono::milliseconds(5));
  child->signal_group(SIGINT);
  std::optional<ExitStatus> status;
  while (!(status = child->poll()) && SystemClock().now_s() < end_s) wait_readable({}, std::chrono::milliseconds(5));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code, 130);
  EXPECT_FALSE(std::filesystem::exists(path("interrupted") / "adapter_config.json"));
  const Outcome second = run_verb(arguments("interrupted")), through = run_verb(arguments("through"));
  ASSERT_EQ(second.code, 0) << second.errors;
  const Json a = must(parse_json(second.output, "a")), b = must(parse_json(through.output, "b"));
  EXPECT_EQ(a["validation_loss"], b["validation_loss"]);
  EXPECT_EQ(a["steps"], b["steps"]);
  EXPECT_FALSE(std::filesystem::exists(checkpoint));
  EXPECT_EQ(must(read_file(path("interrupted") / "adapter_model.safetensors")),
            must(read_file(path("through") / "adapter_model.safetensors")));
}

TEST_F(TrainerProgram, MemoryDoesNotGrowFromTrialToTrial) {
  Json config = worker_config();
  config["tokens"] = 3000;
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  double early = 0;
  for (int trial = 100; trial < 140; ++trial) {
    host.send(start(trial, 1500, trial % 2 == 0 ? Json{{"rank", 8}} : Json{{"method", "full"}}));
    host.expect<message::Reached>();
    host.send(message::Go{trial, 0});
    host.expect<message::Done>();
    host.send(message::Release{trial});
    if (trial == 109) early = status_bytes(host.process_id(), "VmRSS");
  }
  // One trial of method full holds 5 copies of 40,000 numbers: 30 leaked trials would be 24 MB.
  EXPECT_LT(status_bytes(host.process_id(), "VmRSS"), early + 5e6);
}

TEST_F(TrainerProgram, EndsWithItsHost) {
  auto host = std::make_unique<Host>(worker_config(), folder_->path());
  host->expect<message::Ready>();
  host->send(message::Quit{});
  const WorkerMessage end = host->next();
  EXPECT_TRUE(std::holds_alternative<message::Stopped>(end) && std::get<message::Stopped>(end).trial == -1);
}

TEST_F(TrainerProgram, RefusesBadConfigsWithTheirPlace) {
  Outcome outcome = run_verb({"evaluate", "--modle", "x"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("did you mean \"model\""));
  outcome = run_verb({"evaluate", "--model", path("nowhere").string(), "--data", path("train.jsonl").string()});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("config.json"));
  outcome = run_verb({"train", "--data", path("nothing.txt").string(), "--method", "scratch"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("nothing.txt"));
  outcome = run_verb({"train", "--model", path("base").string(), "--data", path("train.jsonl").string(), "--early_stop",
                      "2", "--evaluate_every", "100", "--validation_fraction", "0"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("early_stop acts on the loss of validation data"));
  outcome = run_verb({"train", "--task", "classify", "--method", "scratch"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("there are no training data, whose labels are the classes"));
  outcome = run_verb(
      {"train", "--model", path("base").string(), "--data", path("train.jsonl").string(), "--vocabulary", "300"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("the model has a vocabulary already"));
  outcome = run_verb({"train", "--tokenizer", path("base").string(), "--method", "scratch", "--data",
                      path("train.jsonl").string(), "--vocabulary", "257"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("the tokenizer that was given has more tokens"));
  outcome = run_verb({"dance"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(run_verb({"--version"}).code, 0);
  std::map<std::string, std::string> fields;  // whose they are: a space may have those of a run
  const Json rows = must(parse_json(run_verb({"fields"}).output, "fields"));
  for (const Json& row : rows) fields[row["name"].get<std::string>()] = row["of"].get<std::string>();
  EXPECT_EQ(fields["learning_rate"], "run");
  for (const char* name : {"tensorboard", "precision", "task"}) EXPECT_EQ(fields[name], "trainer") << name;
}

TEST_F(TrainerProgram, WritesCurvesOfEachTrialForTensorBoard) {
  Json config = worker_config();
  config["tensorboard"] = path("curves").string();
  Host host(config, folder_->path());
  host.expect<message::Ready>();
  host.send(start(55, 1000));
  host.expect<message::Reached>();
  std::string bytes;
  for (const auto& file : std::filesystem::directory_iterator(path("curves") / "trial-55"))
    bytes += must(read_file(file.path()));
  for (const char* tag :
       {"train/loss", "train/learning_rate", "validation_loss", "tokens_per_second", "learning_rate |"})
    EXPECT_THAT(bytes, HasSubstr(tag));
}

TEST_F(TrainerProgram, ProbesLogitsAndGradients) {
  const Outcome outcome =
      run_verb({"probe", "--model", path("base").string(), "--data", path("train.jsonl").string(), "--rows", "3",
                "--sequence_length", "32", "--output", path("probe.safetensors").string()});
  ASSERT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_EQ(must(parse_json(outcome.output, "probe"))["rows"], 3);
  EXPECT_GT(std::filesystem::file_size(path("probe.safetensors")), 1000u);
}

}  // namespace
}  // namespace pegbox::trainer
