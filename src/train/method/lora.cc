// lora: see lora.h. A starts uniform in ±1/sqrt(inputs) (Kaiming with a = sqrt 5, as PEFT), B at 0: no change at first.
#include "train/method/lora.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <sstream>

#include "train/method/adapter_files.h"
#include "train/model/initialize.h"

namespace pegbox::train {

namespace {

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');) {
    const auto first = name.find_first_not_of(' '), last = name.find_last_not_of(' ');
    if (first != std::string::npos) names.push_back(name.substr(first, last - first + 1));
  }
  return names;
}

class Lora final : public Method {
 public:
  Lora(const TrainConfig& config, const Decoder& decoder, const Weights& base, std::string base_name, LoraPlan plan)
      : dropout_(config.dropout),
        decoder_(decoder),
        base_(base),
        base_name_(std::move(base_name)),
        plan_(std::move(plan)) {}

  std::int64_t parameter_count() const override {
    std::int64_t sum = 0;
    for (const LoraPlan::Group& group : plan_.groups())
      sum += plan_.rank() * (static_cast<std::int64_t>(group.parts.size()) * group.inputs + group.rows);
    return sum;
  }

  std::vector<Parameter> initial_parameters(std::uint64_t seed) const override {
    std::vector<Parameter> parameters;
    for (std::size_t g = 0; g < plan_.groups().size(); ++g) {
      const LoraPlan::Group& group = plan_.groups()[g];
      if (group.parts.empty()) continue;
      const auto count = static_cast<std::int64_t>(group.parts.size());
      Tensor a = at::empty({count * plan_.rank(), group.inputs}, at::kFloat);
      for (std::int64_t p = 0; p < count; ++p) {  // a stream for each layer, whatever else is adapted
        Tensor rows = a.narrow(0, p * plan_.rank(), plan_.rank());
        fill_uniform(rows, 1 / std::sqrt(static_cast<double>(group.inputs)),
                     {seed, stream_id("lora " + group.modules[static_cast<std::size_t>(p)])});
      }
      parameters.push_back({fmt::format("group.{}.lora_A", g), a, true});
      parameters.push_back(
          {fmt::format("group.{}.lora_B", g), at::zeros({group.rows, plan_.rank()}, at::kFloat), true});
    }
    return parameters;
  }

  std::unique_ptr<Network> network(const Tensors& values) const override {
    return std::make_unique<LoraNetwork>(decoder_.layout(), base_, plan_.factors(values), dropout_);
  }

  Result<void> save(const Path& folder, const Tensors& values) const override {
    return save_adapter(folder, decoder_, plan_, values, {.base_name = base_name_, .dropout = dropout_});
  }

 private:
  double dropout_;
  const Decoder& decoder_;
  const Weights& base_;
  std::string base_name_;
  LoraPlan plan_;
};

}  // namespace

void LoraPlan::add(Group& planned, const LinearGroup& group, const LinearPart& part) {
  planned.inputs = group.inputs;
  planned.parts.push_back({part.row, part.rows, planned.rows});
  planned.modules.push_back(part.module);
  planned.rows += part.rows;
}

Result<LoraPlan> LoraPlan::create(const ModelLayout& layout, const std::string& target, std::int64_t rank,
                                  double scale) {
  const std::vector<std::string> names = split_names(target), known = layout.targets();
  for (const std::string& name : names) {
    if (name == "all" || name == "attention" || name == "feed_forward") continue;
    if (std::ranges::find(known, name) == known.end())
      return fail(ErrorKind::InvalidInput,
                  {.where = "target",
                   .what = "the model has no such linear layer",
                   .got = name,
                   .expected = fmt::format("all, attention, feed_forward or some of {}", fmt::join(known, ", "))});
  }
  LoraPlan plan(layout, rank, scale, [&](const LinearPart& part) {
    return std::ranges::any_of(names, [&](const std::string& name) {
      return name == "all" || name == part.target || name == (part.attention ? "attention" : "feed_forward");
    });
  });
  if (plan.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "target",
                 .what = "no linear layer is named",
                 .got = target,
                 .expected = fmt::format("all, attention, feed_forward or some of {}", fmt::join(known, ", "))});
  return plan;
}

bool LoraPlan::empty() const {
  return std::ranges::all_of(groups_, [](const Group& group) { return group.parts.empty(); });
}

std::vector<LoraFactors> LoraPlan::factors(const Tensors& values) const {
  std::vector<LoraFactors> factors(groups_.size());
  std::size_t next = 0;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (groups_[g].parts.empty()) continue;
    factors[g] = {values[next], values[next + 1], groups_[g].parts, rank_, scale_};
    next += 2;
  }
  return factors;
}

Tensor LoraNetwork::linear(int index, const Tensor& x, DropoutSource& dropout) const {
  const LoraFactors& factors = factors_[static_cast<std::size_t>(index)];
  const kernels::DropoutMask mask = dropout.next(dropout_);
  if (!factors.a.defined()) return PlainNetwork::linear(index, x, dropout);
  return lora_linear(x, weight(group(index).weight), weight(group(index).bias), factors, mask);
}

Result<std::unique_ptr<Method>> make_lora(const TrainConfig& config, const Decoder& decoder, const Weights& base,
                                          const std::string& base_name) {
  PEGBOX_TRY(LoraPlan plan, LoraPlan::create(decoder.layout(), config.target, config.rank, config.scale));
  return std::make_unique<Lora>(config, decoder, base, base_name, std::move(plan));
}

}  // namespace pegbox::train
