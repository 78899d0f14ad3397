// Anonymize: data with something else in the place of personal data, as a new file.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
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

using PersonalKinds = std::array<bool, kPersonalKinds>;
inline PersonalKinds all_personal_kinds() {
  PersonalKinds all;
  all.fill(true);
  return all;
}
/// Those of these names; InvalidInput for others.
Result<PersonalKinds> personal_kinds_of(std::span<const std::string> names);
std::string personal_kind_names();  ///< "name, email, ..."

class Anonymizer {
 public:
  /// `secret`: at least 16 bytes for the methods that need one; InvalidInput for less.
  /// `kinds`: what is replaced.
  static Result<Anonymizer> create(AnonymizeMethod method, std::string secret,
                                   const PersonalKinds& kinds = all_personal_kinds());

  /// `text` with each piece of personal data replaced; counts what it found.
  std::string apply(std::string_view text, PersonalCounts& counts) const;
  /// A well-formed JSON value with the same done in each string, however deep, and all of the string replaced in a
  /// field that is called as passwords are (is_secret_field). All other bytes stay: names of fields, numbers, spaces.
  std::string apply_json(std::string_view json, PersonalCounts& counts) const;

 private:
  Anonymizer(AnonymizeMethod method, std::string secret, const PersonalKinds& kinds)
      : method_(method), secret_(std::move(secret)), kinds_(kinds) {}
  bool is_wanted(PersonalKind kind) const { return kinds_[static_cast<std::size_t>(kind)]; }
  std::string apply_to_member(std::string_view name, const std::string& value, PersonalCounts& counts) const;
  std::string stand_in(PersonalKind kind, std::string_view value) const;

  AnonymizeMethod method_;
  std::string secret_;
  PersonalKinds kinds_;
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
                                       int threads, const std::atomic<bool>* interrupted = nullptr);

/// {"rows", "changed_rows", "found": {kind: count}, "output", "sha256"}.
Json to_json(const AnonymizeReport& report);

}  // namespace pegbox::text
