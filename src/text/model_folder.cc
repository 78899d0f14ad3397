// The text side of a model folder: which file names which token.
#include "text/model_folder.h"

#include <fmt/format.h>

#include <array>

#include "base/json.h"
#include "text/builtin_templates.h"

namespace pegbox::text {
namespace {

constexpr std::array kTokenFiles = {"tokenizer_config.json", "special_tokens_map.json", "generation_config.json",
                                    "config.json"};

const std::string kDefaultTemplate = "default";

/// The folder's JSON files that exist and may name a token, in the order in which they count.
using NamedFiles = std::vector<std::pair<std::string, Json>>;

Result<NamedFiles> read_token_files(const Path& folder) {
  NamedFiles files;
  for (const char* name : kTokenFiles) {
    const Path path = folder / name;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) continue;
    PEGBOX_TRY(const std::string bytes, read_file(path));
    PEGBOX_TRY(Json json, parse_json(bytes, path.string()));
    if (!json.is_object())
      return fail(ErrorKind::Corrupt,
                  {.where = path.string(), .what = "not a JSON object", .got = json.type_name(), .expected = "object"});
    files.emplace_back(path.string(), std::move(json));
  }
  return files;
}

Result<SpecialToken> token_by_text(const Tokenizer& tokenizer, const std::string& text, const std::string& where) {
  const auto id = tokenizer.token_id(text);
  if (!id)
    return fail(
        ErrorKind::InvalidInput,
        {.where = where, .what = "names a special token that tokenizer.json does not have", .got = "\"" + text + "\""});
  return SpecialToken{text, *id};
}

Result<SpecialToken> token_by_id(const Tokenizer& tokenizer, std::int64_t id, const std::string& where) {
  const bool in_range = id >= 0 && id < tokenizer.vocabulary_size();
  const auto text = in_range ? tokenizer.token(static_cast<TokenId>(id)) : std::nullopt;
  if (!text)
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = "names a token id that tokenizer.json does not have",
                                          .got = std::to_string(id),
                                          .expected = "below " + std::to_string(tokenizer.vocabulary_size())});
  return SpecialToken{*text, static_cast<TokenId>(id)};
}

/// The token that one file gives for `name` ("eos_token"), by text or by id; nothing if it does not.
Result<std::optional<SpecialToken>> token_in_file(const Tokenizer& tokenizer, const std::string& path, const Json& json,
                                                  const std::string& name) {
  if (const auto found = json.find(name); found != json.end()) {
    const Json& value = found->is_object() && found->contains("content") ? (*found)["content"] : *found;
    if (value.is_string()) {
      PEGBOX_TRY(SpecialToken token, token_by_text(tokenizer, value.get<std::string>(), path + " " + name));
      return token;
    }
  }
  if (const auto found = json.find(name + "_id"); found != json.end()) {
    const Json& value = found->is_array() && !found->empty() ? (*found)[0] : *found;
    if (value.is_number_integer()) {
      PEGBOX_TRY(SpecialToken token, token_by_id(tokenizer, value.get<std::int64_t>(), path + " " + name + "_id"));
      return token;
    }
  }
  return std::nullopt;
}

Result<std::optional<SpecialToken>> find_token(const Tokenizer& tokenizer, const NamedFiles& files,
                                               const std::string& name) {
  for (const auto& [path, json] : files) {
    PEGBOX_TRY(std::optional<SpecialToken> token, token_in_file(tokenizer, path, json, name));
    if (token) return token;
  }
  return std::nullopt;
}

using Templates = std::map<std::string, std::string>;

/// The templates in the first file that has some: one is the default, a list has names.
Templates templates_in_files(const NamedFiles& files) {
  Templates templates;
  for (const auto& [path, json] : files) {
    const auto found = json.find("chat_template");
    if (found == json.end() || !templates.empty()) continue;
    if (found->is_string()) templates[kDefaultTemplate] = found->get<std::string>();
    if (!found->is_array()) continue;
    for (const Json& entry : *found)
      if (entry.is_object() && entry.contains("name") && entry["name"].is_string() && entry.contains("template") &&
          entry["template"].is_string())
        templates[entry["name"].get<std::string>()] = entry["template"].get<std::string>();
  }
  return templates;
}

