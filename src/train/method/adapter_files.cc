// adapter_files: see adapter_files.h. Keys are those of PEFT 0.17: base_model.model.<module>.lora_A.weight [R, I] and
// lora_B.weight [O, R], for GPT-2's transposed layers too.
#include "train/method/adapter_files.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/json.h"
#include "train/guard.h"

namespace pegbox::train {

namespace {

constexpr std::string_view kPrefix = "base_model.model.";

std::string key_of(const std::string& module, char factor) {
  return fmt::format("{}{}.lora_{}.weight", kPrefix, module, factor);
}

/// "attn.c_proj" of "transformer.h.0.attn.c_proj".
std::string last_two_names(const std::string& module) {
  const auto last = module.rfind('.');
  const auto before = module.rfind('.', last - 1);
  return module.substr(before + 1);
}

/// Names that select exactly the adapted layers: the last name where all that have it are adapted, else two names.
std::set<std::string> target_modules(const ModelLayout& layout, const LoraPlan& plan) {
  std::set<std::string> adapted, partly, names;
  for (const LoraPlan::Group& group : plan.groups()) adapted.insert(group.modules.begin(), group.modules.end());
  for (const LinearGroup& group : layout.groups)
    for (const LinearPart& part : group.parts)
      if (!adapted.contains(part.module)) partly.insert(part.target);
  for (const std::string& module : adapted) {
    const std::string target = module.substr(module.rfind('.') + 1);
    names.insert(partly.contains(target) ? last_two_names(module) : target);
  }
  return names;
}

Json adapter_config(const Decoder& decoder, const LoraPlan& plan, const AdapterInfo& info) {
  const double alpha = plan.scale() * static_cast<double>(plan.rank());
  Json json = {{"peft_type", "LORA"}, {"task_type", "CAUSAL_LM"}, {"base_model_name_or_path", info.base_name},
               {"r", plan.rank()},    {"lora_alpha", alpha},      {"lora_dropout", info.dropout},
               {"bias", "none"}};
  if (alpha == std::floor(alpha)) json["lora_alpha"] = static_cast<std::int64_t>(alpha);
  json["target_modules"] = target_modules(decoder.layout(), plan);
  json["fan_in_fan_out"] = decoder.config().family == "gpt2";
  json["inference_mode"] = true;
  json["init_lora_weights"] = true;
  json["use_rslora"] = false;
  json["use_dora"] = false;
  json["modules_to_save"] = nullptr;
  return json;
}

Result<void> check_adapter_config(const Node& node) {
  const auto refuse = [&](std::string what, std::string got, std::string expected) {
    return fail(
        ErrorKind::Unsupported,
        {.where = node.where(), .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
  };
  const auto value = [&](const char* key) { return node.has(key) ? node.json()[key] : Json(); };
  if (value("peft_type") != "LORA")
    return refuse("this kind of adapter is not supported", to_line(value("peft_type")), "\"LORA\"");
  if (value("use_dora") == true) return refuse("DoRA is not supported", "use_dora: true", "false");
  if (const Json bias = value("bias"); !bias.is_null() && bias != "none")
    return refuse("trained biases are not supported", to_line(bias), "\"none\"");
  for (const char* key : {"modules_to_save", "rank_pattern", "alpha_pattern"})
    if (const Json other = value(key); !other.is_null() && !other.empty())
      return refuse(fmt::format("{} is not supported", key), to_line(other).substr(0, 60), "none");
  return {};
}

/// Factors of the plan's groups out of the file's arrays.
Result<Tensors> read_factors(const Path& path, const LoraPlan& plan, const NamedTensors& arrays) {
  Tensors values;
  std::size_t used = 0;
  const auto copy = [&](const std::string& key, Tensor rows) -> Result<void> {
    const auto found = arrays.find(key);
    if (found == arrays.end())
      return fail(ErrorKind::InvalidInput, {.where = path.string(), .what = fmt::format("array {} is missing", key)});
    if (found->second.sizes() != rows.sizes())
      return fail(ErrorKind::InvalidInput,
                  {.where = path.string(),
                   .what = fmt::format("array {} has the wrong shape", key),
                   .got = fmt::format("{} x {}", found->second.size(0), found->second.size(-1)),
                   .expected = fmt::format("{} x {}", rows.size(0), rows.size(1)),
                   .hint = "the adapter belongs to another base model"});
    rows.copy_(found->second);
    ++used;
    return {};
  };
  for (const LoraPlan::Group& group : plan.groups()) {
    if (group.parts.empty()) continue;
    const std::int64_t rank = plan.rank();
    values.push_back(at::empty({static_cast<std::int64_t>(group.parts.size()) * rank, group.inputs}, at::kFloat));
    values.push_back(at::empty({group.rows, rank}, at::kFloat));
    for (std::size_t p = 0; p < group.parts.size(); ++p) {
      const LoraPart& part = group.parts[p];
      const Tensor &a = values[values.size() - 2], &b = values.back();
      PEGBOX_CHECK(copy(key_of(group.modules[p], 'A'), a.narrow(0, static_cast<std::int64_t>(p) * rank, rank)));
      PEGBOX_CHECK(copy(key_of(group.modules[p], 'B'), b.narrow(0, part.factor_row, part.rows)));
    }
  }
  if (used != arrays.size())
    return fail(ErrorKind::InvalidInput, {.where = path.string(),
                                          .what = "the adapter has arrays that the base model has no place for",
                                          .got = fmt::format("{} arrays", arrays.size()),
                                          .expected = fmt::format("{}", used)});
  return values;
}

}  // namespace

Result<void> save_adapter(const Path& folder, const Decoder& decoder, const LoraPlan& plan, const Tensors& values,
                          const AdapterInfo& info) {
  PEGBOX_CHECK(make_folder(folder));
  NamedTensors arrays;
  const std::vector<LoraFactors> factors = plan.factors(values);
  for (std::size_t g = 0; g < factors.size(); ++g)
    for (std::size_t p = 0; p < factors[g].parts.size(); ++p) {
      const LoraPart& part = factors[g].parts[p];
      const std::string& module = plan.groups()[g].modules[p];
      arrays[key_of(module, 'A')] = factors[g].a.narrow(0, static_cast<std::int64_t>(p) * plan.rank(), plan.rank());
      arrays[key_of(module, 'B')] = factors[g].b.narrow(0, part.factor_row, part.rows);
    }
  PEGBOX_CHECK(save_tensors(folder / "adapter_model.safetensors", arrays, {{"format", "pt"}}));
  return replace_file(folder / "adapter_config.json", adapter_config(decoder, plan, info).dump(2) + "\n");
}

Result<Adapter> load_adapter(const Path& folder, const Decoder& decoder) {
  const Path config_path = folder / "adapter_config.json", path = folder / "adapter_model.safetensors";
  if (!std::filesystem::exists(config_path))
    return fail(ErrorKind::NotFound, {.where = folder.string(),
                                      .what = "there is no adapter_config.json here",
                                      .expected = "an adapter in PEFT's format"});
  PEGBOX_TRY(const std::string text, read_file(config_path));
  Document document{.name = config_path.string()};
  PEGBOX_TRY(document.json, parse_json(text, document.name));
  const Node node = document.root();
  PEGBOX_CHECK(check_adapter_config(node));
  PEGBOX_TRY(const Node rank_node, node.at("r"));
  PEGBOX_TRY(const std::int64_t rank, rank_node.integer());
  PEGBOX_TRY(const Node alpha_node, node.at("lora_alpha"));
  PEGBOX_TRY(const double alpha, alpha_node.real());
  if (rank < 1) return rank_node.fail("the rank is not positive", "at least 1");
  const bool by_root = node.has("use_rslora") && node.json()["use_rslora"] == true;
  PEGBOX_TRY(const TensorFile file, load_tensors(path));
  LoraPlan plan(decoder.layout(), rank,
                alpha / (by_root ? std::sqrt(static_cast<double>(rank)) : static_cast<double>(rank)),
                [&](const LinearPart& part) { return file.tensors.contains(key_of(part.module, 'A')); });
  PEGBOX_TRY(Tensors values, read_factors(path, plan, file.tensors));
  Adapter adapter{std::move(plan), std::move(values), {}};
  if (node.has("lora_dropout") && node.json()["lora_dropout"].is_number())
    adapter.info.dropout = node.json()["lora_dropout"].get<double>();
  if (node.has("base_model_name_or_path") && node.json()["base_model_name_or_path"].is_string())
    adapter.info.base_name = node.json()["base_model_name_or_path"].get<std::string>();
  return adapter;
}

Weights merge_adapter(const Decoder& decoder, const Weights& base, const Adapter& adapter) {
  Weights merged;
  for (const Tensor& tensor : base) merged.push_back(tensor.clone());
  const std::vector<LoraFactors> factors = adapter.plan.factors(adapter.values);
  for (std::size_t g = 0; g < factors.size(); ++g)
    for (std::size_t p = 0; p < factors[g].parts.size(); ++p) {
      const LoraPart& part = factors[g].parts[p];
      const std::int64_t rank = adapter.plan.rank();
      Tensor rows = merged[static_cast<std::size_t>(decoder.layout().groups[g].weight)].narrow(0, part.row, part.rows);
      rows.addmm_(factors[g].b.narrow(0, part.factor_row, part.rows),
                  factors[g].a.narrow(0, static_cast<std::int64_t>(p) * rank, rank), 1, factors[g].scale);
    }
  return merged;
}

}  // namespace pegbox::train
