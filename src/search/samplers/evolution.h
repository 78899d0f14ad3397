// evolution: regularized (aging) evolution, made for architectures.
//
// Real, Aggarwal, Huang, Le, "Regularized evolution for image classifier architecture search", AAAI 2019 (arXiv
// 1802.01548), algorithm 1: the population is the latest trials that came back; some of it are drawn, the best of these
// is the parent, one of its hyperparameters is changed, and the oldest member dies, however good it is. So a lucky
// measurement does not stay. A choice or a countable value becomes any other one, as likely; a continuum moves by
// polynomial mutation, now and then anywhere. Several objectives: the best of the sample is the loneliest of its front.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow evolution_row();

}  // namespace pegbox
