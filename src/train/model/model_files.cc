// model_files: see model_files.h.
#include "train/model/model_files.h"

#include "base/json.h"
#include "train/guard.h"

namespace pegbox::train {

Result<BaseModel> load_model(const Path& folder) {
  PEGBOX_TRY(ModelConfig config, read_model_config(folder));
  return guard(folder.string(), [&]() -> Result<BaseModel> {
    BaseModel model{.name = folder.string()};
    ModelLayout layout = layout_of(config);
    PEGBOX_TRY(model.weights, load_weights(folder, layout));
    model.decoder = std::make_unique<Decoder>(std::move(config), std::move(layout));
    return model;
  });
}

Result<void> save_model(const Path& folder, const ModelConfig& config, const ModelLayout& layout,
                        const Weights& weights) {
  PEGBOX_CHECK(make_folder(folder));
  PEGBOX_CHECK(save_weights(folder, layout, weights));
  Json json = write_model_config(config);
  json["dtype"] = "float32";        // transformers 5
  json["torch_dtype"] = "float32";  // transformers 4
  return replace_file(folder / "config.json", json.dump(2) + "\n");
}

}  // namespace pegbox::train
