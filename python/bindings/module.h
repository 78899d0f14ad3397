// The parts of the extension module, one function for each binding file.
#pragma once

#include <nanobind/nanobind.h>

namespace pegbox::python {

void bind_errors(nanobind::module_& module);      // raise.cc
void bind_sampler(nanobind::module_& module);     // sampler.cc
void bind_scheduler(nanobind::module_& module);   // scheduler.cc
void bind_shared_log(nanobind::module_& module);  // shared_log.cc
void bind_study(nanobind::module_& module);       // study.cc

}  // namespace pegbox::python
