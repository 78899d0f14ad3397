// Tests of what a model folder says of text.
#include "text/model_folder.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using test::Files;

/// A folder with a tokenizer in which "dog" and "fox" are tokens besides the end token.
Files folder_with_tokenizer() {
  Files files;
  EXPECT_TRUE(test::small_tokenizer().save(files.folder() / "tokenizer.json").has_value());
  return files;
}

std::string end_of(const Files& files) {
  const auto text = read_model_text(files.folder());
  return text ? text->end.text : "error: " + text.error().message;
}

TEST(ModelFolder, ReadsTheEndTokenAsAString) {
  const Files files = folder_with_tokenizer();
  files.write("tokenizer_config.json", R"({"eos_token": "<|end|>", "bos_token": null})");
  const auto text = read_model_text(files.folder());
  ASSERT_OK(text);
  EXPECT_EQ(text->end.text, "<|end|>");
  EXPECT_EQ(text->end.id, 0);
  EXPECT_FALSE(text->begin.has_value());
  EXPECT_FALSE(text->pad.has_value());
  EXPECT_EQ(text->chat_template, "");
}

TEST(ModelFolder, ReadsTheEndTokenAsAnObject) {
  const Files files = folder_with_tokenizer();
  files.write("tokenizer_config.json",
              R"({"eos_token": {"__type": "AddedToken", "content": "<|end|>"}, "pad_token": {"content": "!"}})");
  const auto text = read_model_text(files.folder());
  ASSERT_OK(text);
  EXPECT_EQ(text->end.id, 0);
  EXPECT_EQ(text->pad->text, "!");
}

TEST(ModelFolder, FallsBackToTheIdsOfTheModelsConfiguration) {
  const Files files = folder_with_tokenizer();
  files.write("tokenizer_config.json", R"({"eos_token": null})");
  files.write("config.json", R"({"eos_token_id": 5, "bos_token_id": 7})");
  EXPECT_EQ(end_of(files), "%");  // tokens 1 to 94 are the characters from ! on
  files.write("generation_config.json", R"({"eos_token_id": [3, 4]})");
  EXPECT_EQ(end_of(files), "#");
  EXPECT_EQ(read_model_text(files.folder())->begin->id, 7);
  files.write("special_tokens_map.json", R"({"eos_token": "<|end|>"})");
  EXPECT_EQ(end_of(files), "<|end|>");
}

TEST(ModelFolder, RefusesAFolderWithoutAnEndToken) {
  const Files files = folder_with_tokenizer();
  expect_error(read_model_text(files.folder()), ErrorKind::InvalidInput, {"end token", "eos_token", "config.json"});
}

TEST(ModelFolder, RefusesTokensThatTheVocabularyDoesNotHave) {
  const Files files = folder_with_tokenizer();
  files.write("tokenizer_config.json", R"({"eos_token": "</s>"})");
  expect_error(read_model_text(files.folder()), ErrorKind::InvalidInput,
               {"tokenizer_config.json eos_token", "\"</s>\""});
  files.write("tokenizer_config.json", "{}");
  files.write("config.json", R"({"eos_token_id": 300})");
  expect_error(read_model_text(files.folder()), ErrorKind::InvalidInput, {"config.json eos_token_id", "300"});
  files.write("config.json", R"({"eos_token_id": -1})");
  expect_error(read_model_text(files.folder()), ErrorKind::InvalidInput, {"-1"});
}

TEST(ModelFolder, RefusesAFolderWithoutATokenizer) {
  const Files files;
  expect_error(read_model_text(files.folder()), ErrorKind::NotFound, {"tokenizer.json"});
  files.write("vocab.json", "{}");
  expect_error(read_model_text(files.folder()), ErrorKind::NotFound, {"save_pretrained"});
  expect_error(read_model_text(files.folder() / "nowhere"), ErrorKind::NotFound, {"nowhere"});
}

TEST(ModelFolder, RefusesBrokenConfigurations) {
  const Files files = folder_with_tokenizer();
  files.write("tokenizer_config.json", "{\n\"eos_token\": \n");
  expect_error(read_model_text(files.folder()), ErrorKind::InvalidInput, {"tokenizer_config.json"});
  files.write("tokenizer_config.json", "[]");
  expect_error(read_model_text(files.folder()), ErrorKind::Corrupt, {"not a JSON object"});
}

TEST(ModelFolder, TakesTheChatTemplateFromItsFileFirst) {
  const Files files = folder_with_tokenizer();
  files.write(
      "tokenizer_config.json",
      R"({"eos_token": "<|end|>", "chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]})");
  EXPECT_EQ(read_model_text(files.folder())->chat_template, "d");
  files.write("tokenizer_config.json", R"({"eos_token": "<|end|>", "chat_template": "c"})");
  EXPECT_EQ(read_model_text(files.folder())->chat_template, "c");
  files.write("chat_template.jinja", "{{ j }}");
  EXPECT_EQ(read_model_text(files.folder())->chat_template, "{{ j }}");
}

TEST(ModelFolder, TakesOverTheTemplatesOfAnAdaptersFolder) {
  const Files files = folder_with_tokenizer();
  files.write(
      "tokenizer_config.json",
      R"({"eos_token": "<|end|>", "chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]})");
  ModelText text = *read_model_text(files.folder());
  files.write("plain/adapter_config.json", "{}");
  ASSERT_OK(take_chat_templates(text, files.folder() / "plain"));
  EXPECT_EQ(text.chat_template, "d");
  files.write("own/tokenizer_config.json", R"({"chat_template": "a"})");
  ASSERT_OK(take_chat_templates(text, files.folder() / "own"));
  EXPECT_EQ(text.chat_template, "a");
  ASSERT_OK(choose_chat_template(text, "tool_use"));
  EXPECT_EQ(text.chat_template, "t");
}

TEST(ModelFolder, ReadsBackWhatItWrote) {
  const Files files;
  const ModelText written{
      test::small_tokenizer(), {"<|end|>", 0}, SpecialToken{"!", 1}, std::nullopt, "{{ messages }}"};
  ASSERT_OK(write_model_text(written, files.folder() / "new/model"));
  const auto text = read_model_text(files.folder() / "new/model");
  ASSERT_OK(text);
  EXPECT_EQ(text->end.id, 0);
  EXPECT_EQ(text->begin->text, "!");
  EXPECT_FALSE(text->pad.has_value());
  EXPECT_EQ(text->chat_template, "{{ messages }}");
  EXPECT_EQ(*text->tokenizer.encode("the lazy dog"), *written.tokenizer.encode("the lazy dog"));
}

}  // namespace
}  // namespace pegbox::text
