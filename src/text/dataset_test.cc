// Tests of reading data sets: every form, and every fault by file and line.
#include "text/dataset.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using test::Files;

std::vector<std::string> texts_of(const Dataset& dataset) {
  std::vector<std::string> texts;
  for (const Row& row : dataset.rows) texts.push_back(row.text);
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Dataset, ReadsATextFileAsOneDocument) {
  const Files files;
  const Path path = files.write("a.txt", "one\r\n\n two é\n");
  const auto dataset = load_dataset(path);
  ASSERT_OK(dataset);
  EXPECT_EQ(texts_of(*dataset), Texts{"one\r\n\n two é\n"});
  EXPECT_EQ(dataset->shape, RowShape::Text);
  EXPECT_EQ(dataset->files, Texts{path.string()});
  EXPECT_EQ(dataset->rows[0].line, 0);
  EXPECT_EQ(dataset->bytes, 14);
}

TEST(Dataset, DropsAByteOrderMark) {
  const Files files;
  EXPECT_EQ(texts_of(*load_dataset(files.write("a.txt", "\xEF\xBB\xBFtext"))), Texts{"text"});
  EXPECT_EQ(texts_of(*load_dataset(files.write("b.jsonl", "\xEF\xBB\xBF{\"text\": \"x\"}"))), Texts{"x"});
  expect_error(load_dataset(files.write("c.txt", "\xEF\xBB\xBF")), ErrorKind::InvalidInput, {"empty"});
}

TEST(Dataset, ReadsJsonLinesOfText) {
  const Files files;
  const auto dataset =
      load_dataset(files.write("a.jsonl", "{\"text\": \"one\", \"id\": 7}\n\n  \r\n{\"text\": \"t\\u0077o\"}"));
  ASSERT_OK(dataset);
  EXPECT_EQ(texts_of(*dataset), (Texts{"one", "two"}));
  EXPECT_EQ(dataset->rows[0].line, 1);
  EXPECT_EQ(dataset->rows[1].line, 4);
}

TEST(Dataset, ReadsPromptsWithCompletions) {
  const Files files;
  const auto dataset = load_dataset(files.write("a.jsonl", R"({"prompt": "2+2=", "completion": " 4"})"
                                                           "\n"
                                                           R"({"completion": " 6", "prompt": ""})"
                                                           "\n"));
  ASSERT_OK(dataset);
  EXPECT_EQ(dataset->shape, RowShape::PromptCompletion);
  EXPECT_EQ(dataset->rows[0].prompt, "2+2=");
  EXPECT_EQ(dataset->rows[0].text, " 4");
  EXPECT_EQ(dataset->rows[1].prompt, "");
}

TEST(Dataset, ReadsAFolderInTheOrderOfNamesAndCountsWhatItSkips) {
  const Files files;
  files.write("d/b.py", "B");
  files.write("d/a/z.txt", "Z");
  files.write("d/c", "C");
  files.write("d/binary.bin", std::string("\x7F"
                                          "ELF\0\1",
                                          6));
  files.write("d/latin.txt", "caf\xE9");
  files.write("d/empty.txt", "");
  files.write("d/blank.txt", " \n\t\n");
  files.write("d/.hidden", "H");
  files.write("d/.git/config", "G");
  const auto dataset = load_dataset(files.folder() / "d");
  ASSERT_OK(dataset);
  EXPECT_EQ(texts_of(*dataset), (Texts{"Z", "B", "C"}));
  EXPECT_EQ(dataset->skipped_binary_files, 2);
  EXPECT_EQ(dataset->skipped_empty_files, 2);
  EXPECT_EQ(dataset->files[dataset->rows[1].file], (files.folder() / "d/b.py").string());
}

TEST(Dataset, ReadsOnlyTheExtensionsAskedFor) {
  const Files files;
  files.write("d/a.py", "A");
  files.write("d/b.h", "B");
  files.write("d/c.txt", "C");
  EXPECT_EQ(texts_of(*load_dataset(files.folder() / "d", {.extensions = {".py", ".h"}})), (Texts{"A", "B"}));
  expect_error(load_dataset(files.folder() / "d", {.extensions = {".rs"}}), ErrorKind::InvalidInput,
               {"0 files", ".rs"});
}

