// method_fields: see method_fields.h.
#include "train/method/method_fields.h"

#include "train/method/merge_rule.h"

namespace pegbox::train {

namespace {

using Row = Field<TrainConfig>;

}  // namespace

std::vector<Row> method_rows() {
  return {
      Row{.name = "start_adapter",
          .member = &TrainConfig::start_adapter,
          .help = "folder of an adapter that training goes on from: one of the same method, rank, scale and target"},
      Row{.name = "last_layers",
          .member = &TrainConfig::last_layers,
          .minimum = 1,
          .maximum = 10000,
          .help = "last_k: how many layers are trained, with the norm after them"},
      Row{.name = "adapter_width",
          .member = &TrainConfig::adapter_width,
          .minimum = 1,
          .maximum = 1 << 16,
          .help = "adapter: width of the bottleneck",
          .source = "arXiv 1902.00751: 8 to 256, 64 about as good as any"},
      Row{.name = "adapter_placement",
          .member = &TrainConfig::adapter_placement,
          .choices = {"houlsby", "pfeiffer", "parallel"},
          .help =
              "adapter: after attention and feed-forward network (houlsby), after the latter (pfeiffer), or beside it, "
              "times `scale` (parallel)",
          .source = "arXiv 1902.00751, 2005.00247, 2110.04366"},
      Row{.name = "virtual_tokens",
          .member = &TrainConfig::virtual_tokens,
          .minimum = 1,
          .maximum = 1 << 16,
          .help = "prompt, prefix: trained tokens before each text; they take positions",
          .source = "arXiv 2104.08691: little gain beyond 20"},
      Row{.name = "prompt_start",
          .member = &TrainConfig::prompt_start,
          .choices = {"vocabulary", "gaussian"},
          .help =
              "prompt, prefix: first values are those of random tokens of the vocabulary, or normal with the deviation "
              "of the embeddings (prompt) or of fresh weights (prefix)",
          .source = "arXiv 2104.08691, 2101.00190: real tokens start better"},
  };
}

std::vector<Row> merge_rows() {
  return {
      Row{.name = "adapters",
          .member = &TrainConfig::adapters,
          .help = "merge: the folders of the adapters (LoRA), as a list or as {name: folder}; without names they have "
                  "those of their folders"},
      Row{.name = "adapter_weights",
          .member = &TrainConfig::adapter_weights,
          .help = "merge: {novel: 0.7, code: 0.3}; a search names them {simplex: [novel, code]}; adapters that are not "
                  "named are left out; empty: all alike, 1 in sum"},
      Row{.name = "merge_scale",
          .member = &TrainConfig::merge_scale,
          .minimum = -100,
          .maximum = 100,
          .help = "merge: factor of all weights, such as those of a simplex, which are 1 in sum",
          .source = "task arithmetic, arXiv 2212.04089: 0.3 to 0.5 where weights are 1 each"},
      Row{.name = "merge",
          .member = &TrainConfig::merge,
          .choices = merge_rule_names(),
          .help = "merge: how adapters become one: linear (factors are added), cat (updates are added exactly; ranks "
                  "add up), svd (the same, cut to a rank), ties (the largest values whose sign prevails), dare_linear "
                  "(values by chance), dare_ties (both), magnitude_prune (the largest values); with _svd on updates "
                  "instead of factors",
          .source = "PEFT's add_weighted_adapter; arXiv 2306.01708, 2311.03099"},
      Row{.name = "merge_density",
          .member = &TrainConfig::merge_density,
          .minimum = 1e-6,
          .maximum = 1,
          .help = "merge by ties, dare or magnitude_prune: part of each adapter's values that is kept",
          .source = "TIES: 0.2; DARE: 0.1 to 0.9"},
      Row{.name = "merge_sign",
          .member = &TrainConfig::merge_sign,
          .choices = {"total", "frequency"},
          .help = "merge by ties or dare_ties: the sign that prevails is that of the sum, or that of more adapters",
          .source = "PEFT"},
      Row{.name = "merge_rank",
          .member = &TrainConfig::merge_rank,
          .minimum = 0,
          .maximum = 4096,
          .help = "merge by svd: rank of the result; 0: the largest of the adapters'"},
  };
}

}  // namespace pegbox::train
