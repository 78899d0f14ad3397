// Tests of the corpus, and of learning on real text: Python's own sources.
#include "train/corpus.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

#include "train/method/scratch_model.h"
#include "train/run.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::must;

/// Python's standard library, where this machine has it.
std::vector<Path> python_sources() {
  for (const char* folder : {"/usr/lib/python3.11", "/usr/lib/python3.12", "/usr/lib/python3.13",
                             "/usr/local/lib/python3.11", "/usr/local/lib/python3.12", "/usr/local/lib/python3.13"}) {
    std::vector<Path> files;
    for (const char* name : {"argparse.py", "ast.py", "calendar.py", "cmd.py", "datetime.py", "difflib.py", "heapq.py",
                             "inspect.py", "json/decoder.py", "textwrap.py"})
      if (std::filesystem::exists(Path(folder) / name)) files.push_back(Path(folder) / name);
    if (files.size() > 5) return files;
  }
  return {};
}

text::ModelText trained_text(const DataRows& rows) {
  std::vector<std::string> texts;
  for (const text::Row& row : rows.parts[0]) texts.push_back(row.text);
  return {.tokenizer = must(text::Tokenizer::train_byte_level_bpe(texts, 512, "<|end|>")),
          .end = {"<|end|>", 0},
          .begin = {},
          .pad = {},
          .chat_template = {}};
}

TEST(Corpus, KeepsAPartApartWhereNoValidationDataAreGiven) {
  const auto folder = must(TemporaryFolder::create("corpus"));
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += "{\"text\": \"the number is " + std::to_string(i) + "\"}\n";
  must(replace_file(folder.path() / "train.jsonl", lines));
  DataFiles files{.parts = {{{folder.path() / "train.jsonl"}, {}, {}}}, .validation_fraction = 0.2};
  DataRows rows = must(read_rows(files));
  EXPECT_EQ(rows.parts[0].size() + rows.parts[1].size(), 200u);
  EXPECT_NEAR(static_cast<double>(rows.parts[1].size()), 40, 20);
  text::ModelText text = trained_text(rows);
  Corpus corpus(std::move(text), std::move(rows), 1);
  EXPECT_TRUE(corpus.has(Part::Validation));
  EXPECT_FALSE(corpus.has(Part::Test));
  EXPECT_FALSE(corpus.tokenized(Part::Test, 64));
  const auto* const once = must(corpus.tokenized(Part::Train, 64));
  EXPECT_EQ(once, must(corpus.tokenized(Part::Train, 64)));  // tokenized once
  EXPECT_NE(once, must(corpus.tokenized(Part::Train, 8)));
}

TEST(Corpus, KeepsARowOfEachClassInTraining) {
  const auto folder = must(TemporaryFolder::create("classes"));
  std::string lines;
  for (int i = 0; i < 40; ++i)  // 20 classes of one text, 1 of the rest
    lines += fmt::format("{{\"text\": \"text {}\", \"label\": \"{}\"}}\n", i, std::min(i, 20));
  const Path file = folder.path() / "rows.jsonl";
  must(replace_file(file, lines));
  DataFiles files{.validation_fraction = 0.5, .labels = true};
  files.parts[0] = {file};
  const DataRows rows = must(read_rows(files));
  EXPECT_EQ(must(class_names(rows.parts[0])).size(), 21u);
  EXPECT_EQ(rows.parts[0].size() + rows.parts[1].size(), 40u);
  EXPECT_FALSE(rows.parts[1].empty());
  for (const text::Row& row : rows.parts[1]) EXPECT_EQ(row.label, "20") << "the others' only texts are for training";
}

TEST(Corpus, SaysWhereALabelIsThatNoClassHas) {
  DataRows rows;
  rows.parts[0] = {{.prompt = "", .text = "one two three", .label = "odd", .file = 0, .line = 7}};
  rows.files[0] = {"rows.jsonl"};
  rows.has[0] = true;
  text::ModelText text = trained_text(rows);
  Corpus corpus(std::move(text), std::move(rows), 1, text::LossOn::Completions, {"good", "bad"});
  const auto tokens = corpus.tokenized(Part::Train, 64);
  ASSERT_FALSE(tokens);
  EXPECT_THAT(tokens.error().message, ::testing::HasSubstr("rows.jsonl:7"));
}

