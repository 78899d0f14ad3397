// DataParts: paths taken out of the trainer's field `data`.
#include "app/data_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace pegbox {

namespace {

constexpr std::array<const char*, 3> kParts = {"train", "validation", "test"};

tl::unexpected<Error> refuse_data(const std::string& where, const Json& got) {
  return fail(ErrorKind::InvalidInput,
              {.where = where,
               .what = "these are no data",
               .got = excerpt(got),
               .expected = "a path, a list of paths, or {train: PATH, validation: PATH, test: PATH}"});
}

Result<std::vector<Path>> paths_of(const Json& named, const std::string& where) {
  std::vector<Path> paths;
  for (const Json& each : named.is_array() ? named : Json::array({named})) {
    const Json& path = each.is_object() && each.contains("path") ? each["path"] : each;
    if (!path.is_string()) return refuse_data(where, named);
    paths.emplace_back(path.get<std::string>());
  }
  if (paths.empty()) return refuse_data(where, named);
  return paths;
}

/// The files of a stream, part by part.
Json parts_of_stream(const Json& data) {
  Json parts = data;
  for (const Json& set : data["stream"])
    for (const char* part : {"train", "validation"})
      if (set.is_object() && set.contains(part)) parts[part].push_back(set[part]);
  return parts;
}

}  // namespace

Result<DataParts> data_parts_of(const Json& data, const std::string& where) {
  const bool is_stream = data.is_object() && data.contains("stream");
  const Json parts = is_stream                                    ? parts_of_stream(data)
                     : data.is_object() && !data.contains("path") ? data
                                                                  : Json{{"train", data}};
  DataParts found;
  for (const char* part : kParts) {
    if (!parts.contains(part)) continue;
    PEGBOX_TRY(auto paths, paths_of(parts[part], where));
    found.parts.push_back({part, std::move(paths)});
  }
  if (found.parts.empty()) return refuse_data(where, data);
  if (!parts.contains("columns")) return found;
  for (const auto& [name, column] : parts["columns"].items()) {
    if (std::ranges::find(text::kFieldNames, name) == text::kFieldNames.end() || !column.is_string())
      return fail(ErrorKind::InvalidInput, {.where = where,
                                            .what = "no field of ours has this name",
                                            .got = name,
                                            .expected = fmt::format("{}", fmt::join(text::kFieldNames, ", "))});
    found.options.columns[name] = column.get<std::string>();
  }
  return found;
}

}  // namespace pegbox
