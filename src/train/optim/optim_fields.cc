// optim_fields: see optim_fields.h.
#include "train/optim/optim_fields.h"

#include "train/optim/optimizer.h"
#include "train/optim/schedule.h"

namespace pegbox::train {

namespace {

using Row = Field<TrainConfig>;
using Rows = std::vector<Row>;

Rows decay_rows() {
  return {
      Row{.name = "weight_decay",
          .member = &TrainConfig::weight_decay,
          .minimum = -1,
          .maximum = 10,
          .help = "decay of weights, times the rate (sgd: added to the gradient); -1: 0.1 for scratch, 0.01 for full, "
                  "0 for lora",
          .source = "common practice; PEFT"},
      Row{.name = "decay_exclude",
          .member = &TrainConfig::decay_exclude,
          .help = "full, scratch: weights that do not decay: some of norms, biases, embeddings, such as "
                  "\"norms,embeddings\", or none",
          .source = "common practice: norms and biases"},
      Row{.name = "layer_rate_decay",
          .member = &TrainConfig::layer_rate_decay,
          .minimum = 0.01,
          .maximum = 1,
          .help = "factor of the rate from each layer to the one below it; the head has the full rate",
          .source = "ELECTRA, arXiv 2003.10555: 0.8 to 0.9; BEiT"},
      Row{.name = "lora_b_rate",
          .member = &TrainConfig::lora_b_rate,
          .minimum = 0.01,
          .maximum = 1000,
          .help = "lora: factor of the rate of the factors B, which start at 0",
          .source = "LoRA+, arXiv 2402.12354: up to 16; 1 is LoRA"},
  };
}

Rows moment_rows() {
  return {
      Row{.name = "beta1",
          .member = &TrainConfig::beta1,
          .minimum = -1,
          .maximum = 0.99999,
          .help =
              "decay of the mean gradient (lion: of the mean in its step; schedule_free: the part of the average in "
              "where gradients are taken; adafactor: of the mean update, 0: none); -1: 0.9, for adafactor 0",
          .source = "common practice; arXiv 2302.06675, 2405.15682"},
      Row{.name = "beta2",
          .member = &TrainConfig::beta2,
          .minimum = -1,
          .maximum = 0.9999999,
          .help = "decay of the mean squared gradient (lion: of the mean gradient); -1: 0.95 for scratch, 0.999 "
                  "otherwise, for lion 0.99, for schedule_free 0.999",
          .source = "common practice"},
      Row{.name = "momentum",
          .member = &TrainConfig::momentum,
          .minimum = -1,
          .maximum = 0.99999,
          .help = "sgd and muon: decay of past gradients; -1: 0.9 for sgd, 0.95 for muon",
          .source = "torch.optim.Muon"},
      Row{.name = "nesterov",
          .member = &TrainConfig::nesterov,
          .help = "sgd and muon: the step looks ahead by the momentum"},
      Row{.name = "epsilon",
          .member = &TrainConfig::epsilon,
          .minimum = -1,
          .maximum = 1,
          .help = "added to the root of the mean squared gradient (adafactor: to the squares); -1: 1e-8, for adafactor "
                  "1e-30"},
      Row{.name = "muon_scale",
          .member = &TrainConfig::muon_scale,
          .choices = {"match_rms_adamw", "original", "spectral_unclamped"},
          .help = "muon: factor of a matrix's step: 0.2 sqrt(max(rows, columns)), so that AdamW's rates serve; "
                  "sqrt(max(1, rows / columns)); sqrt(rows / columns)",
          .source = "torch.optim.Muon; arXiv 2502.16982"},
  };
}

}  // namespace

Rows optimizer_rows() {
  Rows rows{
      Row{.name = "optimizer",
          .member = &TrainConfig::optimizer,
          .choices = optimizer_names(),
          .help = "how gradients become steps; muon takes matrices of layers and adapters, AdamW the rest"},
  };
  for (const Rows& more : {moment_rows(), decay_rows()}) rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

Rows schedule_rows() {
  return {
      Row{.name = "schedule",
          .member = &TrainConfig::schedule,
          .choices = schedule_names(),
          .help = "of the rate after warmup: constant, linear to 0, cosine to 0, wsd (constant, then linear to 0)",
          .source = "WSD: arXiv 2404.06395; linear to 0: arXiv 2502.15938"},
      Row{.name = "warmup_fraction",
          .member = &TrainConfig::warmup_fraction,
          .minimum = 0,
          .maximum = 1,
          .help = "part of the run in which the rate rises from 0",
          .source = "common practice: 1 to 2 %"},
      Row{.name = "decay_fraction",
          .member = &TrainConfig::decay_fraction,
          .minimum = 0,
          .maximum = 1,
          .help = "wsd: last part of the run, in which the rate falls to 0",
          .source = "arXiv 2404.06395: 10 to 20 %"},
  };
}

Rows stability_rows() {
  return {
      Row{.name = "clip",
          .member = &TrainConfig::clip,
          .minimum = 0,
          .help = "largest global norm of the gradient; 0: no limit",
          .source = "common practice: 1"},
  };
}

}  // namespace pegbox::train
