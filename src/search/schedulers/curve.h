// curve: stop a trial that will hardly end better than the best one so far, by extrapolation of its learning curve.
//
// After Domhan et al., "Speeding up automatic hyperparameter optimization of deep neural networks by extrapolation of
// learning curves", IJCAI 2015: terminate when P(loss at full length < best loss so far) is small. The model is another
// one: math/curve_model.h, fitted to all curves of the study at once.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// At a multiple of `every`, from `grace` on, a trial is stopped if with probability less than `probability` it will
/// end below the lowest loss that any other trial has shown; with several objectives, if that holds for each of them.
/// While fewer than `others` other trials have reported, all go on. A loss that is not finite ends the trial.
SchedulerRow curve_row();

}  // namespace pegbox
