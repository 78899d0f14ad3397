// Anonymize: data with something else in the place of personal data, as a new file.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "text/data_check.h"
#include "text/personal_data.h"

namespace pegbox::text {

enum class AnonymizeMethod : std::uint8_t {
  Replace,   ///< "[EMAIL]"
  Mask,      ///< letters and digits as *
  Hash,      ///< "[EMAIL:3f2a9c41b07d]": the first 48 bits of HMAC-SHA-256; needs a secret
  Surrogate  ///< something of the same form (surrogate.h); needs a secret
};
Result<AnonymizeMethod> anonymize_method_of(std::string_view name);

using PersonalCounts = std::array<std::int64_t, kPersonalKinds>;

class Anonymizer {
 public:
  /// `secret`: at least 16 bytes for the methods that need one; InvalidInput for less.
  static Result<Anonymizer> create(AnonymizeMethod method, std::string secret);

  /// `text` with each piece of personal data replaced; counts what it found.
  std::string apply(std::string_view text, PersonalCounts& counts) const;
  /// The same in each string of `json`, however deep; all of the string in a field that is called as passwords are
  /// (is_secret_field). Names of fields and numbers stay.
  void apply(Json& json, PersonalCounts& counts) const;

 private:
  Anonymizer(AnonymizeMethod method, std::string secret) : method_(method), secret_(std::move(secret)) {}
  std::string stand_in(PersonalKind kind, std::string_view value) const;

  AnonymizeMethod method_;
  std::string secret_;
  PersonalDataFinder finder_;
};

struct AnonymizeReport {
  std::int64_t rows = 0, changed_rows = 0;
  PersonalCounts found{};
  std::string output, sha256;
};

/// Writes the rows of `data` to `output`, those without personal data as they stood. InvalidInput if `output` exists or
/// is below a folder of `data`, and with its place for a row that is no JSON object or not UTF-8: nothing passes that
/// was not looked at. Io.
Result<AnonymizeReport> anonymize_data(const DataPart& data, const Path& output, const Anonymizer& anonymizer,
                                       int threads);

/// {"rows", "changed_rows", "found": {kind: count}, "output", "sha256"}.
Json to_json(const AnonymizeReport& report);

}  // namespace pegbox::text
