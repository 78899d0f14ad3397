// Weights: see weights.h.
#include "train/model/weights.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <set>

#include "base/json.h"
#include "train/guard.h"
#include "train/model/safetensors.h"

namespace pegbox::train {

namespace {

struct TypePair {
  Dtype dtype;
  at::ScalarType type;
};

constexpr std::array<TypePair, 10> kTypes = {{{Dtype::F64, at::kDouble},
                                              {Dtype::F32, at::kFloat},
                                              {Dtype::F16, at::kHalf},
                                              {Dtype::BF16, at::kBFloat16},
                                              {Dtype::I64, at::kLong},
                                              {Dtype::I32, at::kInt},
                                              {Dtype::I16, at::kShort},
                                              {Dtype::I8, at::kChar},
                                              {Dtype::U8, at::kByte},
                                              {Dtype::Bool, at::kBool}}};

/// A tensor that reads the view's bytes in place.
/// `owner`: what the bytes are of, if the tensor is to keep it.
Tensor tensor_on(const ArrayView& view, std::shared_ptr<const SafetensorsFile> owner = nullptr) {
  const auto type = std::ranges::find(kTypes, view.dtype, &TypePair::dtype)->type;
  return at::from_blob(
      const_cast<std::byte*>(view.bytes.data()), view.shape, [owner = std::move(owner)](void*) {},
      at::TensorOptions().dtype(type));
}

ArrayView view_on(const Tensor& tensor) {
  const auto dtype = std::ranges::find(kTypes, tensor.scalar_type(), &TypePair::type)->dtype;
  return {dtype, tensor.sizes().vec(), {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}};
}

/// All files of a model folder, and where each array is.
struct ModelFiles {
  std::vector<SafetensorsFile> files;
  std::map<std::string, const ArrayView*> arrays;

