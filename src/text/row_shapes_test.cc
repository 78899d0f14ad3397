// Tests of the shapes of rows: each with a row as users have it, and what is refused of it.
#include "text/row_shapes.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using test::Files;

Result<ShapedRow> read(const std::string& json, const DatasetOptions& options = {}) {
  return read_row(*parse_json(json, "test"), "a.jsonl:7", options);
}

void refuse(const std::string& json, std::vector<std::string> said, const DatasetOptions& options = {}) {
  said.insert(said.begin(), "a.jsonl:7");
  expect_error(read(json, options), ErrorKind::InvalidInput, said);
}

const Json kChat = {{{"role", "system"}, {"content", "Be brief."}},
                    {{"role", "user"}, {"content", "Hi"}},
                    {{"role", "assistant"}, {"content", "Hello"}}};

TEST(RowShapes, ReadMessagesWithWhateverTheTemplateMayAskFor) {
  const auto row = read(R"({"messages": [{"role": "user", "content": "2+2?"},
    {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "add", "arguments": {"a": 2}}}]},
    {"role": "tool", "name": "add", "content": "4"}, {"role": "assistant", "content": "4"}],
    "tools": [{"type": "function", "function": {"name": "add"}}], "id": 3})");
  ASSERT_OK(row);
  EXPECT_EQ(row->shape, RowShape::Messages);
  const Conversation& conversation = *row->row.conversation;
  EXPECT_EQ(conversation.messages.size(), 4u);
  EXPECT_EQ(conversation.messages[1]["tool_calls"][0]["function"]["name"], "add");
  EXPECT_EQ(conversation.tools[0]["function"]["name"], "add");
  EXPECT_EQ(conversation.prompt_messages, 0);
  EXPECT_EQ(row->row.text, "");
}

TEST(RowShapes, ReadToolsThatAreJsonText) {
  const std::string messages = R"("messages": [{"role": "user", "content": "Hi"}])";
  EXPECT_EQ(read("{" + messages + R"(, "tools": "[{\"name\": \"add\"}]"})")->row.conversation->tools[0]["name"], "add");
  for (const char* none : {"null", "[]", "\"\"", "\"[]\""})
    EXPECT_TRUE(read("{" + messages + ", \"tools\": " + none + "}")->row.conversation->tools.is_null()) << none;
  refuse("{" + messages + ", \"tools\": 3}", {"`tools` is no list", "3"});
  refuse("{" + messages + ", \"tools\": \"{\"}", {"tools"});
}

TEST(RowShapes, ReadTurnsOfShareGptAsMessages) {
  const auto row =
      read(R"({"conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Hi"},
    {"from": "gpt", "value": "Hello"}]})");
  ASSERT_OK(row);
  EXPECT_EQ(row->shape, RowShape::Turns);
  EXPECT_EQ(row->row.conversation->messages, kChat);
  EXPECT_EQ(
      read(
          R"({"system": "Be brief.", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]})")
          ->row.conversation->messages,
      kChat);
  EXPECT_EQ(read("{\"conversations\": " + to_line(kChat) + "}")->row.conversation->messages, kChat);
  refuse(R"({"conversations": [{"from": "dog", "value": "Woof"}]})", {"from nobody known", "dog", "human"});
  refuse(R"({"conversations": [{"from": "human", "value": 3}]})", {"turn 0"});
  refuse(R"({"conversations": []})", {"no messages"});
}

TEST(RowShapes, ReadInstructionsWithAlpacasPublishedPrompt) {
  const auto with_input = read(R"({"instruction": "Add.", "input": "2, 2", "output": "4"})");
  ASSERT_OK(with_input);
  EXPECT_EQ(with_input->shape, RowShape::Instruction);
  EXPECT_EQ(with_input->row.prompt,
            "Below is an instruction that describes a task, paired with an input that provides further context. Write "
            "a response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Input:\n2, 2\n\n### "
            "Response:");
  EXPECT_EQ(with_input->row.text, "4");
  const std::string without =
      "Below is an instruction that describes a task. Write a response that appropriately completes the "
      "request.\n\n### Instruction:\nSing.\n\n### Response:";
  EXPECT_EQ(read(R"({"instruction": "Sing.", "input": "", "output": "La", "text": "all of it"})")->row.prompt, without);
  EXPECT_EQ(read(R"({"instruction": "Sing.", "output": "La"})")->row.prompt, without);
  refuse(R"({"instruction": "Sing.", "output": ""})", {"`output` is empty"});
  refuse(R"({"instruction": "Sing."})", {"no text", "instruction"});
}

TEST(RowShapes, ReadPromptAndCompletionOfMessages) {
  const auto row = read(R"({"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    "completion": [{"role": "assistant", "content": "Hello"}]})");
  ASSERT_OK(row);
  EXPECT_EQ(row->shape, RowShape::PromptMessages);
  EXPECT_EQ(row->row.conversation->messages, kChat);
  EXPECT_EQ(row->row.conversation->prompt_messages, 2);
  refuse(R"({"prompt": [{"role": "user", "content": "Hi"}], "completion": "Hello"})", {"completion", "string"});
}

