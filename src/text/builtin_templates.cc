// The built-in chat templates.
#include "text/builtin_templates.h"

#include <array>

namespace pegbox::text {
namespace {

constexpr std::string_view kChatml =
    "{%- for message in messages %}\n"
    "    {{- '<|im_start|>' + message.role + '\\n' }}\n"
    "    {%- if message.role == 'assistant' %}\n"
    "        {%- generation %}\n"
    "            {{- message.content + '<|im_end|>' }}\n"
    "        {%- endgeneration %}\n"
    "    {%- else %}\n"
    "        {{- message.content + '<|im_end|>' }}\n"
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
    "            {{- message.content + eos_token }}\n"
    "        {%- endgeneration %}\n"
    "    {%- else %}\n"
    "        {{- message.content }}\n"
    "    {%- endif %}\n"
    "    {{- '\\n\\n' }}\n"
    "{%- endfor %}\n"
    "{%- if add_generation_prompt %}\n"
    "    {{- '### assistant\\n' }}\n"
    "{%- endif %}\n";

constexpr std::array<BuiltinTemplate, 2> kTemplates = {
    {{"chatml", "<|im_start|> and <|im_end|> around each message, for vocabularies that have them as tokens", kChatml},
     {"plain", "a line with the role before each message, the model's end token after the assistant's", kPlain}}};

}  // namespace

std::span<const BuiltinTemplate> builtin_templates() { return kTemplates; }

}  // namespace pegbox::text
