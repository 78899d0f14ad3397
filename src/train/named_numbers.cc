// Named numbers: see named_numbers.h.
#include "train/named_numbers.h"

#include <fmt/format.h>

#include <algorithm>

#include "train/config_rules.h"

namespace pegbox::train {

Result<std::map<std::string, double>> read_named_numbers(const std::string& text, std::string_view field,
                                                         std::string_view what) {
  std::map<std::string, double> numbers;
  for (const std::string& part : names_in(text)) {
    const auto equals = part.rfind('=');
    const auto number =
        equals == std::string::npos ? Result<Json>(Json()) : parse_json(part.substr(equals + 1), std::string(field));
    if (!number || !number->is_number())
      return refuse(std::string(field), fmt::format("this is not {}", what), part, "such as books=0.7,code=0.3");
    numbers[part.substr(0, equals)] = number->get<double>();
  }
  return numbers;
}

void fold_named_numbers(Json& fields, std::string_view field) {
  const std::string prefix = fmt::format("{}.", field);
  Json numbers = Json::object();
  if (fields.contains(field) && fields[std::string(field)].is_object()) numbers = fields[std::string(field)];
  for (const auto& [name, value] : fields.items())
    if (name.starts_with(prefix)) numbers[name.substr(prefix.size())] = value;
  if (numbers.empty() || !std::ranges::all_of(numbers, [](const Json& number) { return number.is_number(); })) return;
  std::string text;
  for (const auto& [name, number] : numbers.items()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, number.get<double>());
    fields.erase(prefix + name);
  }
  fields[std::string(field)] = text;
}

}  // namespace pegbox::train
