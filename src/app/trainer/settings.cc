// Settings: see settings.h.
#include "app/trainer/settings.h"

#include <algorithm>
#include <filesystem>

namespace pegbox::trainer {

const FieldTable<Settings>& setting_fields() {
  static const FieldTable<Settings> table{{
      Field<Settings>{
          .name = "model", .member = &Settings::model, .help = "folder of the base model, in Hugging Face's format"},
      Field<Settings>{.name = "tokenizer",
                      .member = &Settings::tokenizer,
                      .help = "folder with a tokenizer.json, where it is not the model's"},
      Field<Settings>{.name = "adapter",
                      .member = &Settings::adapter,
                      .help = "folder of an adapter in PEFT's format, put on the model"},
      Field<Settings>{.name = "teacher",
                      .member = &Settings::teacher,
                      .help = "folder of a model with the same tokens, from whose probabilities runs learn "
                              "(distill_weight); from scratch, and without a tokenizer, its tokenizer is taken"},
      Field<Settings>{.name = "teacher_adapter",
                      .member = &Settings::teacher_adapter,
                      .help = "folder of an adapter in PEFT's format, put on the teacher"},
      Field<Settings>{.name = "teacher_bytes",
                      .member = &Settings::teacher_bytes,
                      .minimum = 0,
                      .unit = Unit::Bytes,
                      .help = "memory for what the teacher said of rows; about others it is asked each time"},
      Field<Settings>{.name = "output", .member = &Settings::output, .help = "folder for what is made"},
      Field<Settings>{
          .name = "result",
          .member = &Settings::result,
          .choices = {"model", "adapter"},
          .help = "merge: what is made: a model with the adapters in its weights, or one adapter of several"},
      Field<Settings>{.name = "folder",
                      .member = &Settings::folder,
                      .help = "worker: folder of the trials' checkpoints and results"},
      Field<Settings>{
          .name = "tensorboard",
          .member = &Settings::tensorboard,
          .help = "folder for TensorBoard event files: of train its own, of a study trial-N for each trial"},
      Field<Settings>{.name = "threads",
                      .member = &Settings::threads,
                      .minimum = 0,
                      .maximum = 4096,
                      .help = "threads to compute with; 0: as many as cores"},
      Field<Settings>{.name = "slots",
                      .member = &Settings::slots,
                      .minimum = 1,
                      .maximum = 1024,
                      .help = "worker: trials at a time; they take their steps together"},
      Field<Settings>{.name = "checkpoint_every",
                      .member = &Settings::checkpoint_every,
                      .minimum = 0,
                      .unit = Unit::Seconds,
                      .help = "time between checkpoints of a run; 0: only where it waits"},
      Field<Settings>{.name = "held_bytes",
                      .member = &Settings::held_bytes,
                      .minimum = 0,
                      .unit = Unit::Bytes,
                      .help = "worker: memory for trials that wait; the others wait on disk"},
      Field<Settings>{.name = "validation_fraction",
                      .member = &Settings::validation_fraction,
                      .minimum = 0,
                      .maximum = 0.9,
                      .help = "of the training data, kept apart where no validation data are given"},
      Field<Settings>{.name = "chat_template",
                      .member = &Settings::chat_template,
                      .help = "conversations: how they are written, where not as the model says: a Jinja file, one of "
                              "the model's templates by name, chatml or plain"},
      Field<Settings>{.name = "loss_on",
                      .member = &Settings::loss_on,
                      .choices = {text::kLossOnNames.begin(), text::kLossOnNames.end()},
                      .help = "what is learned, and measured: completions and what the assistant says (completions), "
                              "of conversations only the assistant's last turn (last_turn), or all"},
      Field<Settings>{.name = "vocabulary",
                      .member = &Settings::vocabulary,
                      .minimum = 0,
                      .maximum = 1 << 20,
                      .help = "scratch: tokens of the tokenizer that is trained on the data (0: 2048); where one is "
                              "given, rows of the embedding, at least its tokens (0: as many)"},
      Field<Settings>{.name = "draws",
                      .member = &Settings::draws,
                      .help = "describe: configurations that trials may have, as a JSON list; why a run of each would "
                              "be refused is said under `refused`"},
      Field<Settings>{.name = "facts",
                      .member = &Settings::facts,
                      .help = "train: a file for facts of model, data and run, as JSON, before the first step"},
      Field<Settings>{.name = "per_row",
                      .member = &Settings::per_row,
                      .help = "evaluate: a file for the loss of each text apart, as JSON lines"},
      Field<Settings>{.name = "records",
                      .member = &Settings::records,
                      .help = "evaluate: a file for all that is measured of each row, as JSON lines"},
      Field<Settings>{.name = "generate",
                      .member = &Settings::generate,
                      .help = "evaluate: the model goes on with each prompt, for the records"},
      Field<Settings>{.name = "prompt", .member = &Settings::prompt, .help = "predict: the text to continue"},
      Field<Settings>{.name = "rows",
                      .member = &Settings::rows,
                      .minimum = 1,
                      .maximum = 1 << 20,
                      .help = "probe: rows of the data, from the first"},
      Field<Settings>{.name = "inspect_tokens",
                      .member = &Settings::inspect_tokens,
                      .minimum = 2,
                      .maximum = 1e12,
                      .help = "inspect: about so many tokens of the data are looked at, taken evenly"},
      Field<Settings>{.name = "removal_tokens",
                      .member = &Settings::removal_tokens,
                      .minimum = 0,
                      .maximum = 1e12,
                      .help = "inspect: about so many of these for the loss without each head; 0: it is not measured"},
      Field<Settings>{.name = "json", .member = &Settings::json, .help = "print the result as one JSON value"},
  }};
  return table;
}

namespace {

/// A field that some verbs alone read.
struct OwnField {
  std::string_view field;
  std::vector<std::string_view> verbs;
};

const std::vector<OwnField>& own_fields() {
  static const std::vector<std::string_view> worker{"worker", "describe", "preflight"};  // the trainer of a study
  static const std::vector<std::string_view> writers{"predict", "evaluate", "train", "worker", "describe", "preflight"};
  static const std::vector<std::string_view> learners{"train", "worker", "describe", "preflight"};
  static const std::vector<OwnField> table{
      {"teacher", learners},
      {"teacher_adapter", learners},
      {"teacher_bytes", learners},
      {"folder", worker},
      {"slots", worker},
      {"held_bytes", worker},
      {"draws", {"describe"}},
      {"facts", {"train"}},
      {"per_row", {"evaluate"}},
      {"records", {"evaluate"}},
      {"generate", {"evaluate"}},
      {"prompt", {"predict"}},
      {"most_tokens", writers},
      {"top_k", writers},
      {"top_p", writers},
      {"beams", writers},
      {"length_penalty", writers},
      {"stop", writers},
      {"temperature", writers},
      {"prompt_template", {"worker", "describe", "preflight"}},
      {"rows", {"probe", "preflight"}},
      {"result", {"merge"}},
      {"inspect_tokens", {"inspect"}},
      {"removal_tokens", {"inspect"}},
      {"adapter", {"evaluate", "predict", "merge", "inspect", "worker", "describe", "preflight"}}};
  return table;
}

/// The names of everything that a verb's config may hold.
std::vector<std::string_view> config_names(std::string_view verb) {
  std::vector<std::string_view> names = names_of(setting_fields().rows());
  names.push_back("data");
  if (std::ranges::find(kEvaluatingVerbs, verb) != kEvaluatingVerbs.end()) names.push_back("evaluate");
  for (const std::string_view name : names_of(train::train_fields().rows())) names.push_back(name);
  std::erase_if(names, [&](std::string_view name) {
    const auto verbs = verbs_reading(name);
    return !verbs.empty() && std::ranges::find(verbs, verb) == verbs.end();
  });
  return names;
}

}  // namespace

std::vector<std::string_view> verbs_reading(std::string_view field) {
  const auto found = std::ranges::find(own_fields(), field, &OwnField::field);
  return found == own_fields().end() ? std::vector<std::string_view>{} : found->verbs;
}

Result<Config> read_config(const Document& written, std::string_view verb) {
  Document document = written;
  train::fold_fields(document.json);
  const Node root = document.root();
  PEGBOX_CHECK(root.only(config_names(verb)));
  Config config;
  PEGBOX_TRY(config.settings, setting_fields().read_known(root));
  if (root.has("data")) {
    PEGBOX_TRY(const Node data, root.at("data"));
    PEGBOX_TRY(config.data, train::DataFiles::read(data));
    config.has_data = true;
  }
  if (root.has("evaluate")) {
    PEGBOX_TRY(const Node evaluate, root.at("evaluate"));
    PEGBOX_TRY(config.evaluations, TrialEvaluation::read(evaluate, ""));
  }
  config.data.validation_fraction = config.settings.validation_fraction;
  PEGBOX_CHECK(train::train_fields().read_known(root));
  for (const std::string_view name : names_of(train::train_fields().rows()))
    if (root.has(name)) config.run[std::string(name)] = document.json[std::string(name)];
  return config;
}

namespace {

bool is_text_field(const std::string& name) {
  for (const auto* rows : {&setting_fields().rows(), &train::train_fields().rows()})
    for (const FieldRow& row : *rows)
      if (row.name == name) return std::holds_alternative<std::string>(row.fallback);
  return false;
}

/// A flag's value: of fields that are not text, as JSON if it is a number, true, false, a list or an object.
Json flag_value(const std::string& name, const std::string& text) {
  if (is_text_field(name)) return text;
  const auto json = parse_json(text, "--" + name);
  return json && !json->is_string() ? *json : Json(text);
}

Result<void> merge(Json& into, const std::string& text, const std::string& where) {
  PEGBOX_TRY(const Json json, parse_json(text, where));
  if (!json.is_object())
    return fail(ErrorKind::InvalidInput,
                {.where = where, .what = "a config is an object", .got = to_line(json).substr(0, 60)});
  for (const auto& [key, value] : json.items()) into[key] = value;
  return {};
}

}  // namespace

Result<Document> read_command_line(const std::vector<std::string>& arguments) {
  Document document{.json = Json::object(), .name = "command line"};
  bool named = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& flag = arguments[i];
    if (flag == "--json") {
      document.json["json"] = true;
      continue;
    }
    if (!flag.starts_with("--") || i + 1 == arguments.size())
      return fail(ErrorKind::InvalidInput, {.where = "command line",
                                            .what = "this is not a flag with a value",
                                            .got = flag,
                                            .expected = "--config FILE, --json-config TEXT or --name value"});
    const std::string& value = arguments[++i];
    if (flag == "--config") {
      if (!named) document.name = value;
      PEGBOX_TRY(const std::string text, read_file(value));
      PEGBOX_CHECK(merge(document.json, text, value));
    } else if (flag == "--called") {  // what messages call the config
      document.name = value;
      named = true;
    } else if (flag == "--json-config") {
      PEGBOX_CHECK(merge(document.json, value, "--json-config"));
    } else {
      document.json[flag.substr(2)] = flag_value(flag.substr(2), value);
    }
  }
  return document;
}

Result<void> prepare_output(const Settings& settings, const std::vector<std::string>& inputs) {
  if (settings.output.empty()) return {};
  std::vector<std::string> read = inputs;
  read.insert(read.end(), {settings.model, settings.adapter, settings.teacher, settings.teacher_adapter});
  for (const std::string& input : read) {
    std::error_code missing;
    if (!input.empty() && std::filesystem::equivalent(settings.output, input, missing))
      return fail(ErrorKind::InvalidInput, {.where = "output",
                                            .what = "it is the folder that is read, and would be overwritten",
                                            .got = settings.output,
                                            .expected = "another folder"});
  }
  return make_folder(settings.output);
}

text::LossOn loss_on_of(const Settings& settings) {
  const auto found = std::ranges::find(text::kLossOnNames, settings.loss_on);
  return static_cast<text::LossOn>(found - text::kLossOnNames.begin());
}

}  // namespace pegbox::trainer
