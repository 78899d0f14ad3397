// Tests of conversations written out: what of them is learned, with and without generation blocks.
#include "text/chat_rows.h"

#include <gtest/gtest.h>

#include "text/builtin_templates.h"
#include "text/test_support.h"
#include "text/tokenized.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using Parts = std::vector<std::string>;

constexpr const char* kSimple =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }};{% endfor %}{% if add_generation_prompt %}[assistant]{% "
    "endif %}";

const Json kTurns = {{{"role", "user"}, {"content", "A"}},
                     {{"role", "assistant"}, {"content", "B"}},
                     {{"role", "user"}, {"content", "C"}},
                     {{"role", "assistant"}, {"content", "Dé"}}};

ModelText model_with(const std::string& chat_template) {
  ModelText model{.tokenizer = test::small_tokenizer(), .end = {"<|end|>", 0}, .begin = {}, .pad = {}};
  model.chat_template = chat_template;
  return model;
}

Row conversation(const Json& messages, std::int64_t prompt_messages = 0) {
  return {.file = 0, .line = 4, .conversation = Conversation{.messages = messages, .prompt_messages = prompt_messages}};
}

Result<Row> written(const std::string& chat_template, Row row, LossOn loss_on = LossOn::Completions) {
  PEGBOX_CHECK(write_conversations(std::span(&row, 1), model_with(chat_template), loss_on, Parts{"a.jsonl"}));
  return row;
}

Parts learned(const Result<Row>& row) {
  if (!row) return {"error: " + row.error().message};
  Parts parts;
  for (const Span& span : row->learned) parts.push_back(row->text.substr(span.begin, span.end - span.begin));
  return parts;
}

std::string builtin(std::string_view name) {
  for (const BuiltinTemplate& each : builtin_templates())
    if (each.name == name) return std::string(each.source);
  return "";
}

TEST(ChatRows, LearnTheAssistantsTurnsByTheirBeginnings) {
  const auto row = written(kSimple, conversation(kTurns));
  ASSERT_OK(row);
  EXPECT_EQ(row->text, "[user]A;[assistant]B;[user]C;[assistant]Dé;");
  EXPECT_EQ(learned(row), (Parts{"B;", "Dé;"}));
  EXPECT_EQ(learned(written(kSimple, conversation(kTurns), LossOn::LastTurn)), Parts{"Dé;"});
  EXPECT_EQ(learned(written(kSimple, conversation(kTurns), LossOn::All)), Parts{row->text});
  EXPECT_EQ(learned(written(kSimple, conversation(kTurns, 3))), Parts{"Dé;"});
}

TEST(ChatRows, LearnWhatGenerationBlocksWrote) {
  const std::string chatml = builtin("chatml");
  const auto row = written(chatml, conversation(kTurns));
  ASSERT_OK(row);
  EXPECT_EQ(row->text,
            "<|im_start|>user\nA<|im_end|>\n<|im_start|>assistant\nB<|im_end|>\n<|im_start|>user\nC<|im_end|>\n"
            "<|im_start|>assistant\nDé<|im_end|>\n");
  EXPECT_EQ(learned(row), (Parts{"B<|im_end|>", "Dé<|im_end|>"}));
  EXPECT_EQ(learned(written(chatml, conversation(kTurns), LossOn::LastTurn)), Parts{"Dé<|im_end|>"});
  EXPECT_EQ(learned(written(chatml, conversation(kTurns, 2))), Parts{"Dé<|im_end|>"});
  EXPECT_EQ(written(builtin("plain"), conversation(kTurns))->text,
            "### user\nA\n\n### assistant\nB<|end|>\n\n### user\nC\n\n### assistant\nDé<|end|>\n\n");
}

TEST(ChatRows, AreWrittenByBuiltInTemplatesWithCallsAndPartsOfText) {
  const Json calls = parse_json(R"([{"name": "sum", "arguments": {"of": [1, 2]}}])", "calls").value();
  const Json parts =
      parse_json(R"([{"type": "text", "text": "1 and "}, {"type": "text", "text": "2?"}])", "parts").value();
  const Json turns = {{{"role", "user"}, {"content", parts}},
                      {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", calls}},
                      {{"role", "tool"}, {"content", "3"}},
                      {{"role", "assistant"}, {"content", parts}, {"tool_calls", calls}}};
  const std::string written_calls = R"([{"name": "sum", "arguments": {"of": [1, 2]}}])";
  const auto plain = written(builtin("plain"), conversation(turns));
  ASSERT_OK(plain);
  EXPECT_EQ(plain->text, "### user\n1 and 2?\n\n### assistant\n" + written_calls +
                             "<|end|>\n\n### tool\n3\n\n### assistant\n1 and 2?\n" + written_calls + "<|end|>\n\n");
  EXPECT_EQ(learned(written(builtin("chatml"), conversation(turns))),
            (Parts{written_calls + "<|im_end|>", "1 and 2?\n" + written_calls + "<|im_end|>"}));
}

TEST(ChatRows, RefusePartsThatAreNoText) {
  const Json image = {{{"type", "image_url"}, {"image_url", "a.png"}}};
  for (const char* name : {"plain", "chatml"})
    for (const char* role : {"user", "assistant"}) {
      const Json turns = {{{"role", role}, {"content", image}}};
      expect_error(written(builtin(name), conversation(turns)), ErrorKind::InvalidInput,
                   {"a.jsonl:4", "only texts can be written", "image_url"});
    }
}

TEST(ChatRows, LearnNothingWhereTheAssistantSaysNothing) {
  const Json question = {kTurns[0]};
  for (const std::string& chat_template : {std::string(kSimple), builtin("chatml")})
    for (const LossOn loss_on : {LossOn::Completions, LossOn::LastTurn})
      EXPECT_EQ(learned(written(chat_template, conversation(question), loss_on)), Parts{});
  EXPECT_EQ(learned(written(kSimple, conversation(Json{kTurns[1], kTurns[0], kTurns[3]}))), Parts{"Dé;"})
      << "nothing asked for the first message";
}

TEST(ChatRows, RefuseATemplateThatWritesBeginningsInAnotherWay) {
  const std::string counts = "{{ messages | length }}" + std::string(kSimple);
  expect_error(written(counts, conversation(kTurns)), ErrorKind::InvalidInput,
               {"a.jsonl:4", "first 1 messages", "generation", "last_turn"});
  // As Qwen3's: only the last turn keeps its thoughts.
  const std::string thinks =
      "{% for m in messages %}[{{ m.role }}]{% if loop.last and m.role == 'assistant' %}<think>{% endif %}{{ m.content "
      "}};"
      "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
  expect_error(written(thinks, conversation(kTurns)), ErrorKind::InvalidInput, {"a.jsonl:4", "first 2 messages"});
  EXPECT_EQ(learned(written(thinks, conversation(kTurns), LossOn::LastTurn)), Parts{"<think>Dé;"});
}

TEST(ChatRows, SayWhatToDoWithoutATemplate) {
  expect_error(written("", conversation(kTurns)), ErrorKind::InvalidInput,
               {"a.jsonl:4", "no chat template", "chat_template: FILE.jinja", "chatml"});
  EXPECT_TRUE(written("", {.text = "plain"}).has_value());
  expect_error(written("{{ raise_exception('no system role') }}", conversation(kTurns)), ErrorKind::InvalidInput,
               {"a.jsonl:4", "no system role"});
}

TEST(ChatRows, BecomeTokensWithLabelsWhereTheyAreLearned) {
  const ModelText model = model_with(builtin("plain"));
  std::vector<Row> rows = {
      conversation(kTurns), {.text = "the dog"}, {.prompt = "the", .text = " fox"}, conversation(Json{kTurns[0]})};
  ASSERT_OK(write_conversations(rows, model, LossOn::Completions, Parts{"a.jsonl"}));
  const auto data = tokenize_rows(model.tokenizer, rows, {.sequence_length = 200});
  ASSERT_OK(data);
  ASSERT_EQ(data->size(), 3);
  EXPECT_EQ(data->dropped_rows, 1);
  EXPECT_EQ(std::vector<TokenId>(data->row(0).begin(), data->row(0).end()), *model.tokenizer.encode(rows[0].text))
      << "the template writes begin and end";
  std::vector<TokenId> labels;
  for (std::int64_t i = 0; i < data->length(0); ++i)
    if (data->is_label(0, i)) labels.push_back(data->row(0)[static_cast<std::size_t>(i)]);
  EXPECT_EQ(*model.tokenizer.decode(labels), "B<|end|>Dé<|end|>");
  EXPECT_EQ(data->label_tokens(0), std::ssize(labels));
  EXPECT_EQ(data->label_tokens(1), data->length(1) - 1);
  std::int64_t label_tokens = 0;
  for (std::int64_t row = 0; row < data->size(); ++row) label_tokens += data->label_tokens(row);
  EXPECT_EQ(data->total_label_tokens(), label_tokens);
  const auto cut = tokenize_rows(model.tokenizer, std::span(rows).first(1), {.sequence_length = data->length(0) - 1});
  ASSERT_OK(cut);
  EXPECT_EQ(cut->truncated_rows, 1);
  EXPECT_LT(cut->length(0), data->length(0));
}

TEST(ChatRows, LearnPromptsTooWhereAllIsAskedFor) {
  const Tokenizer tokenizer = test::small_tokenizer();
  const std::vector<Row> rows = {{.prompt = "the quick", .text = " fox"}};
  const auto data = tokenize_rows(tokenizer, rows, {.loss_on = LossOn::All});
  ASSERT_OK(data);
  EXPECT_EQ(data->label_starts[0], 1);
  EXPECT_EQ(data->label_tokens(0), data->length(0) - 1);
}

}  // namespace
}  // namespace pegbox::text