  Result<void> add(const Path& path) {
    PEGBOX_TRY(SafetensorsFile file, SafetensorsFile::open(path));
    files.push_back(std::move(file));
    return {};
  }
  void index() {
    for (const SafetensorsFile& file : files)
      for (const auto& [name, view] : file.arrays()) arrays[name] = &view;
  }
};

Result<std::set<std::string>> shard_names(const Path& index) {
  PEGBOX_TRY(const std::string text, read_file(index));
  PEGBOX_TRY(const Json json, parse_json(text, index.string()));
  std::set<std::string> names;
  if (json.is_object() && json.contains("weight_map") && json["weight_map"].is_object())
    for (const auto& [tensor, file] : json["weight_map"].items())
      if (file.is_string()) names.insert(file.get<std::string>());
  if (names.empty())
    return fail(ErrorKind::Corrupt, {.where = index.string(),
                                     .what = "there is no weight_map",
                                     .got = to_line(json).substr(0, 60),
                                     .expected = "an object of tensor names and file names"});
  return names;
}

Result<ModelFiles> open_files(const Path& folder) {
  ModelFiles files;
  const Path single = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
  if (std::filesystem::exists(single)) {
    PEGBOX_CHECK(files.add(single));
  } else if (std::filesystem::exists(index)) {
    PEGBOX_TRY(const auto names, shard_names(index));
    for (const std::string& name : names) {
      if (!std::filesystem::exists(folder / name))
        return fail(ErrorKind::NotFound, {.where = index.string(),
                                          .what = fmt::format("the shard {} that it names is missing", name),
                                          .expected = fmt::format("{} files beside it", names.size()),
                                          .hint = "the model was not copied as a whole"});
      PEGBOX_CHECK(files.add(folder / name));
    }
  } else {
    return fail(ErrorKind::NotFound, {.where = folder.string(),
                                      .what = "there are no weights here",
                                      .expected = "model.safetensors or model.safetensors.index.json",
                                      .hint = "weights in pickle files (.bin) are not read; save them as safetensors"});
  }
  files.index();
  return files;
}

/// Finds a piece by its name, or by its name without the prefix that files of a bare model lack.
const ArrayView* find_piece(const ModelFiles& files, const ModelLayout& layout, const std::string& name,
                            std::set<std::string>& used) {
  std::vector<std::string> candidates{name};
  if (name.starts_with(layout.optional_prefix)) candidates.push_back(name.substr(layout.optional_prefix.size()));
  for (const std::string& candidate : candidates)
    if (const auto found = files.arrays.find(candidate); found != files.arrays.end()) {
      used.insert(candidate);
      return found->second;
    }
  return nullptr;
}

/// That a piece has a type and a shape that can be its slot's rows.
Result<void> check_piece(const Path& folder, const ArrayView& view, const Piece& piece,
                         std::vector<std::int64_t> shape) {
  shape[0] = piece.rows;
  if (piece.transposed) std::swap(shape[0], shape[1]);
  if (view.shape != shape)
    return fail(ErrorKind::InvalidInput, {.where = folder.string(),
                                          .what = fmt::format("tensor {} has the wrong shape", piece.name),
                                          .got = fmt::format("{}", view.shape),
                                          .expected = fmt::format("{}", shape),
                                          .hint = "config.json and the weights belong to different models"});
  if (is_floating(view.dtype)) return {};
  return fail(ErrorKind::Unsupported,
              {.where = folder.string(),
               .what = fmt::format("tensor {} is stored in a type without fractions", piece.name),
               .got = std::string(name_of(view.dtype)),
               .expected = "F32, F16 or BF16",
               .hint = "quantized weights are not read; method qlora quantizes them itself"});
}

Result<Tensor> read_slot(const Path& folder, const ModelFiles& files, const ModelLayout& layout, const TensorSlot& slot,
                         std::set<std::string>& used, std::vector<std::string>& missing) {
  std::vector<const ArrayView*> views;
  for (const Piece& piece : slot.pieces) {
    views.push_back(find_piece(files, layout, piece.name, used));
    if (views.back() != nullptr)
      PEGBOX_CHECK(check_piece(folder, *views.back(), piece, slot.shape));
    else if (!slot.may_be_missing)
      missing.push_back(piece.name);
  }
  if (!missing.empty()) return Tensor();  // nothing is loaded; a config may say sizes that nothing has room for
  Tensor tensor = at::empty(slot.shape, at::kFloat);
  for (std::size_t i = 0; i < views.size(); ++i) {
    const Piece& piece = slot.pieces[i];
    const Tensor rows = tensor.narrow(0, piece.row, piece.rows);
    if (views[i] == nullptr) {
      rows.zero_();
      continue;
    }
    const Tensor stored = tensor_on(*views[i]);
    rows.copy_(piece.transposed ? stored.t() : stored);
  }
  return tensor;
}

Result<void> check_names(const Path& folder, const ModelFiles& files, const ModelLayout& layout,
                         const std::set<std::string>& used, const std::vector<std::string>& missing) {
  std::vector<std::string> unexpected;
  for (const auto& [name, view] : files.arrays) {
    const auto ends_name = [&name = name](const std::string& ending) { return name.ends_with(ending); };
    if (!used.contains(name) && std::ranges::none_of(layout.ignored_name_endings, ends_name))
      unexpected.push_back(name);
  }
  const auto some = [](const std::vector<std::string>& names) {
    const auto shown = std::min<std::size_t>(names.size(), 4);
    return fmt::format("{}{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                       names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "");
  };
  if (!missing.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = folder.string(),
                 .what = fmt::format("{} tensors are missing: {}", missing.size(), some(missing)),
                 .hint = unexpected.empty() ? "" : "there are others: " + some(unexpected)});
  if (!unexpected.empty())
    return fail(ErrorKind::InvalidInput, {.where = folder.string(),
                                          .what = fmt::format("{} tensors do not belong to this architecture: {}",
                                                              unexpected.size(), some(unexpected)),
                                          .hint = "config.json and the weights belong to different models"});
  return {};
}

}  // namespace

Result<Weights> load_weights(const Path& model_folder, const ModelLayout& layout,
                             const std::function<Tensor(std::size_t slot, Tensor read)>& keep) {
  return guard(model_folder.string(), [&]() -> Result<Weights> {
    PEGBOX_TRY(const ModelFiles files, open_files(model_folder));
    Weights weights;
    std::set<std::string> used;
    std::vector<std::string> missing;
    for (const TensorSlot& slot : layout.slots) {
      PEGBOX_TRY(Tensor tensor, read_slot(model_folder, files, layout, slot, used, missing));
      weights.push_back(tensor.defined() ? keep(weights.size(), std::move(tensor)) : Tensor());
    }
    PEGBOX_CHECK(check_names(model_folder, files, layout, used, missing));
    return weights;
  });
}

Result<void> save_weights(const Path& model_folder, const ModelLayout& layout, const Weights& weights) {
  NamedTensors pieces;
  for (std::size_t i = 0; i < layout.slots.size(); ++i)
    for (const Piece& piece : layout.slots[i].pieces) {
      const Tensor rows = weights[i].detach().narrow(0, piece.row, piece.rows);
      pieces[piece.name] = piece.transposed ? rows.t() : rows;
    }
  return save_tensors(model_folder / "model.safetensors", pieces, {{"format", "pt"}});
}

Result<void> save_tensors(const Path& path, const NamedTensors& tensors,
                          const std::map<std::string, std::string>& metadata) {
  return guard(path.string(), [&]() -> Result<void> {
    NamedTensors whole;
    std::map<std::string, ArrayView> arrays;
    for (const auto& [name, tensor] : tensors) {
      whole[name] = tensor.detach().contiguous();
      arrays[name] = view_on(whole[name]);
    }
    return write_safetensors(path, arrays, metadata);
  });
}

Result<TensorFile> map_tensors(const Path& path) {
  return guard(path.string(), [&]() -> Result<TensorFile> {
    PEGBOX_TRY(SafetensorsFile opened, SafetensorsFile::open(path));
    const auto file = std::make_shared<const SafetensorsFile>(std::move(opened));
    TensorFile content{.tensors = {}, .metadata = file->metadata()};
    for (const auto& [name, view] : file->arrays()) content.tensors[name] = tensor_on(view, file);
    return content;
  });
}

Result<TensorFile> load_tensors(const Path& path) {
  return guard(path.string(), [&]() -> Result<TensorFile> {
    PEGBOX_TRY(TensorFile content, map_tensors(path));
    for (auto& [name, tensor] : content.tensors) tensor = tensor.clone();
    return content;
  });
}

}  // namespace pegbox::train
