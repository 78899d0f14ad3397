// optim_fields: see optim_fields.h.
#include "train/optim/optim_fields.h"

#include "train/model/initialize.h"
#include "train/model/parametrization.h"
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
          .help = "decay of weights, times the rate (sgd: added to the gradient); -1: 0.1 for scratch, 0.01 for full "
                  "and last_k, 0 for the others",
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
          .help = "lora, qlora: factor of the rate of the factors B, which start at 0",
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
      Row{.name = "state_precision",
          .member = &TrainConfig::state_precision,
          .choices = {"fp32", "bf16", "int8"},
          .help =
              "adamw, sgd, lion: how means and momenta are kept between steps: bf16 rounds stochastically, int8 has "
              "8-bit codes and a scale for each block of 256",
          .source = "arXiv 2110.02861 (int8)"},
  };
}

Rows curve_rows() {
  return {
      Row{.name = "decay_fraction",
          .member = &TrainConfig::decay_fraction,
          .minimum = 0,
          .maximum = 1,
          .help = "wsd: last part of the run, in which the rate falls",
          .source = "arXiv 2404.06395: 10 to 20 %"},
      Row{.name = "final_rate",
          .member = &TrainConfig::final_rate,
          .minimum = 0,
          .maximum = 1,
          .help = "where falling schedules end, as a factor of learning_rate",
          .source = "0: arXiv 2502.15938; 0.1 in much of the literature"},
      Row{.name = "cycles",
          .member = &TrainConfig::cycles,
          .minimum = 1,
          .maximum = 1000,
          .help = "cosine_restarts: how often the rate falls from its peak",
          .source = "SGDR, arXiv 1608.03983"},
      Row{.name = "decay_power",
          .member = &TrainConfig::decay_power,
          .minimum = 0,
          .maximum = 100,
          .help = "polynomial: exponent of what is left of the run; 1 is linear"},
  };
}

Rows watch_rows() {
  return {
      Row{.name = "plateau_factor",
          .member = &TrainConfig::plateau_factor,
          .minimum = 0,
          .maximum = 1,
          .help = "plateau: factor of the rate when the validation loss has stayed for too long",
          .source = "ReduceLROnPlateau"},
      Row{.name = "plateau_patience",
          .member = &TrainConfig::plateau_patience,
          .minimum = 0,
          .maximum = 1e6,
          .help = "plateau: evaluations without improvement that change nothing yet"},
      Row{.name = "early_stop",
          .member = &TrainConfig::early_stop,
          .minimum = 0,
          .maximum = 1e6,
          .help = "evaluations without improvement after which the run ends; 0: never"},
      Row{.name = "restore_best",
          .member = &TrainConfig::restore_best,
          .help = "however the run ends, its result are the weights that had the lowest validation loss on the way; "
                  "keeps a copy of them"},
      Row{.name = "least_improvement",
          .member = &TrainConfig::least_improvement,
          .minimum = 0,
          .maximum = 1,
          .help = "plateau, early_stop: part of the best validation loss that counts as an improvement",
          .source = "ReduceLROnPlateau"},
  };
}

Rows batch_rows() {
  return {
      Row{.name = "batch_start",
          .member = &TrainConfig::batch_start,
          .minimum = 0,
          .maximum = 1 << 20,
          .help = "sequences of the first batch, which grows linearly to batch_size; 0: batch_size from the beginning",
          .source = "GPT-3, arXiv 2005.14165"},
      Row{.name = "batch_ramp_fraction",
          .member = &TrainConfig::batch_ramp_fraction,
          .minimum = 0,
          .maximum = 1,
          .help = "part of the run in which a batch_start grows",
          .source = "GPT-3: 1.3 to 4 %"},
  };
}

Rows clip_rows() {
  return {
      Row{.name = "clip",
          .member = &TrainConfig::clip,
          .minimum = 0,
          .help = "largest global norm of the gradient; 0: no limit",
          .source = "common practice: 1"},
      Row{.name = "clip_value",
          .member = &TrainConfig::clip_value,
          .minimum = 0,
          .help = "largest size of a number of the gradient, before clip; 0: no limit"},
      Row{.name = "clip_adaptive",
          .member = &TrainConfig::clip_adaptive,
          .minimum = 0,
          .help =
              "largest norm of a row of the gradient, as a part of its weights' norm, before the others; 0: no limit",
          .source = "arXiv 2102.06171: 0.01 to 0.1"},
      Row{.name = "spike_deviations",
          .member = &TrainConfig::spike_deviations,
          .minimum = 0,
          .maximum = 1000,
          .help = "a step whose loss or gradient norm lies so many standard deviations above the mean of the last 128 "
                  "steps is not taken; 0: all are",
          .source = "OLMo-core: 6"},
      Row{.name = "spike_rollback",
          .member = &TrainConfig::spike_rollback,
          .minimum = 0,
          .maximum = 1000,
          .help = "after so many such steps in a row the weights go back by up to 100 steps, the data go on; 0: never. "
                  "Keeps a copy of weights and optimizer",
          .source = "PaLM, arXiv 2204.02311"},
  };
}

