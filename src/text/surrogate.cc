// Surrogates by kind.
#include "text/surrogate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/sha256.h"
#include "text/utf8.h"
#include "text/words.h"

namespace pegbox::text {
namespace {

constexpr std::array<std::string_view, 32> kNames = {
    "Alder", "Aspen", "Basil",  "Birch", "Briar",   "Cedar", "Clover", "Coral",  "Ember", "Fern", "Flint",
    "Hazel", "Heath", "Indigo", "Iris",  "Juniper", "Lark",  "Linden", "Marlow", "Merle", "Moss", "North",
    "Olive", "Perry", "Quill",  "Reed",  "Robin",   "Rowan", "Sage",   "Sorrel", "Vale",  "Wren"};

/// Numbers that follow from a secret and what they are for.
class SecretNumbers {
 public:
  SecretNumbers(std::string_view secret, PersonalKind kind, std::string_view value)
      : secret_(secret), purpose_(fmt::format("{}:{}", text::name_of(kind), value)) {}

  std::uint32_t below(std::uint32_t bound) {
    if (at_ + 8 > hex_.size()) {
      hex_ = hmac_sha256(secret_, fmt::format("{}:{}", purpose_, block_++));
      at_ = 0;
    }
    const auto number = static_cast<std::uint32_t>(std::stoul(hex_.substr(at_, 8), nullptr, 16));
    at_ += 8;
    return static_cast<std::uint32_t>(std::uint64_t{number} * bound >> 32);
  }

 private:
  std::string secret_, purpose_, hex_;
  std::size_t at_ = 0;
  int block_ = 0;
};

/// Digits and ASCII letters of `value` as others of their class, other letters as "x"; the rest stays.
std::string of_same_form(std::string_view value, SecretNumbers& numbers) {
  std::string form;
  for (std::size_t i = 0; i < value.size();) {
    const auto [code, bytes] = character_at(value, i);
    const char c = value[i];
    if (c >= '0' && c <= '9')
      form += static_cast<char>('0' + numbers.below(10));
    else if (code < 0x80 && std::isalpha(static_cast<int>(code)))
      form += static_cast<char>((std::isupper(static_cast<int>(code)) ? 'A' : 'a') + numbers.below(26));
    else if (code >= 0x80 && is_word_character(code))
      form += 'x';
    else
      form += value.substr(i, bytes);
    i += bytes;
  }
  return form;
}

std::string card(std::string_view value, SecretNumbers& numbers) {
  std::string form = of_same_form(value, numbers);
  form[form.find_first_of("0123456789")] = '9';
  char& last = form[form.find_last_of("0123456789")];
  for (last = '0'; !has_luhn_digit(form);) ++last;
  return form;
}

std::string iban(std::string_view value, SecretNumbers& numbers) {
  std::string form = std::string(value.substr(0, 4)) + of_same_form(value.substr(4), numbers);
  for (int check = 2; check <= 98; ++check) {  // ISO 13616: 02 to 98
    form[2] = static_cast<char>('0' + check / 10);
    form[3] = static_cast<char>('0' + check % 10);
    if (is_iban(form)) break;
  }
  return form;
}

std::string ip(std::string_view value, SecretNumbers& numbers) {
  if (value.find(':') == std::string_view::npos)
    return fmt::format("10.{}.{}.{}", numbers.below(256), numbers.below(256), numbers.below(256));
  return fmt::format("fd{:02x}:{:x}:{:x}::{:x}", numbers.below(256), numbers.below(0x10000), numbers.below(0x10000),
                     numbers.below(0x10000));
}

std::string mac(std::string_view value, SecretNumbers& numbers) {
  std::string address = "02";
  for (int i = 0; i < 5; ++i) address += fmt::format("{}{:02x}", value[2], numbers.below(256));
  return address;
}

std::string name(std::string_view value, std::string_view secret) {
  std::string words;
  for (std::size_t start = 0; start < value.size();) {
    const std::size_t end = std::min(value.find(' ', start), value.size());
    std::string_view word = value.substr(start, end - start);
    while (!word.empty() && word.back() == '.') word.remove_suffix(1);
    SecretNumbers numbers(secret, PersonalKind::Name, word);
    words += words.empty() ? "" : " ";
    words += kNames[numbers.below(kNames.size())];
    start = end + 1;
  }
  return words;
}

}  // namespace

std::string surrogate_of(PersonalKind kind, std::string_view value, std::string_view secret) {
  SecretNumbers numbers(secret, kind, value);
  switch (kind) {
    case PersonalKind::Name:
      return name(value, secret);
    case PersonalKind::Email:
      return fmt::format("user-{:04x}{:04x}{:04x}@example.com", numbers.below(0x10000), numbers.below(0x10000),
                         numbers.below(0x10000));
    case PersonalKind::Card:
      return card(value, numbers);
    case PersonalKind::Iban:
      return iban(value, numbers);
    case PersonalKind::Ip:
      return ip(value, numbers);
    case PersonalKind::Mac:
      return mac(value, numbers);
    case PersonalKind::Phone:
    case PersonalKind::NationalNumber:
    case PersonalKind::Address:
    case PersonalKind::Secret:
      return of_same_form(value, numbers);
  }
  return {};
}

}  // namespace pegbox::text
