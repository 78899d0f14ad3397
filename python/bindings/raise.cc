// Raise: errors of the library as exceptions on their way to Python.
#include "bindings/raise.h"

#include "bindings/module.h"

namespace pegbox::python {
namespace {

namespace nb = nanobind;

const char* class_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::InvalidInput:
      return "InvalidInput";
    case ErrorKind::NotFound:
      return "NotFound";
    case ErrorKind::Conflict:
      return "Conflict";
    case ErrorKind::Corrupt:
      return "Corrupt";
    case ErrorKind::Unsupported:
      return "Unsupported";
    case ErrorKind::Io:
      return "Io";
    case ErrorKind::OutOfMemory:
      return "OutOfMemory";
    case ErrorKind::Diverged:
      return "Diverged";
    case ErrorKind::Interrupted:
      return "Interrupted";
    case ErrorKind::Internal:
      return "Internal";
  }
  return "Error";
}

void translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Raised& raised) {
    const nb::object type = nb::module_::import_("pegbox.errors").attr(class_of(raised.error().kind));
    PyErr_SetString(type.ptr(), raised.error().message.c_str());
  }
}

}  // namespace

void bind_errors(nb::module_&) { nb::register_exception_translator(translate); }

}  // namespace pegbox::python
