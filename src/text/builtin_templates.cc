// The built-in chat templates.
#include "text/builtin_templates.h"

#include <array>
#include <string>

namespace pegbox::text {
namespace {

/// What a message says: its text, or the texts of its parts, then its calls as JSON.
constexpr std::string_view kWriting =
    "{%- macro written(message) %}\n"
    "    {%- if message.content is string %}\n"
    "        {{- message.content }}\n"
    "    {%- elif message.content %}\n"
    "        {%- for part in message.content %}\n"
    "            {%- if part.type != 'text' %}\n"
    "                {{- raise_exception('only texts can be written, and a part of a message is ' ~ (part | tojson)) "
    "}}\n"
    "            {%- endif %}\n"
    "            {{- part.text }}\n"
    "        {%- endfor %}\n"
    "    {%- endif %}\n"
    "    {%- if message.tool_calls %}\n"
    "        {{- ('\\n' if message.content else '') ~ (message.tool_calls | tojson) }}\n"
    "    {%- endif %}\n"
    "{%- endmacro %}\n";

constexpr std::string_view kChatml =
    "{%- for message in messages %}\n"
    "    {{- '<|im_start|>' + message.role + '\\n' }}\n"
    "    {%- if message.role == 'assistant' %}\n"
    "        {%- generation %}\n"
    "            {{- written(message) ~ '<|im_end|>' }}\n"
    "        {%- endgeneration %}\n"
    "    {%- else %}\n"
    "        {{- written(message) ~ '<|im_end|>' }}\n"
    "    {%- endif %}\n"
    "    {{- '\\n' }}\n"
    "{%- endfor %}\n"
    "{%- if add_generation_prompt %}\n"
    "    {{- '<|im_start|>assistant\\n' }}\n"
    "{%- endif %}\n";

constexpr std::string_view kPlain =
    "{{- bos_token }}\n"
    "{%- for message in messages %}\n"
    "    {{- '### ' + message.role + '\\n' }}\n"
    "    {%- if message.role == 'assistant' %}\n"
    "        {%- generation %}\n"
    "            {{- written(message) ~ eos_token }}\n"
    "        {%- endgeneration %}\n"
    "    {%- else %}\n"
    "        {{- written(message) }}\n"
    "    {%- endif %}\n"
    "    {{- '\\n\\n' }}\n"
    "{%- endfor %}\n"
    "{%- if add_generation_prompt %}\n"
    "    {{- '### assistant\\n' }}\n"
    "{%- endif %}\n";

std::string with_writing(std::string_view turns) { return std::string(kWriting).append(turns); }

}  // namespace

std::span<const BuiltinTemplate> builtin_templates() {
  static const std::string chatml = with_writing(kChatml), plain = with_writing(kPlain);
  static const std::array<BuiltinTemplate, 2> templates = {
      {{"chatml", "<|im_start|> and <|im_end|> around each message, for vocabularies that have them as tokens", chatml},
       {"plain", "a line with the role before each message, the model's end token after the assistant's", plain}}};
  return templates;
}

}  // namespace pegbox::text
