// Conversations: what may be one.
#include "text/conversation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace pegbox::text {
namespace {

struct Sender {
  std::string_view from, role;
};

constexpr std::array<Sender, 8> kSenders = {{{"human", "user"},
                                             {"user", "user"},
                                             {"gpt", "assistant"},
                                             {"assistant", "assistant"},
                                             {"system", "system"},
                                             {"tool", "tool"},
                                             {"observation", "tool"},
                                             {"function_response", "tool"}}};

Result<std::string> role_of(const Json& from, const std::string& where) {
  std::string known;
  for (const Sender& sender : kSenders) {
    if (from == sender.from) return std::string(sender.role);
    known += fmt::format("{}{}", known.empty() ? "" : ", ", sender.from);
  }
  return fail(ErrorKind::InvalidInput,
              {.where = where, .what = "a turn is from nobody known", .got = excerpt(from), .expected = known});
}

bool is_message(const Json& json) {
  return json.is_object() && json.contains("role") && json["role"].is_string() &&
         (json.contains("content") || json.contains("tool_calls"));
}

}  // namespace

Result<void> check_messages(const Json& messages, const std::string& where) {
  const auto refuse = [&](std::string what, std::string got) {
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = std::move(what),
                                          .got = std::move(got),
                                          .expected = R"(a list of {"role": ..., "content": ...})"});
  };
  if (!messages.is_array()) return refuse("these are not the messages of a conversation", messages.type_name());
  if (messages.empty()) return refuse("the conversation has no messages", "an empty list");
  for (std::size_t i = 0; i < messages.size(); ++i)
    if (!is_message(messages[i])) return refuse(fmt::format("message {} is none", i), excerpt(messages[i]));
  return {};
}

Result<Json> messages_of_turns(const Json& turns, const std::string& where) {
  if (!turns.is_array() || turns.empty() || is_message(turns[0])) {
    PEGBOX_CHECK(check_messages(turns, where));
    return turns;
  }
  Json messages = Json::array();
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const Json& turn = turns[i];
    if (!turn.is_object() || !turn.contains("from") || !turn.contains("value") || !turn["value"].is_string())
      return fail(ErrorKind::InvalidInput, {.where = where,
                                            .what = fmt::format("turn {} is none", i),
                                            .got = excerpt(turn),
                                            .expected = R"({"from": "human", "value": "..."})"});
    PEGBOX_TRY(std::string role, role_of(turn["from"], where));
    messages.push_back({{"role", std::move(role)}, {"content", turn["value"]}});
  }
  return messages;
}

}  // namespace pegbox::text
