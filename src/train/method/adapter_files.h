// adapter_files: the files of an adapter's folder, in PEFT's format where PEFT has the method (docs/formats.md).
#pragma once

#include <string>
#include <vector>

#include "base/document.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "train/model/layout.h"
#include "train/model/model_files.h"
#include "train/tensor.h"

namespace pegbox::train {

constexpr const char* kPeftConfig = "adapter_config.json";
constexpr const char* kBaseFile = "pegbox_base.json";  ///< beside either: what the base was changed to; else nothing
constexpr const char* kOwnConfig = "pegbox_adapter.json";  ///< of kinds that PEFT does not have

/// An adapter's folder, read.
class AdapterFolder {
 public:
  /// NotFound if no adapter is there.
  static Result<AdapterFolder> open(const Path& folder);
  /// One in PEFT's format that is not on disk; messages call it `name`.
  static AdapterFolder made(std::string name, Json config, NamedTensors arrays, bool base_is_nf4);

  const std::string& kind() const { return kind_; }  ///< "LORA" (PEFT's peft_type), "weights" (ours), ...
  bool is_peft() const { return peft_; }
  bool base_is_nf4() const { return nf4_; }                   ///< trained on a base in 4 bits
  const std::string& name() const { return document_.name; }  ///< of its config, for messages
  Node config() const { return document_.root(); }
  const NamedTensors& arrays() const { return arrays_; }

  /// A member of the config; null if it is not there.
  Json value(const char* key) const;
  Result<std::int64_t> integer(const char* key, std::int64_t least) const;  ///< InvalidInput if missing or smaller
  Result<double> real(const char* key) const;

  /// Unsupported, naming the config file.
  tl::unexpected<Error> refuse(std::string what, std::string got, std::string expected) const;

  /// Copies the array of a name into `target`, which has the shape it must have, and counts it as used.
  Result<void> copy(const std::string& name, Tensor target);
  /// The same with the array of a classifier's head, which is then gone, as is modules_to_save.
  Result<void> take_class_head(Tensor target);
  /// InvalidInput if there are arrays that no copy has used.
  Result<void> check_all_used() const;

 private:
  Path folder_;
  bool peft_ = true, nf4_ = false;
  std::string kind_;
  Document document_;
  NamedTensors arrays_;
  std::size_t used_ = 0;
};

/// How the base of a folder's adapter is to be loaded. Unsupported for a quantization that is not known.
Result<BaseStorage> base_storage_of(const Path& folder);
/// The classes that a folder's adapter tells apart; empty: it is of a language model.
Result<std::vector<std::string>> base_labels_of(const Path& folder);

/// Adds a classifier's head [K, C] to an adapter that was written, and notes the classes.
Result<void> add_class_head(const Path& folder, const Tensor& head, const std::vector<std::string>& labels);

/// What every adapter_config.json has; the method adds its own members.
Json peft_config(const std::string& kind, const BaseModel& base);

/// Writes `config` and the arrays in the place of whatever adapter was there.
Result<void> write_adapter(const Path& folder, const char* config_name, const Json& config, const NamedTensors& arrays);

/// "base_model.model.<module>.<name>", as PEFT names what it puts into a module.
std::string peft_key(const std::string& module, const std::string& name);

/// Names that select exactly these modules among all linear layers: the last name where all that have it are meant,
/// else two names.
std::vector<std::string> target_modules(const ModelLayout& layout, const std::vector<std::string>& modules);

}  // namespace pegbox::train