TEST(Corpus, BeginsRowsAsTheTokenizerDoes) {
  DataRows rows;
  rows.parts[0] = {{.prompt = "", .text = "one two three", .file = 0, .line = 1}};
  rows.has[0] = true;
  const auto folder = must(TemporaryFolder::create("begin"));
  text::ModelText text = trained_text(rows);
  text.begin = text::SpecialToken{"<|end|>", 0};
  EXPECT_FALSE(begin_token_of(text)) << "named, but not put before texts";
  must(text.tokenizer.save(folder.path() / "tokenizer.json"));
  Json json = must(parse_json(must(read_file(folder.path() / "tokenizer.json")), "tokenizer"));
  json["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single",
       {{{"SpecialToken", {{"id", "<|end|>"}, {"type_id", 0}}}}, {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}},
      {"pair", {{{"Sequence", {{"id", "A"}, {"type_id", 0}}}}, {{"Sequence", {{"id", "B"}, {"type_id", 1}}}}}},
      {"special_tokens", {{"<|end|>", {{"id", "<|end|>"}, {"ids", {0}}, {"tokens", {"<|end|>"}}}}}}};
  must(replace_file(folder.path() / "tokenizer.json", json.dump()));
  text.tokenizer = must(text::Tokenizer::load(folder.path() / "tokenizer.json"));
  EXPECT_EQ(begin_token_of(text), 0);
  Corpus corpus(std::move(text), std::move(rows), 1);
  const auto* const tokens = must(corpus.tokenized(Part::Train, 64));
  EXPECT_EQ(tokens->row(0).front(), 0);
  EXPECT_EQ(tokens->row(0).back(), 0);
  EXPECT_EQ(tokens->label_starts[0], 1);
}

TEST(Corpus, ReadsPathsAndObjects) {
  const auto read = [](const Json& json) {
    const Document document{.json = {{"data", json}}, .name = "config", .lines = {}};
    return DataFiles::read(*document.root().at("data"));
  };
  EXPECT_EQ(must(read("a.txt")).parts[0], (std::vector<Path>{"a.txt"}));
  EXPECT_EQ(must(read({"a", "b"})).parts[0].size(), 2u);
  EXPECT_EQ(must(read({{"train", "a"}, {"test", {"c", "d"}}})).parts[2].size(), 2u);
  EXPECT_FALSE(read({{"training", "a"}}));
  EXPECT_FALSE(read(3));
  EXPECT_FALSE(read(Json::array()));
}

TEST(Corpus, ReadsColumnsAndTheSetsOfAMixture) {
  const auto read = [](const Json& json) {
    const Document document{.json = {{"data", json}}, .name = "config", .lines = {}};
    return DataFiles::read(*document.root().at("data"));
  };
  EXPECT_EQ(must(read({{"train", "a"}, {"columns", {{"prompt", "question"}}}})).columns.at("prompt"), "question");
  const DataFiles files = must(read({{"train", Json::array({{{"path", "x/books.jsonl"}, {"weight", 0.7}},
                                                            {{"path", "y"}, {"weight", 2}, {"name", "code"}}})}}));
  EXPECT_EQ(files.parts[0], (std::vector<Path>{"x/books.jsonl", "y"}));
  EXPECT_EQ(files.sets[0][0].name, "books");
  EXPECT_EQ(files.sets[0][1].name, "code");
  EXPECT_EQ(files.sets[0][1].weight, 2);
  EXPECT_FALSE(read({{"train", "a"}, {"columns", {{"question", "prompt"}}}})) << "the names are the other way round";
  EXPECT_FALSE(read({{"train", Json::array({{{"path", "a"}, {"weight", -1}}})}}));
  EXPECT_FALSE(read({{"train", Json::array({{{"path", "a"}, {"weight", 1}}, "b"})}})) << "one has no weight";
  EXPECT_FALSE(read({{"train", Json::array({{{"path", "x/a"}}, {{"path", "y/a"}}})}})) << "two of one name";
  EXPECT_FALSE(read({{"validation", Json::array({{{"path", "a"}, {"weight", 1}}})}}));
}