TEST(Dataset, DoesNotFollowLinksToFoldersAndSkipsDanglingOnes) {
  const Files files;
  files.write("d/a.txt", "A");
  std::filesystem::create_directory_symlink(files.folder() / "d", files.folder() / "d/loop");
  std::filesystem::create_symlink(files.folder() / "nowhere", files.folder() / "d/dangling");
  EXPECT_EQ(texts_of(*load_dataset(files.folder() / "d")), Texts{"A"});
}

TEST(Dataset, ReadsAFolderOfJsonLines) {
  const Files files;
  files.write("d/2.jsonl", "{\"text\": \"second\"}\n");
  files.write("d/1.jsonl", "{\"text\": \"first\"}\n");
  EXPECT_EQ(texts_of(*load_dataset(files.folder() / "d")), (Texts{"first", "second"}));
  files.write("d/readme.txt", "plain");
  EXPECT_EQ(load_dataset(files.folder() / "d")->rows.size(), 3u);  // now a folder of text: each file is a document
}

TEST(Dataset, ReadsSeveralPathsAsOne) {
  const Files files;
  files.write("d/x.txt", "X");
  const std::vector<Path> paths = {files.write("b.jsonl", "{\"text\": \"B\"}"), files.write("a.txt", "A"),
                                   files.folder() / "d"};
  const auto dataset = load_dataset(paths);
  ASSERT_OK(dataset);
  EXPECT_EQ(texts_of(*dataset), (Texts{"B", "A", "X"}));
  EXPECT_EQ(dataset->rows[2].file, 2);
  expect_error(load_dataset(std::vector<Path>{}), ErrorKind::InvalidInput, {"no data file"});
}

TEST(Dataset, RefusesWhatIsNotThereOrEmpty) {
  const Files files;
  expect_error(load_dataset(files.folder() / "no.txt"), ErrorKind::NotFound, {"no.txt"});
  expect_error(load_dataset(files.write("a.txt", "")), ErrorKind::InvalidInput, {"a.txt", "empty"});
  expect_error(load_dataset(files.write("b.txt", " \n")), ErrorKind::InvalidInput, {"b.txt", "empty"});
  expect_error(load_dataset(files.write("c.jsonl", "\n\n")), ErrorKind::InvalidInput, {"c.jsonl", "empty"});
  ASSERT_OK(make_folder(files.folder() / "none"));
  expect_error(load_dataset(files.folder() / "none"), ErrorKind::InvalidInput, {"none", "no text"});
}

TEST(Dataset, NamesTheLineOfBinaryDataAndOfOtherEncodings) {
  const Files files;
  expect_error(load_dataset(files.write("a.txt", std::string("one\ntwo\0", 8))), ErrorKind::InvalidInput,
               {"a.txt:2", "binary", "0x00"});
  expect_error(load_dataset(files.write("b.txt", "one\ntwo\ncaf\xE9\n")), ErrorKind::InvalidInput,
               {"b.txt:3", "not UTF-8", "0xE9", "iconv"});
  expect_error(load_dataset(files.write("c.jsonl", "{\"text\": \"a\"}\n{\"text\": \"\xFF\"}\n")),
               ErrorKind::InvalidInput, {"c.jsonl:2", "not UTF-8"});
}

TEST(Dataset, NamesTheLineOfABrokenRow) {
  const Files files;
  const auto refuse = [&](const std::string& line, const std::vector<std::string>& said) {
    std::vector<std::string> texts = {"a.jsonl:3"};
    texts.insert(texts.end(), said.begin(), said.end());
    expect_error(load_dataset(files.write("a.jsonl", "{\"text\": \"fine\"}\n\n" + line + "\n{\"text\": \"fine\"}\n")),
                 ErrorKind::InvalidInput, texts);
  };
  refuse("{\"text\": \"cut", {});
  refuse("{\"text\": \"a\"} {\"text\": \"b\"}", {});
  refuse("{\"text\": \"a\", \"text\": \"b\"}", {"twice"});
  refuse("[\"a\"]", {"not a JSON object", "array"});
  refuse("\"a\"", {"not a JSON object", "string"});
  refuse("{}", {"no text", "no fields"});
  refuse("{\"question\": \"a\", \"answer\": \"b\"}", {"no text", "question, answer", "`prompt` and `completion`"});
  refuse("{\"messages\": []}", {"conversations"});
  refuse("{\"prompt\": \"a\"}", {"prompt without a completion"});
  refuse("{\"completion\": \"a\"}", {"completion without a prompt"});
  refuse("{\"text\": \"a\", \"completion\": \"b\"}", {"ambiguous"});
  refuse("{\"text\": 3}", {"`text` is not a string", "3"});
  refuse("{\"text\": \"\"}", {"`text` is empty"});
  refuse("{\"prompt\": \"a\", \"completion\": \"\"}", {"`completion` is empty"});
  refuse("{\"prompt\": null, \"completion\": \"b\"}", {"`prompt` is not a string", "null"});
}

