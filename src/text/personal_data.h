// Personal data: where a text names persons and what belongs to them, found by patterns, checksums and the words
// before.
//
// All patterns are RE2's, so that the time is linear in the text. Names and addresses are found where a rule knows
// their surroundings ("My name is ...", "Dr. ...", "12 Oak Street"), not wherever they stand: that needs a model.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pegbox::text {

enum class PersonalKind : std::uint8_t {
  Name,            ///< after a title, a greeting, "my name is" and the like
  Email,           ///< a mail address
  Phone,           ///< written as international, or grouped as phone numbers are
  Card,            ///< 12 to 19 digits whose last is Luhn's (ISO/IEC 7812)
  Iban,            ///< with the remainder 1 modulo 97 (ISO 13616)
  Ip,              ///< an address of version 4 or 6
  Mac,             ///< six bytes with colons or hyphens
  NationalNumber,  ///< social security and tax numbers of several countries, by checksum where they have one
  Address,         ///< a street with a number, a box, an apartment
  Secret           ///< keys by their published prefixes, private keys, what follows "password:" or "API_KEY="
};
inline constexpr std::size_t kPersonalKinds = 10;
std::string_view name_of(PersonalKind kind);  ///< "email"

struct PersonalSpan {
  PersonalKind kind = PersonalKind::Name;
  std::size_t start = 0, end = 0;  ///< bytes of the text
};

class PersonalDataFinder {
 public:
  PersonalDataFinder();
  PersonalDataFinder(PersonalDataFinder&&) noexcept;
  ~PersonalDataFinder();

  /// Spans in order, none within another; `text` is well-formed UTF-8. Where two kinds claim a place, the earlier rule
  /// of the table has it: those with checksums come first. Any number of threads may share a finder.
  std::vector<PersonalSpan> find(std::string_view text) const;

 private:
  struct Rule;
  /// Adds to `spans`, which are in order, what the rule finds outside of them.
  static void apply(const Rule& rule, std::string_view text, std::vector<PersonalSpan>& spans);

  std::vector<Rule> rules_;
};

/// Whether a field is called as keys and passwords are: "password", "DB_PASSWORD", "apiKey".
bool is_secret_field(std::string_view name);
/// Luhn's check over the digits of `text`, others left out (ISO/IEC 7812-1, annex B).
bool has_luhn_digit(std::string_view text);
/// The remainder of an IBAN, spaces left out, is 1 (ISO 7064, MOD 97-10).
bool is_iban(std::string_view text);

}  // namespace pegbox::text
