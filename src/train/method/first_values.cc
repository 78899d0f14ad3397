// first_values: see first_values.h.
#include "train/method/first_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "train/method/adapter_files.h"

namespace pegbox::train {

namespace {

tl::unexpected<Error> other_adapter(const Path& folder, std::string got, std::string expected) {
  return fail(ErrorKind::InvalidInput, {.where = "start_adapter",
                                        .what = folder.string() + " is not what this run trains",
                                        .got = std::move(got),
                                        .expected = std::move(expected),
                                        .hint = "give the run the method, rank, scale and target of the adapter"});
}

std::string words_of(const Parameter& parameter) {
  return fmt::format("{} of {}", parameter.name, fmt::join(parameter.value.sizes(), " x "));
}

}  // namespace

Result<Tensors> first_values(const Path& folder, const Method& method, const BaseModel& base) {
  PEGBOX_TRY(Adapter adapter, load_adapter(folder, base));
  const std::vector<Parameter> own = method.parameter_shapes(), theirs = adapter.method->parameter_shapes();
  if (own.size() != theirs.size())
    return other_adapter(folder, fmt::format("{} tensors", theirs.size()), fmt::format("{}", own.size()));
  for (std::size_t i = 0; i < own.size(); ++i)
    if (words_of(own[i]) != words_of(theirs[i])) return other_adapter(folder, words_of(theirs[i]), words_of(own[i]));
  if (adapter.method->form() != method.form()) return other_adapter(folder, adapter.method->form(), method.form());
  return std::move(adapter.values);
}

}  // namespace pegbox::train