TEST(Dataset, RefusesOneBigJsonList) {
  const Files files;
  expect_error(load_dataset(files.write("a.json", "\n[\n  {\"text\": \"a\"}\n]\n")), ErrorKind::InvalidInput,
               {"a.json", "one JSON list", "jq"});
}

TEST(Dataset, RefusesRowsOfTwoShapes) {
  const Files files;
  const Path path = files.write("a.jsonl", "{\"text\": \"a\"}\n{\"prompt\": \"p\", \"completion\": \"c\"}\n");
  expect_error(load_dataset(path), ErrorKind::InvalidInput, {"a.jsonl:2", "two shapes", "a.jsonl:1"});
  const std::vector<Path> paths = {files.write("b.jsonl", "{\"prompt\": \"p\", \"completion\": \"c\"}\n"),
                                   files.write("c.txt", "C")};
  expect_error(load_dataset(paths), ErrorKind::InvalidInput, {"c.txt", "plain text", "b.jsonl:1"});
}

TEST(Dataset, ReadsTextsWithTheirClassesWhereLabelsAreAskedFor) {
  const Files files;
  const Path path = files.write("a.jsonl", R"({"text": "fine film", "label": "good"})"
                                           "\n"
                                           R"({"text": "dull", "label": -1, "id": 3})"
                                           "\n");
  const auto dataset = load_dataset(path, {.labels = true});
  ASSERT_OK(dataset);
  EXPECT_EQ(dataset->shape, RowShape::Classified);
  EXPECT_EQ(texts_of(*dataset), (Texts{"fine film", "dull"}));
  EXPECT_EQ(dataset->rows[0].label, "good");
  EXPECT_EQ(dataset->rows[1].label, "-1");
  const auto unasked = load_dataset(path);
  ASSERT_OK(unasked);
  EXPECT_EQ(unasked->shape, RowShape::Text);
  EXPECT_EQ(unasked->rows[0].label, "");
}

TEST(Dataset, RefusesRowsWithoutAClassWhereLabelsAreAskedFor) {
  const Files files;
  const auto refuse = [&](const std::string& line, const std::vector<std::string>& said) {
    std::vector<std::string> texts = {"a.jsonl:2"};
    texts.insert(texts.end(), said.begin(), said.end());
    const Path path = files.write("a.jsonl", "{\"text\": \"fine\", \"label\": \"a\"}\n" + line + "\n");
    expect_error(load_dataset(path, {.labels = true}), ErrorKind::InvalidInput, texts);
  };
  refuse("{\"text\": \"a\"}", {"fields text", "`text` and `label`"});
  refuse("{\"sentence\": \"a\", \"label\": \"b\"}", {"sentence, label"});
  refuse("{\"text\": \"\", \"label\": \"b\"}", {"`text` is empty"});
  refuse("{\"text\": \"a\", \"label\": \"\"}", {"`label` names no class"});
  refuse("{\"text\": \"a\", \"label\": 0.5}", {"`label` names no class", "0.5"});
  expect_error(load_dataset(files.write("b.txt", "text"), {.labels = true}), ErrorKind::InvalidInput,
               {"b.txt", "no labels"});
}

TEST(Dataset, ReadsThePublishedRowsOfGsm8kOnceTheirFieldsAreRenamed) {
  const Path data = test::shared_data();
  SKIP_WITHOUT_SHARED_DATA(data);
  std::string rows = *read_file(data / "instructions/gsm8k/test.jsonl");
  const Files files;
  expect_error(load_dataset(files.write("a.jsonl", rows)), ErrorKind::InvalidInput, {"a.jsonl:1", "question, answer"});
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"{\"question\":", "{\"prompt\":"}, {", \"answer\":", ", \"completion\":"}})
    for (std::size_t at = 0; (at = rows.find(from, at)) != std::string::npos; at += to.size())
      rows.replace(at, from.size(), to);
  const auto dataset = load_dataset(files.write("b.jsonl", rows));
  ASSERT_OK(dataset);
  EXPECT_EQ(dataset->rows.size(), 1319u);  // the size of the published test set
}

}  // namespace
}  // namespace pegbox::text