TEST(DataFiles, ReadAStreamOfSets) {
  const auto read = [](const Json& stream) {
    const Document document{.json = {{"data", {{"stream", stream}}}}, .name = "run.yaml", .lines = {}};
    return DataFiles::read(*document.root().at("data"));
  };
  const auto refuse = [&](const Json& stream, const std::string& words) {
    const auto files = read(stream);
    ASSERT_FALSE(files) << words;
    EXPECT_THAT(files.error().message, ::testing::HasSubstr(words));
  };
  const Json a = {{"train", "x/a.jsonl"}, {"validation", "x/a-valid.jsonl"}, {"weight", 2}};
  const Json b = {{"train", "y"}, {"validation", "z"}, {"name", "code"}, {"weight", 1}};
  const DataFiles files = must(read({a, b}));
  EXPECT_TRUE(files.in_turn);
  EXPECT_EQ(files.parts[0], (std::vector<Path>{"x/a.jsonl", "y"}));
  EXPECT_EQ(files.parts[1], (std::vector<Path>{"x/a-valid.jsonl", "z"}));
  for (const std::size_t part : {0, 1}) {
    EXPECT_EQ(files.sets[part][0].name, "a");
    EXPECT_EQ(files.sets[part][1].name, "code");
  }
  EXPECT_EQ(files.sets[0][0].weight, 2);
  EXPECT_TRUE(must(read({{{"train", "a"}}, {{"train", "b"}}})).sets[1].empty()) << "parts of training are kept apart";
  refuse(Json::array({a}), "a stream of 1 sets");
  refuse({a, b, a}, "sets 1 and 3 of a stream have the name a");
  refuse({a, {{"train", "y"}, {"weight", 1}}, b},
         "this set has no validation data, and 2 of the 3 sets of the stream have");
  refuse({a, {{"train", "y"}, {"validation", "z"}}}, "some sets have a weight and some have none");
  refuse({a, {{"path", "y"}}}, "path");
  const Document both{.json = {{"stream", {a, b}}, {"train", "c"}}, .name = "run.yaml", .lines = {}};
  EXPECT_FALSE(DataFiles::read(both.root()));
}

TEST(Corpus, KnowsTheSetThatEachTokenizedRowIsOf) {
  const TemporaryFolder folder = must(TemporaryFolder::create("pegbox-corpus-test"));
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += fmt::format("{{\"text\": \"row {}\"}}\n", i);
  must(replace_file(folder.path() / "a.jsonl", lines));
  must(replace_file(folder.path() / "b.jsonl", "{\"prompt\": \"one and\", \"completion\": \" two\"}\n"));
  DataRows rows = must(read_rows({.parts = {{{folder.path() / "a.jsonl", folder.path() / "b.jsonl"}, {}, {}}},
                                  .sets = {{{{"a", 1}, {"b", 3}}, {}, {}}},
                                  .validation_fraction = 0.3}));
  text::ModelText text = trained_text(rows);
  Corpus corpus(std::move(text), std::move(rows), 1);
  for (const Part part : {Part::Train, Part::Validation}) {
    const auto* const tokens = must(corpus.tokenized(part, 64));
    ASSERT_EQ(std::ssize(tokens->groups), tokens->size());
    EXPECT_EQ(tokens->group_names, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(tokens->group_weights.at("b"), 3);
    EXPECT_FALSE(tokens->groups_in_turn);
    for (std::int64_t row = 0; row < tokens->size(); ++row)
      EXPECT_EQ(tokens->groups[row] == 1, tokens->label_starts[row] > 1) << "only b has prompts";
  }
}

TEST(TrainingOnRealText, TakesAQuarterOffUniformGuessing) {
  const std::vector<Path> sources = python_sources();
  if (sources.empty()) GTEST_SKIP() << "no Python sources on this machine";
  DataRows rows = must(read_rows({.parts = {{sources, {}, {}}}}));
  text::ModelText text = trained_text(rows);
  Corpus corpus(std::move(text), std::move(rows), 2);
  const TrainConfig config = must(read_train_config({},
                                                    {{"method", "scratch"},
                                                     {"width", 64},
                                                     {"layers", 2},
                                                     {"heads", 2},
                                                     {"sequence_length", 128},
                                                     {"tokens", 150000},
                                                     {"batch_size", 8},
                                                     {"learning_rate", 4e-3}},
                                                    "test"));
  const BaseModel model = must(scratch_model(config, corpus.text().tokenizer.vocabulary_size(), 0));
  Lanes lanes(2);
  const auto run = must(TrainingRun::create(model, config, *must(corpus.tokenized(Part::Train, 128)), lanes));
  const auto* const validation = must(corpus.tokenized(Part::Validation, 128));
  const double before = must(run->evaluate(*validation)).loss;
  EXPECT_NEAR(before, std::log(512.0), 0.3);
  must(run->train_until(150000));
  EXPECT_LT(must(run->evaluate(*validation)).loss, 0.75 * before);
}

}  // namespace
}  // namespace pegbox::train