TEST(RowShapes, RefuseMessagesThatAreNone) {
  refuse(R"({"messages": "Hi"})", {"string", "role"});
  refuse(R"({"messages": []})", {"no messages"});
  refuse(R"({"messages": [{"role": "user", "content": "Hi"}, {"content": "Hello"}]})", {"message 1"});
}

TEST(RowShapes, ReadTheFieldsThatColumnsName) {
  const DatasetOptions questions{.columns = {{"prompt", "question"}, {"completion", "answer"}}};
  const auto row = read(R"({"question": "2+2?", "answer": "4", "text": "not asked for"})", questions);
  ASSERT_OK(row);
  EXPECT_EQ(row->shape, RowShape::PromptCompletion);
  EXPECT_EQ(row->row.prompt, "2+2?");
  EXPECT_EQ(row->row.text, "4");
  refuse(R"({"question": "2+2?", "reply": "4"})", {"prompt without a completion"}, questions);
  const DatasetOptions label_only{.columns = {{"label", "intent"}}};
  for (const bool labels : {false, true}) {
    DatasetOptions options = label_only;
    options.labels = labels;
    refuse(R"({"text": "where is it", "intent": "card"})",
           {"only the fields that `columns` names are read", "label from `intent`; the row has fields text, intent",
            "text=text"},
           options);
  }
  refuse(R"({"text": "where is it"})", {"label from `intent` (which it lacks)"}, label_only);
  const DatasetOptions classes{.columns = {{"text", "sentence"}, {"label", "intent"}}, .labels = true};
  EXPECT_EQ(read(R"({"sentence": "Hi", "intent": "greet"})", classes)->row.label, "greet");
}

TEST(RowShapes, AreReadFromCommaAndTabSeparatedFiles) {
  const Files files;
  const auto csv =
      load_dataset(files.write("a.csv", "prompt,completion,id\n\"Say \"\"hi\"\",\nplease\",hi,1\n2+2?,4,2\n"));
  ASSERT_OK(csv);
  ASSERT_EQ(csv->rows.size(), 2u);
  EXPECT_EQ(csv->rows[0].prompt, "Say \"hi\",\nplease");
  EXPECT_EQ(csv->rows[1].line, 4);
  const auto tsv = load_dataset(files.write("a.tsv", "\xEF\xBB\xBFtext\tlabel\nfine\t1\ndull\t0\n"), {.labels = true});
  ASSERT_OK(tsv);
  EXPECT_EQ(tsv->rows[1].label, "0");
  expect_error(load_dataset(files.write("b.csv", "prompt,completion\n2+2?,4\n3+3?,\n")), ErrorKind::InvalidInput,
               {"b.csv:3", "`completion` is empty"});
  expect_error(load_dataset(files.write("c.csv", "text,text\na,b\n")), ErrorKind::InvalidInput, {"c.csv:1", "twice"});
  expect_error(load_dataset(files.write("d.csv", "text\n")), ErrorKind::InvalidInput, {"d.csv", "no records"});
}

TEST(RowShapes, AreReadFromOneJsonListByLine) {
  const Files files;
  const auto dataset = load_dataset(files.write("a.json", "[\n {\"text\": \"a\"},\n {\"text\": \"b\"}\n]\n"));
  ASSERT_OK(dataset);
  EXPECT_EQ(dataset->rows[1].text, "b");
  EXPECT_EQ(dataset->rows[1].line, 3);
  expect_error(load_dataset(files.write("b.json", "[\n {\"text\": \"a\"},\n\n {\"text\": 3}]")),
               ErrorKind::InvalidInput, {"b.json:4", "not a string"});
  expect_error(load_dataset(files.write("c.json", "[]")), ErrorKind::InvalidInput, {"c.json", "no rows"});
}

TEST(RowShapes, AreNotMixed) {
  const Files files;
  const Path path = files.write("a.jsonl",
                                "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}\n"
                                "{\"instruction\": \"a\", \"output\": \"b\"}\n");
  expect_error(load_dataset(path), ErrorKind::InvalidInput,
               {"a.jsonl:2", "instructions", "conversations of messages", "a.jsonl:1"});
}

TEST(RowShapes, SplitConversationsByTheirContent) {
  std::vector<Row> rows;
  for (int i = 0; i < 200; ++i)
    rows.push_back(
        {.conversation = Conversation{.messages = {{{"role", "user"}, {"content", std::to_string(i % 100)}}}}});
  const auto parts = split_rows(rows, std::vector<double>{0.5, 0.5}, 1);
  ASSERT_OK(parts);
  EXPECT_GT((*parts)[0].size(), 60u);
  EXPECT_GT((*parts)[1].size(), 60u);
  for (const Row& row : (*parts)[0])
    EXPECT_EQ(std::count_if((*parts)[1].begin(), (*parts)[1].end(),
                            [&](const Row& other) { return other.conversation == row.conversation; }),
              0)
        << "equal rows stay together";
}

}  // namespace
}  // namespace pegbox::text
