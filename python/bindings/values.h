// Values: JSON, configurations and metrics to and from Python's objects.
#pragma once

#include <nanobind/nanobind.h>

#include "base/json.h"
#include "base/protocol.h"
#include "search/config.h"

namespace pegbox::python {

/// None, booleans, numbers (NumPy's too), texts, and lists, tuples and dictionaries of these. InvalidInput, naming
/// `where`, for anything else. Numbers that are not finite become "nan", "inf" and "-inf".
Json json_from(nanobind::handle object, const std::string& where);
nanobind::object to_python(const Json& json);

Config config_from(nanobind::handle object, const std::string& where);
nanobind::dict to_python(const Config& config);

/// A dictionary of names and numbers. Anything that Python takes for a float is one: NumPy's scalars, tensors of one
/// element.
Metrics metrics_from(nanobind::handle object, const std::string& where);
nanobind::dict to_python(const Metrics& metrics);

}  // namespace pegbox::python