Result<Templates> read_chat_templates(const Path& folder, const NamedFiles& files) {
  Templates templates = templates_in_files(files);
  std::error_code ignored;
  std::map<std::string, Path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "additional_chat_templates", ignored))
    if (entry.path().extension() == ".jinja") paths[entry.path().stem().string()] = entry.path();
  if (const Path path = folder / "chat_template.jinja"; std::filesystem::exists(path, ignored))
    paths[kDefaultTemplate] = path;
  for (const auto& [name, path] : paths) {
    PEGBOX_TRY(templates[name], read_file(path));
  }
  return templates;
}

Result<Tokenizer> load_tokenizer(const Path& folder) {
  const Path path = folder / "tokenizer.json";
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return Tokenizer::load(path);
  const bool has_parts = std::filesystem::exists(folder / "vocab.json", ignored) ||
                         std::filesystem::exists(folder / "tokenizer.model", ignored);
  return fail(
      ErrorKind::NotFound,
      {.where = path.string(),
       .what = "the model folder has no tokenizer.json",
       .hint = has_parts ? "it has an older form of tokenizer; "
                           "transformers' AutoTokenizer.from_pretrained(...).save_pretrained(...) writes the file"
                         : ""});
}

}  // namespace

Result<ModelText> read_model_text(const Path& model_folder) {
  PEGBOX_TRY(Tokenizer tokenizer, load_tokenizer(model_folder));
  PEGBOX_TRY(const NamedFiles files, read_token_files(model_folder));
  PEGBOX_TRY(std::optional<SpecialToken> end, find_token(tokenizer, files, "eos_token"));
  if (!end)
    return fail(
        ErrorKind::InvalidInput,
        {.where = model_folder.string(),
         .what = "no file of the model folder names the end token",
         .expected = "eos_token in tokenizer_config.json, or eos_token_id in generation_config.json or config.json"});
  PEGBOX_TRY(std::optional<SpecialToken> begin, find_token(tokenizer, files, "bos_token"));
  PEGBOX_TRY(std::optional<SpecialToken> pad, find_token(tokenizer, files, "pad_token"));
  ModelText text{std::move(tokenizer), std::move(*end), std::move(begin), std::move(pad)};
  PEGBOX_CHECK(take_chat_templates(text, model_folder));
  return text;
}

Result<void> take_chat_templates(ModelText& text, const Path& folder) {
  PEGBOX_TRY(const NamedFiles files, read_token_files(folder));
  PEGBOX_TRY(Templates templates, read_chat_templates(folder, files));
  if (const auto found = templates.find(kDefaultTemplate); found != templates.end()) text.chat_template = found->second;
  templates.merge(text.named_templates);  // those of the same name stay the folder's
  text.named_templates = std::move(templates);
  return {};
}

Result<void> choose_chat_template(ModelText& text, const std::string& choice) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(choice, ignored)) {
    PEGBOX_TRY(text.chat_template, read_file(choice));
    return {};
  }
  std::string names;
  const auto is_chosen = [&](std::string_view name, std::string_view source) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    if (name != choice) return false;
    text.chat_template = source;
    return true;
  };
  for (const auto& [name, source] : text.named_templates)
    if (is_chosen(name, source)) return {};
  for (const BuiltinTemplate& builtin : builtin_templates())
    if (is_chosen(builtin.name, builtin.source)) return {};
  return fail(ErrorKind::NotFound, {.where = "chat_template",
                                    .what = "there is no such file, and no template of this name",
                                    .got = choice,
                                    .expected = "a Jinja file, or one of " + names});
}

Result<void> write_model_text(const ModelText& text, const Path& model_folder) {
  PEGBOX_CHECK(make_folder(model_folder));
  PEGBOX_CHECK(text.tokenizer.save(model_folder / "tokenizer.json"));
  Json config = Json::object();
  config["tokenizer_class"] = "PreTrainedTokenizerFast";  // what transformers opens a bare tokenizer.json with
  config["clean_up_tokenization_spaces"] = false;
  config["eos_token"] = text.end.text;
  if (text.begin) config["bos_token"] = text.begin->text;
  if (text.pad) config["pad_token"] = text.pad->text;
  if (!text.chat_template.empty()) config["chat_template"] = text.chat_template;
  return replace_file(model_folder / "tokenizer_config.json", config.dump(2) + "\n");
}

}  // namespace pegbox::text
