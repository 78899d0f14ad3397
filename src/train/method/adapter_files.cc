// adapter_files: see adapter_files.h. Keys are those of PEFT 0.17, for GPT-2's transposed layers too.
#include "train/method/adapter_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "train/model/weights.h"

namespace pegbox::train {

namespace {

constexpr const char* kArrays = "adapter_model.safetensors";
constexpr std::string_view kPrefix = "base_model.model.";
constexpr const char* kHeadModule = "score";

/// The array of a classifier's head, of PEFT's adapters and of our own.
std::string head_key(bool peft) { return fmt::format("{}{}.weight", peft ? kPrefix : "", kHeadModule); }

/// The file beside an adapter; an empty object if there is none.
Result<Json> read_base_file(const Path& folder) {
  const Path path = folder / kBaseFile;
  if (!std::filesystem::exists(path)) return Json::object();
  PEGBOX_TRY(const std::string text, read_file(path));
  PEGBOX_TRY(Json json, parse_json(text, path.string()));
  if (json.is_object()) return json;
  return fail(ErrorKind::Corrupt, {.where = path.string(), .what = "this is no object"});
}

/// "attn.c_proj" of "transformer.h.0.attn.c_proj".
std::string last_two_names(const std::string& module) {
  const auto last = module.rfind('.');
  const auto before = module.rfind('.', last - 1);
  return module.substr(before + 1);
}

}  // namespace

Result<AdapterFolder> AdapterFolder::open(const Path& folder) {
  AdapterFolder adapter;
  adapter.folder_ = folder;
  adapter.peft_ = !std::filesystem::exists(folder / kOwnConfig);
  const Path config = folder / (adapter.peft_ ? kPeftConfig : kOwnConfig);
  if (!std::filesystem::exists(config))
    return fail(ErrorKind::NotFound, {.where = folder.string(),
                                      .what = "there is no adapter_config.json here",
                                      .expected = "an adapter in PEFT's format, or one of pegbox's own"});
  PEGBOX_TRY(const std::string text, read_file(config));
  adapter.document_.name = config.string();
  PEGBOX_TRY(adapter.document_.json, parse_json(text, adapter.document_.name));
  const Json kind = adapter.value(adapter.peft_ ? "peft_type" : "kind");
  adapter.kind_ = kind.is_string() ? kind.get<std::string>() : to_line(kind);
  PEGBOX_TRY(const BaseStorage storage, base_storage_of(folder));
  adapter.nf4_ = storage == BaseStorage::Nf4;
  PEGBOX_TRY(TensorFile file, load_tensors(folder / kArrays));
  adapter.arrays_ = std::move(file.tensors);
  return adapter;
}

AdapterFolder AdapterFolder::made(std::string name, Json config, NamedTensors arrays, bool base_is_nf4) {
  AdapterFolder adapter;
  adapter.nf4_ = base_is_nf4;
  adapter.folder_ = name;
  adapter.document_ = {.json = std::move(config), .name = std::move(name)};
  adapter.kind_ = adapter.value("peft_type").get<std::string>();
  adapter.arrays_ = std::move(arrays);
  return adapter;
}

Result<BaseStorage> base_storage_of(const Path& folder) {
  PEGBOX_TRY(const Json json, read_base_file(folder));
  const Json quantization = json.contains("quantization") ? json["quantization"] : Json();
  if (quantization.is_null()) return BaseStorage::Fp32;
  if (quantization == "nf4") return BaseStorage::Nf4;
  return fail(ErrorKind::Unsupported, {.where = (folder / kBaseFile).string(),
                                       .what = "this quantization of the base is not known",
                                       .got = to_line(quantization),
                                       .expected = "\"nf4\""});
}

Result<std::vector<std::string>> base_labels_of(const Path& folder) {
  Document document{.name = (folder / kBaseFile).string()};
  PEGBOX_TRY(document.json, read_base_file(folder));
  std::vector<std::string> labels;
  if (!document.root().has("labels")) return labels;
  PEGBOX_TRY(const Node list, document.root().at("labels"));
  for (const Node& item : list.items()) {
    PEGBOX_TRY(labels.emplace_back(), item.string());
  }
  return labels;
}

Result<void> add_class_head(const Path& folder, const Tensor& head, const std::vector<std::string>& labels) {
  PEGBOX_TRY(Json note, read_base_file(folder));
  note["format"] = 1;
  note["labels"] = labels;
  PEGBOX_CHECK(replace_file(folder / kBaseFile, note.dump(2) + "\n"));
  const bool peft = std::filesystem::exists(folder / kPeftConfig);
  PEGBOX_TRY(TensorFile file, load_tensors(folder / kArrays));
  file.tensors[head_key(peft)] = head;
  PEGBOX_CHECK(save_tensors(folder / kArrays, file.tensors, file.metadata));
  if (!peft) return {};
  PEGBOX_TRY(const std::string text, read_file(folder / kPeftConfig));
  PEGBOX_TRY(Json config, parse_json(text, (folder / kPeftConfig).string()));
  config["task_type"] = "SEQ_CLS";
  config["modules_to_save"] = {kHeadModule};
  return replace_file(folder / kPeftConfig, config.dump(2) + "\n");
}

Json AdapterFolder::value(const char* key) const {
  const Json& json = document_.json;
  return json.is_object() && json.contains(key) ? json[key] : Json();
}

Result<std::int64_t> AdapterFolder::integer(const char* key, std::int64_t least) const {
  PEGBOX_TRY(const Node node, config().at(key));
  PEGBOX_TRY(const std::int64_t number, node.integer());
  if (number < least) return node.fail(fmt::format("{} is too small", key), fmt::format("at least {}", least));
  return number;
}

Result<double> AdapterFolder::real(const char* key) const {
  PEGBOX_TRY(const Node node, config().at(key));
  return node.real();
}

tl::unexpected<Error> AdapterFolder::refuse(std::string what, std::string got, std::string expected) const {
  return fail(
      ErrorKind::Unsupported,
      {.where = document_.name, .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
}

Result<void> AdapterFolder::copy(const std::string& name, Tensor target) {
  const std::string where = (folder_ / kArrays).string();
  const auto found = arrays_.find(name);
  if (found == arrays_.end())
    return fail(ErrorKind::InvalidInput, {.where = where, .what = fmt::format("array {} is missing", name)});
  if (found->second.sizes() != target.sizes())
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = fmt::format("array {} has the wrong shape", name),
                                          .got = fmt::format("{}", fmt::join(found->second.sizes(), " x ")),
                                          .expected = fmt::format("{}", fmt::join(target.sizes(), " x ")),
                                          .hint = "the adapter belongs to another base model"});
  target.copy_(found->second);
  ++used_;
  return {};
}

Result<void> AdapterFolder::take_class_head(Tensor target) {
  const std::string key = head_key(peft_);
  PEGBOX_CHECK(copy(key, std::move(target)));
  --used_;
  arrays_.erase(key);
  document_.json.erase("modules_to_save");
  return {};
}

Result<void> AdapterFolder::check_all_used() const {
  if (used_ == arrays_.size()) return {};
  return fail(ErrorKind::InvalidInput, {.where = (folder_ / kArrays).string(),
                                        .what = "the adapter has arrays that the base model has no place for",
                                        .got = fmt::format("{} arrays", arrays_.size()),
                                        .expected = fmt::format("{}", used_)});
}

Json peft_config(const std::string& kind, const BaseModel& base) {
  return {{"peft_type", kind},
          {"task_type", "CAUSAL_LM"},
          {"base_model_name_or_path", base.name},
          {"inference_mode", true}};
}

Result<void> write_adapter(const Path& folder, const char* config_name, const Json& config,
                           const NamedTensors& arrays) {
  PEGBOX_CHECK(make_folder(folder));
  for (const std::string_view other : {kPeftConfig, kOwnConfig, kBaseFile})  // of another method's adapter
    if (other != config_name) PEGBOX_CHECK(remove_tree(folder / other));
  PEGBOX_CHECK(save_tensors(folder / kArrays, arrays, {{"format", "pt"}}));
  return replace_file(folder / config_name, config.dump(2) + "\n");
}

std::string peft_key(const std::string& module, const std::string& name) {
  return fmt::format("{}{}.{}", kPrefix, module, name);
}

std::vector<std::string> target_modules(const ModelLayout& layout, const std::vector<std::string>& modules) {
  const std::set<std::string> adapted(modules.begin(), modules.end());
  std::set<std::string> partly, names;
  for (const LinearGroup& group : layout.groups)
    for (const LinearPart& part : group.parts)
      if (!adapted.contains(part.module)) partly.insert(part.target);
  for (const std::string& module : adapted) {
    const std::string target = module.substr(module.rfind('.') + 1);
    names.insert(partly.contains(target) ? last_two_names(module) : target);
  }
  return {names.begin(), names.end()};
}

}  // namespace pegbox::train
