// pbt: population-based training: the best members' weights go on with changed hyperparameters.
//
// Jaderberg et al., "Population based training of neural networks" (arXiv 1711.09846). Use it with `stop: pbt` (which
// `stop: auto` is then), which trains members in intervals and ends the worst of them; each gets a clone of one of the
// best (exploit): a new trial that goes on from that one's latest checkpoint, at its step, with hyperparameters that
// are drawn anew or multiplied by `factor` or its inverse (explore). Nobody waits for anybody.
//
// Only what a program takes from a new configuration in the midst of its training may change: the names in `explore`,
// by default all real-valued hyperparameters (learning rate, decay, dropout), or all that there are if none is. The
// rest, such as the number of layers, a clone inherits.
//
// The first members come from the priors. Where no member can be cloned (trials that report only at their end) a
// population that has come to its end is followed by one of children of its best, from step 0. Several objectives:
// members are ranked as in nsga2.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow pbt_sampler_row();

}  // namespace pegbox
