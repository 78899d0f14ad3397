// Values: JSON, configurations and metrics to and from Python's objects.
#include "bindings/values.h"

#include <nanobind/stl/string.h>

#include "bindings/raise.h"

namespace pegbox::python {
namespace {

namespace nb = nanobind;

constexpr int kDeepest = 100;  ///< nesting: a list that contains itself is refused, not followed

std::string shown(nb::handle object) {
  std::string text = nb::repr(object).c_str();
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

Json integer_from(nb::handle object, const std::string& where) {
  const auto integer = nb::steal<nb::object>(PyNumber_Index(object.ptr()));
  if (!integer) throw nb::python_error();
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
  if (overflow == 0) return static_cast<std::int64_t>(value);
  const unsigned long long large = PyLong_AsUnsignedLongLong(integer.ptr());
  if (overflow > 0 && PyErr_Occurred() == nullptr) return static_cast<std::uint64_t>(large);
  PyErr_Clear();
  raise(ErrorKind::InvalidInput,
        {.where = where, .what = "an integer out of range", .got = shown(object), .expected = "64 bits"});
}

/// Whether it is one of the classes that say `__float__` or `__index__`, such as NumPy's; nothing else is a number.
bool is_numeric(nb::handle object) { return PyNumber_Check(object.ptr()) != 0 && PyComplex_Check(object.ptr()) == 0; }

Json convert(nb::handle object, const std::string& where, int depth) {
  if (depth > kDeepest) raise(ErrorKind::InvalidInput, {.where = where, .what = "nested too deep"});
  if (object.is_none()) return nullptr;
  if (PyBool_Check(object.ptr())) return object.ptr() == Py_True;
  if (PyLong_Check(object.ptr())) return integer_from(object, where);
  if (PyFloat_Check(object.ptr())) return json_number(PyFloat_AS_DOUBLE(object.ptr()));
  if (PyUnicode_Check(object.ptr())) return nb::cast<std::string>(object);
  if (PyList_Check(object.ptr()) || PyTuple_Check(object.ptr())) {
    Json list = Json::array();
    for (const nb::handle item : nb::borrow<nb::sequence>(object)) list.push_back(convert(item, where, depth + 1));
    return list;
  }
  if (PyDict_Check(object.ptr())) {
    Json members = Json::object();
    for (const auto& [key, value] : nb::borrow<nb::dict>(object)) {
      if (!PyUnicode_Check(key.ptr()))
        raise(ErrorKind::InvalidInput, {.where = where, .what = "a key that is not a text", .got = shown(key)});
      members[nb::cast<std::string>(key)] = convert(value, where, depth + 1);
    }
    return members;
  }
  if (PyMapping_Check(object.ptr()) && nb::hasattr(object, "keys"))
    return convert(nb::module_::import_("builtins").attr("dict")(object), where, depth);
  if (PyIndex_Check(object.ptr())) return integer_from(object, where);
  if (is_numeric(object)) {
    const double number = PyFloat_AsDouble(object.ptr());
    if (PyErr_Occurred() == nullptr) return json_number(number);
    PyErr_Clear();
  }
  raise(ErrorKind::InvalidInput, {.where = where,
                                  .what = "not a value that can be stored",
                                  .got = shown(object),
                                  .expected = "true, false, a number, a text, or a list or dictionary of these"});
}

nb::object value_to_python(const Value& value) {
  return std::visit([](const auto& plain) { return nb::cast(plain); }, value);
}

}  // namespace

Json json_from(nb::handle object, const std::string& where) { return convert(object, where, 0); }

nb::object to_python(const Json& json) {
  if (json.is_null()) return nb::none();
  if (json.is_boolean()) return nb::cast(json.get<bool>());
  if (json.is_number_unsigned()) return nb::cast(json.get<std::uint64_t>());
  if (json.is_number_integer()) return nb::cast(json.get<std::int64_t>());
  if (json.is_number_float()) return nb::cast(json.get<double>());
  if (json.is_string()) return nb::cast(json.get_ref<const std::string&>());
  if (json.is_array()) {
    nb::list list;
    for (const Json& item : json) list.append(to_python(item));
    return list;
  }
  nb::dict members;
  for (const auto& [key, value] : json.items()) members[nb::cast(key)] = to_python(value);
  return members;
}

Config config_from(nb::handle object, const std::string& where) {
  auto config = Config::from_json(json_from(object, where));
  if (!config) throw Raised(Error{config.error().kind, "[" + where + "] " + config.error().message});
  return *std::move(config);
}

nb::dict to_python(const Config& config) {
  nb::dict values;
  for (const auto& [name, value] : config) values[nb::cast(name)] = value_to_python(value);
  return values;
}

Metrics metrics_from(nb::handle object, const std::string& where) {
  Metrics metrics;
  for (const auto& [key, value] : nb::cast<nb::dict>(object)) {
    auto name = nb::cast<std::string>(key);
    const double number = PyFloat_AsDouble(value.ptr());
    if (number == -1.0 && PyErr_Occurred() != nullptr) {
      PyErr_Clear();
      raise(ErrorKind::InvalidInput, {.where = where,
                                      .what = "the metric '" + name + "' is not a number",
                                      .got = shown(value),
                                      .expected = "a number; nan and inf are numbers, too"});
    }
    metrics.emplace(std::move(name), number);
  }
  return metrics;
}

nb::dict to_python(const Metrics& metrics) {
  nb::dict values;
  for (const auto& [name, value] : metrics) values[nb::cast(name)] = nb::cast(value);
  return values;
}

}  // namespace pegbox::python