Rows regularization_rows() {
  return {
      Row{.name = "label_smoothing",
          .member = &TrainConfig::label_smoothing,
          .minimum = 0,
          .maximum = 0.99,
          .help =
              "part of the target that goes to all tokens alike; the training loss shows it, the validation loss not",
          .source = "arXiv 1512.00567: 0.1"},
      Row{.name = "z_loss",
          .member = &TrainConfig::z_loss,
          .minimum = 0,
          .maximum = 10,
          .help = "factor of the squared logarithm of the softmax's sum, added to the training loss",
          .source = "PaLM, arXiv 2204.02311: 1e-4"},
      Row{.name = "average",
          .member = &TrainConfig::average,
          .choices = {"none", "ema", "tail"},
          .help = "what is evaluated and saved: the weights, their moving average, their mean over the end of the run"},
      Row{.name = "average_decay",
          .member = &TrainConfig::average_decay,
          .minimum = 0,
          .maximum = 0.9999999,
          .help = "ema: what is kept of the average at each step",
          .source = "common practice: 0.999 to 0.9999"},
      Row{.name = "average_fraction",
          .member = &TrainConfig::average_fraction,
          .minimum = 0.001,
          .maximum = 1,
          .help = "tail: last part of the run, whose weights are averaged",
          .source = "SWA, arXiv 1803.05407: 0.25"},
  };
}

Rows start_rows() {
  return {
      Row{.name = "initialization",
          .member = &TrainConfig::initialization,
          .choices = initialization_names(),
          .help = "scratch: gpt2 (normal, projections onto the residual stream smaller by the root of twice the "
                  "layers), normal, xavier, kaiming, orthogonal",
          .source = "GPT-2; Glorot & Bengio 2010; arXiv 1502.01852, 1312.6120"},
      Row{.name = "initial_deviation",
          .member = &TrainConfig::initial_deviation,
          .minimum = 0,
          .maximum = 10,
          .help =
              "scratch: standard deviation of tables, and of matrices with gpt2 and normal (mup: at the base width)",
          .source = "GPT-2"},
      Row{.name = "parametrization",
          .member = &TrainConfig::parametrization,
          .choices = parametrization_names(),
          .help =
              "scratch: how first values, rates and factors follow the width: not at all (standard), or so that the "
              "best learning rate of a narrow model is that of a wide one too (mup); decay times rate stays",
          .source = "Tensor Programs V, arXiv 2203.03466, table 8"},
      Row{.name = "base_width",
          .member = &TrainConfig::base_width,
          .minimum = 1,
          .maximum = 1 << 20,
          .help = "mup: the width whose first values and rates are those of the config; the same for all widths"},
      Row{.name = "base_head_dim",
          .member = &TrainConfig::base_head_dim,
          .minimum = 1,
          .maximum = 1 << 16,
          .help = "mup: the width of a head at which scores are divided by its root; they are divided by "
                  "width / sqrt(base_head_dim) at others; the same for all widths",
          .source = "arXiv 2203.03466: attention 1/d"},
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
  Rows rows{
      Row{.name = "schedule",
          .member = &TrainConfig::schedule,
          .choices = schedule_names(),
          .help = "of the rate after warmup: constant; linear, cosine, cosine_restarts, polynomial to final_rate; "
                  "inverse_sqrt; one_cycle; wsd (constant, then linear to final_rate); plateau (lower whenever the "
                  "validation loss stays). schedule_free: constant",
          .source = "WSD: arXiv 2404.06395; linear to 0: arXiv 2502.15938"},
      Row{.name = "warmup_fraction",
          .member = &TrainConfig::warmup_fraction,
          .minimum = 0,
          .maximum = 1,
          .help = "part of the run in which the rate rises from 0; for one_cycle 0.3 if nothing is said",
          .source = "common practice: 1 to 2 %; OneCycleLR"},
  };
  for (const Rows& more : {curve_rows(), watch_rows(), batch_rows()}) rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

Rows stability_rows() {
  Rows rows = clip_rows();
  for (const Rows& more : {regularization_rows(), start_rows()}) rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace pegbox::train
