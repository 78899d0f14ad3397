// set_fields: see set_fields.h.
#include "train/set_fields.h"

namespace pegbox::train {

namespace {

using Row = Field<TrainConfig>;

}  // namespace

std::vector<Row> stream_rows() {
  return {
      Row{.name = "replay",
          .member = &TrainConfig::replay,
          .minimum = 0,
          .maximum = 0.95,
          .help = "part of the tokens of each stage after the first that are of earlier sets, of each as many; 0: none",
          .source = "arXiv 2403.08763: 0.05 where the data change little, 0.25 to 0.5 where much"},
      Row{.name = "consolidation",
          .member = &TrainConfig::consolidation,
          .choices = {"none", "ewc"},
          .help = "what holds the values that earlier sets need: nothing, or elastic weight consolidation (ewc: a "
                  "penalty on leaving them, by their Fisher information); keeps two copies of what is trained",
          .source = "arXiv 1612.00796"},
      Row{.name = "ewc_strength",
          .member = &TrainConfig::ewc_strength,
          .minimum = 0,
          .maximum = 1e9,
          .help = "ewc: factor of the penalty: 1 weighs the earlier sets, as far as their loss is quadratic, as the "
                  "new one",
          .source = "arXiv 1612.00796"},
      Row{.name = "ewc_decay",
          .member = &TrainConfig::ewc_decay,
          .minimum = 0,
          .maximum = 1,
          .help = "ewc: what is kept of the earlier Fisher information at the end of each stage; 1: all",
          .source = "online EWC, arXiv 1805.06370"},
      Row{.name = "fisher_rows",
          .member = &TrainConfig::fisher_rows,
          .minimum = 1,
          .maximum = 1 << 24,
          .help = "ewc: sequences of a set that its Fisher information is estimated from, each with a pass of its own"},
  };
}

std::vector<Row> meta_rows() {
  return {
      Row{.name = "meta",
          .member = &TrainConfig::meta,
          .choices = {"none", "reptile", "fomaml"},
          .help =
              "what is learned from sets of training data: all of them (none), or an initialization from which a few "
              "steps learn each (reptile, or fomaml: first-order MAML). Steps on a set are at learning_rate, which "
              "is constant; the schedule is outer_rate's",
          .source = "arXiv 1803.02999, 1703.03400"},
      Row{.name = "inner_steps",
          .member = &TrainConfig::inner_steps,
          .minimum = 1,
          .maximum = 1e6,
          .help = "meta: steps on a set, each time; fomaml reads one batch more",
          .source = "Reptile: 5 to 12"},
      Row{.name = "outer_rate",
          .member = &TrainConfig::outer_rate,
          .minimum = 0,
          .maximum = 100,
          .help = "meta: reptile: the part of the way that the initialization goes to what the steps led to; fomaml: "
                  "factor of learning_rate for the initialization's steps",
          .source = "Reptile: 1, to 0 at the end"},
      Row{.name = "meta_batch",
          .member = &TrainConfig::meta_batch,
          .minimum = 1,
          .maximum = 1e6,
          .help = "meta: sets that are gone through before the initialization moves",
          .source = "Reptile: 5"},
      Row{.name = "adapt_steps",
          .member = &TrainConfig::adapt_steps,
          .minimum = 0,
          .maximum = 1e6,
          .help = "meta: steps on a set's training rows before its validation loss is measured; sets of weight 0 are "
                  "not learned from, but measured so; 0: the initialization is measured as it is"},
  };
}

}  // namespace pegbox::train
