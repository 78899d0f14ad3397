// bottleneck: small networks inside the layers of a frozen model. Serial: after the attention and the feed-forward
// network (Houlsby et al. 2019, arXiv 1902.00751) or after the latter alone (Pfeiffer et al. 2020, arXiv 2005.00247),
// with a skip connection; parallel: beside the feed-forward network, scaled (He et al. 2021, arXiv 2110.04366).
#pragma once

#include "train/method/adapter_files.h"
#include "train/method/method.h"

namespace pegbox::train {

Result<std::unique_ptr<Method>> make_bottleneck(const TrainConfig& config, const BaseModel& base);

/// Our kind "bottleneck".
Result<Adapter> read_bottleneck(AdapterFolder& folder, const BaseModel& base);

}  // namespace pegbox::train
