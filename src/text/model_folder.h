// ModelText: the text side of a model folder: its tokenizer, its special tokens and its chat template.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "text/tokenizer.h"

namespace pegbox::text {

struct SpecialToken {
  std::string text;  ///< "<|endoftext|>"
  TokenId id = 0;
};

/// What a model folder says of text. Move-only, as its tokenizer.
struct ModelText {
  Tokenizer tokenizer;
  SpecialToken end;                   ///< ends every row
  std::optional<SpecialToken> begin;  ///< if the folder names one; nothing is put before a row unless asked for
  std::optional<SpecialToken> pad;
  std::string chat_template{};                           ///< the one in use; empty if there is none
  std::map<std::string, std::string> named_templates{};  ///< where the folder has several, by name; "default" is in use
};

/// Reads `tokenizer.json` and, where they exist, `tokenizer_config.json` (eos_token, bos_token, pad_token as a string
/// or as an object with `content`; chat_template as a string or as a list of named ones), `chat_template.jinja` and
/// `additional_chat_templates/NAME.jinja`, `special_tokens_map.json`, `generation_config.json` and `config.json`
/// (eos_token_id as a number or a list, whose first counts). The first file in this order that names a token decides.
/// NotFound without a tokenizer.json; InvalidInput if no file names an end token, or names one that is not in the
/// vocabulary.
Result<ModelText> read_model_text(const Path& model_folder);

/// Takes over the chat templates that another folder, an adapter's, holds; without any there, all stays as it is.
Result<void> take_chat_templates(ModelText& text, const Path& folder);

/// Makes `choice` the model's chat template: a file, the name of one of the folder's, or of a built-in one
/// (builtin_templates.h). NotFound, with the names there are, if it is none of these.
Result<void> choose_chat_template(ModelText& text, const std::string& choice);

/// Writes `tokenizer.json` and a `tokenizer_config.json` that names the special tokens, each atomically.
Result<void> write_model_text(const ModelText& text, const Path& model_folder);

}  // namespace pegbox::text
