// Tests of chat templates, with templates in the style of published models.
#include "text/chat_template.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;

const Json kMessages = {{{"role", "user"}, {"content", "Hi"}}, {{"role", "assistant"}, {"content", "Hello <you>"}}};

Result<RenderedChat> render_chat(const std::string& source, const Json& messages = kMessages,
                                 const ChatOptions& options = {}) {
  PEGBOX_TRY(const ChatTemplate chat_template, ChatTemplate::parse(source));
  return chat_template.render(messages, options);
}

std::string render(const std::string& source, const Json& messages = kMessages, const ChatOptions& options = {}) {
  const auto chat = render_chat(source, messages, options);
  return chat ? chat->text : "error: " + chat.error().message;
}

TEST(ChatTemplate, WritesTheTurnsOfAConversation) {
  const std::string chatml =
      "{% for message in messages %}\n"
      "    {{- '<|im_start|>' + message['role'] + '\\n' + message.content + '<|im_end|>\\n' -}}\n"
      "{% endfor %}\n"
      "{% if add_generation_prompt %}\n"
      "    {{- '<|im_start|>assistant\\n' -}}\n"
      "{% endif %}\n";
  EXPECT_EQ(render(chatml), "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello <you><|im_end|>\n");
  EXPECT_EQ(render(chatml, Json::array({kMessages[0]}), {.add_generation_prompt = true}),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
}

TEST(ChatTemplate, KnowsTheSpecialTokensAndExtraVariables) {
  EXPECT_EQ(render("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ mood }}{{ tools is none }}", kMessages,
                   {.begin_token = "<s>", .end_token = "</s>", .extra = {{"mood", "calm"}}}),
            "<s>Hi</s>calmTrue");
}

TEST(ChatTemplate, TrimsBlocksAsTransformersDoes) {
  EXPECT_EQ(render("a\n  {% if true %}\nb\n  {% endif %}\nc\n"), "a\nb\nc");
}

TEST(ChatTemplate, HasPythonsStringAndDictMethods) {
  EXPECT_EQ(render("{{ ' x y '.strip().split(' ')[-1].upper() }}"), "Y");
  EXPECT_EQ(render("{{ messages[0].get('name', 'nobody') }}"), "nobody");
  EXPECT_EQ(render("{% for key, value in messages[0].items() %}{{ key }}={{ value }};{% endfor %}"),
            "role=user;content=Hi;");
  EXPECT_EQ(render("{{ 'abc'.startswith('ab') }} {{ none }}"), "True None");
  EXPECT_EQ(render("{{ messages[1:][0].role }} {{ messages[::-1][0].role }}"), "assistant assistant");
}

TEST(ChatTemplate, SupportsNamespacesMacrosAndLoopControls) {
  EXPECT_EQ(
      render("{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}"),
      "2");
  EXPECT_EQ(render("{% macro say(x) %}<{{ x }}>{% endmacro %}{{ say('a') }}"), "<a>");
  EXPECT_EQ(render("{% for m in messages %}{% if loop.index0 == 1 %}{% break %}{% endif %}{{ m.role }}{% endfor %}"),
            "user");
}

TEST(ChatTemplate, WritesJsonAsPythonDoes) {
  const Json messages = {{{"role", "user"}, {"content", {{"b", {1, 2.5, nullptr}}, {"a", "é<\"\n"}}}}};
  EXPECT_EQ(render("{{ messages[0].content | tojson }}", messages), R"({"b": [1, 2.5, null], "a": "é<\"\n"})");
  EXPECT_EQ(render("{{ messages[0].content | tojson(indent=2) }}", messages),
            "{\n  \"b\": [\n    1,\n    2.5,\n    null\n  ],\n  \"a\": \"é<\\\"\\n\"\n}");
  EXPECT_EQ(
      render("{{ messages[0].content | tojson(ensure_ascii=true, sort_keys=true, separators=(',', ':')) }}", messages),
      R"({"a":"\u00e9<\"\n","b":[1,2.5,null]})");
  EXPECT_EQ(render("{{ {} | tojson(indent=2) }}{{ [] | tojson }}"), "{}[]");
}

