// The extension module pegbox._core.
#include "bindings/module.h"

NB_MODULE(_core, module) {
  module.attr("version") = PEGBOX_VERSION;
  pegbox::python::bind_errors(module);
  pegbox::python::bind_sampler(module);
  pegbox::python::bind_scheduler(module);
  pegbox::python::bind_shared_log(module);
  pegbox::python::bind_study(module);
}
