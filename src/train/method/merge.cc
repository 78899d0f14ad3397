// merge: see merge.h.
#include "train/method/merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <vector>

#include "train/config_rules.h"
#include "train/guard.h"
#include "train/method/lora.h"
#include "train/method/merged_lora.h"
#include "train/named_numbers.h"

namespace pegbox::train {

namespace {

constexpr const char* kAdapters = "adapters";
constexpr const char* kAdapterWeights = "adapter_weights";

/// An adapter as it is.
class FixedAdapter final : public Method {
 public:
  explicit FixedAdapter(Adapter adapter) : adapter_(std::move(adapter)) {}

  std::vector<Parameter> parameter_shapes() const override { return {}; }
  std::vector<Parameter> initial_parameters(std::uint64_t /*seed*/) const override { return {}; }
  std::unique_ptr<Network> network(const Tensors& /*values*/) const override {
    return adapter_.method->network(adapter_.values);
  }
  std::int64_t own_bytes() const override { return bytes_of(adapter_.values) + adapter_.method->own_bytes(); }
  Trace::Sized trace_linear(Trace& trace, int group, const Trace::Sized& x) const override {
    return adapter_.method->trace_linear(trace, group, x);
  }
  Result<void> save(const Path& folder, const Tensors& /*values*/) const override {
    return adapter_.method->save(folder, adapter_.values);
  }
  Result<Weights> merged(const Tensors& /*values*/) const override { return adapter_.method->merged(adapter_.values); }

 private:
  Adapter adapter_;
};

std::string last_name(const std::string& folder) {
  const Path path = Path(folder).lexically_normal();
  return (path.has_filename() ? path.filename() : path.parent_path().filename()).string();
}

Result<std::vector<std::string>> folders_in(const std::string& adapters, const Json& list) {
  if (!list.is_array()) return names_in(adapters);
  std::vector<std::string> folders;
  for (const Json& item : list) {
    if (!item.is_string())
      return refuse(kAdapters, "this is no folder of an adapter", excerpt(item),
                    "a list of folders, or {name: folder}");
    folders.push_back(item.get<std::string>());
  }
  return folders;
}

/// The adapters with a weight, in the order of their names; where none is said, all of them alike.
Result<std::vector<WeightedAdapter>> weighted_adapters(const TrainConfig& config) {
  PEGBOX_TRY(const auto folders, adapter_folders(config.adapters));
  PEGBOX_TRY(auto weights, read_named_numbers(config.adapter_weights, kAdapterWeights, "the weight of an adapter"));
  if (weights.empty())
    for (const auto& [name, folder] : folders) weights[name] = 1.0 / static_cast<double>(folders.size());
  std::vector<WeightedAdapter> adapters;
  for (const auto& [name, weight] : weights) {
    const auto found = folders.find(name);
    if (found == folders.end()) {
      std::vector<std::string> known;
      for (const auto& [other, folder] : folders) known.push_back(other);
      return refuse(kAdapterWeights, "no adapter has this name", name, fmt::format("{}", fmt::join(known, ", ")));
    }
    PEGBOX_TRY(AdapterFolder folder, AdapterFolder::open(found->second));
    adapters.push_back({name, std::move(folder), weight * config.merge_scale});
  }
  return adapters;
}

}  // namespace

Result<std::map<std::string, std::string>> adapter_folders(const std::string& adapters) {
  const bool is_json = adapters.starts_with('{') || adapters.starts_with('[');
  PEGBOX_TRY(const Json json, is_json ? parse_json(adapters, kAdapters) : Result<Json>(Json()));
  std::map<std::string, std::string> folders;
  if (json.is_object()) {
    for (const auto& [name, folder] : json.items()) {
      if (!folder.is_string()) return refuse(kAdapters, "this is no folder of an adapter", excerpt(folder), "a path");
      folders[name] = folder.get<std::string>();
    }
  } else {
    PEGBOX_TRY(const auto list, folders_in(adapters, json));
    std::multiset<std::string> last_names;
    for (const std::string& folder : list) last_names.insert(last_name(folder));
    for (const std::string& folder : list) {
      const std::string name = last_name(folder);
      if (!folders.emplace(last_names.count(name) > 1 ? folder : name, folder).second)
        return refuse(kAdapters, "an adapter is there twice", folder, "each once, with the sum of its weights");
    }
  }
  if (folders.empty())
    return refuse(kAdapters, "there is nothing to merge", "none", "adapters: a list of folders, or {name: folder}");
  return folders;
}

void fold_adapters(Json& fields) {
  if (fields.contains(kAdapters) && fields[kAdapters].is_structured()) fields[kAdapters] = to_line(fields[kAdapters]);
}

Result<BaseStorage> base_storage_of_adapters(const std::string& adapters) {
  PEGBOX_TRY(const auto folders, adapter_folders(adapters));
  return base_storage_of(folders.begin()->second);
}

Result<std::unique_ptr<Method>> make_merge(const TrainConfig& config, const BaseModel& base) {
  return guard("merge", [&]() -> Result<std::unique_ptr<Method>> {
    PEGBOX_TRY(const auto adapters, weighted_adapters(config));
    const LoraMerge merge{.rule = config.merge,
                          .options = {config.merge_density, config.merge_sign == "frequency"},
                          .rank = config.merge_rank,
                          .seed = static_cast<std::uint64_t>(config.seed)};
    PEGBOX_TRY(AdapterFolder merged, merge_lora(adapters, merge, base));
    PEGBOX_TRY(Adapter adapter, read_lora(merged, base));
    return std::make_unique<FixedAdapter>(std::move(adapter));
  });
}

}  // namespace pegbox::train