TEST(ChatTemplate, SaysWhatGenerationBlocksWrote) {
  const auto spans = [](const std::string& source) {
    const auto chat = render_chat(source);
    EXPECT_TRUE(chat.has_value()) << chat.error().message;
    std::vector<std::string> parts = {chat->text};
    for (const Span& span : chat->generated) parts.push_back(chat->text.substr(span.begin, span.end - span.begin));
    return parts;
  };
  using Parts = std::vector<std::string>;
  EXPECT_EQ(spans("{% for m in messages %}{%- generation -%} {{ m.content }} {%- endgeneration -%}{% endfor %}"),
            (Parts{"HiHello <you>", "Hi", "Hello <you>"}));
  EXPECT_EQ(spans("é{% for m in messages %}\n  {% generation %}\n {{ m.role }}!\n  {% endgeneration %}\n.{% endfor %}"),
            (Parts{"é user!\n. assistant!\n.", " user!\n", " assistant!\n"}));
  EXPECT_EQ(spans("{% macro say(x) %}{% generation %}{{ x }}{% endgeneration %}{% endmacro %}<{{ say('a') }}>"),
            (Parts{"<a>", "a"}));
  EXPECT_EQ(spans("no blocks"), Parts{"no blocks"});
  EXPECT_FALSE(ChatTemplate::parse("no blocks")->has_generation_blocks());
  EXPECT_TRUE(ChatTemplate::parse("{%- generation %}{% endgeneration %}")->has_generation_blocks());
}

TEST(ChatTemplate, RefusesGenerationBlocksThatAreNoParts) {
  expect_error(render_chat("{% for m in messages %}{% generation %}a{% break %}{% endgeneration %}{% endfor %}"),
               ErrorKind::InvalidInput, {"left before its end"});
  expect_error(render_chat("{% generation %}{% generation %}a{% endgeneration %}{% endgeneration %}"),
               ErrorKind::InvalidInput, {"stands in another"});
  expect_error(render_chat("x", {{{"role", "user"}, {"content", "\xF4\x8F\xBF\xBC"}}}), ErrorKind::InvalidInput,
               {"U+10FFFC"});
}

TEST(ChatTemplate, SaysTheLineOfAFault) {
  expect_error(render_chat("one\n{% for %}\n", kMessages), ErrorKind::InvalidInput, {"chat template", "line 2"});
  expect_error(render_chat("one\ntwo\n{{ messages.nothing.at_all }}", kMessages), ErrorKind::InvalidInput, {"line 3"});
  expect_error(render_chat("\n{{ raise_exception('roles must alternate') }}", kMessages), ErrorKind::InvalidInput,
               {"line 2", "roles must alternate"});
}

TEST(ChatTemplate, RefusesMessagesOfAnotherShape) {
  expect_error(render_chat("x", Json("text")), ErrorKind::InvalidInput, {"string", "role"});
  expect_error(render_chat("x", Json::array({kMessages[0], {{"content", "Hi"}}})), ErrorKind::InvalidInput,
               {"message 1"});
  expect_error(render_chat("x", {{{"role", 3}, {"content", "Hi"}}}), ErrorKind::InvalidInput, {"message 0"});
}

TEST(ChatTemplate, DoesNotLoopForeverOnDeepRecursion) {
  expect_error(render_chat("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", kMessages), ErrorKind::InvalidInput,
               {"chat template"});
}

TEST(ChatTemplate, StopsATemplateThatTakesTooLong) {
  expect_error(render_chat("{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"),
               ErrorKind::InvalidInput, {"the template takes too long"});
}

TEST(ChatTemplate, WritesThousandsOfMessagesInItsTime) {
  Json messages = Json::array();
  for (int i = 0; i < 5000; ++i) messages.push_back(kMessages[static_cast<std::size_t>(i % 2)]);
  EXPECT_EQ(render("{% for m in messages %}{{ m.role[0] }}{% endfor %}", messages).size(), 5000U);
}

TEST(ChatTemplate, RendersQwensPublishedTemplate) {
  const Path data = test::shared_data();
  SKIP_WITHOUT_SHARED_DATA(data);
  const std::string chat_template = *read_file(data / "tokenizers/qwen2/chat_template.jinja");
  EXPECT_EQ(render(chat_template, Json::array({kMessages[0]}), {.add_generation_prompt = true}),
            "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  const Json tool = {{"type", "function"}, {"function", {{"name", "add"}}}};
  const std::string with_tools = render(chat_template, Json::array({kMessages[0]}), {.tools = Json::array({tool})});
  EXPECT_NE(with_tools.find("\n{\"type\": \"function\", \"function\": {\"name\": \"add\"}}\n</tools>"),
            std::string::npos)
      << with_tools;
}

}  // namespace
}  // namespace pegbox::text
