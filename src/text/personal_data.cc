// Personal data: the table of rules.
#include "text/personal_data.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cassert>
#include <cctype>

namespace pegbox::text {
namespace {

using Check = bool (*)(std::string_view match);

bool accept(std::string_view) { return true; }

std::string digits_of(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c >= '0' && c <= '9'; });
  return digits;
}

int digit_at(std::string_view digits, std::size_t i) { return digits[i] - '0'; }

bool is_card(std::string_view match) {
  const std::string digits = digits_of(match);
  return digits.size() >= 12 && digits.size() <= 19 && digits.find_first_not_of(digits[0]) != std::string::npos &&
         has_luhn_digit(digits);
}

bool is_ip(std::string_view match) {
  const std::string text(match);
  std::array<unsigned char, 16> bytes;
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return true;
  return text.find(':') != std::string::npos && text.size() > 6 && inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

/// A US social security number that may have been given (SSA: no area 000 or 666, no group 00, no serial 0000).
bool is_us_ssn(std::string_view match) {
  const std::string digits = digits_of(match);
  return digits.size() == 9 && !digits.starts_with("000") && !digits.starts_with("666") &&
         digits.substr(3, 2) != "00" && digits.substr(5) != "0000";
}

/// Spain: the letter is the number modulo 23; a foreigner's begins with X, Y or Z for 0, 1, 2.
bool is_spanish_id(std::string_view match) {
  constexpr std::string_view kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
  std::string text(match);
  if (const auto first = std::string_view("XYZ").find(text[0]); first != std::string_view::npos)
    text[0] = static_cast<char>('0' + first);
  const std::string digits = digits_of(text);
  return digits.size() == 8 && kLetters[static_cast<std::size_t>(std::stoi(digits)) % 23] == text.back();
}

/// France: 97 less the number modulo 97 are the last two digits.
bool is_french_number(std::string_view match) {
  const std::string digits = digits_of(match);
  if (digits.size() != 15) return false;
  return 97 - std::stoll(digits.substr(0, 13)) % 97 == std::stoll(digits.substr(13));
}

/// Brazil: both last digits are checks modulo 11.
bool is_cpf(std::string_view match) {
  const std::string digits = digits_of(match);
  if (digits.size() != 11 || digits.find_first_not_of(digits[0]) == std::string::npos) return false;
  for (const std::size_t length : {9u, 10u}) {
    int sum = 0;
    for (std::size_t i = 0; i < length; ++i) sum += digit_at(digits, i) * static_cast<int>(length + 1 - i);
    if (sum * 10 % 11 % 10 != digit_at(digits, length)) return false;
  }
  return true;
}

/// Poland: the last digit is a check with the weights 1, 3, 7, 9.
bool is_pesel(std::string_view match) {
  constexpr std::array<int, 10> kWeights = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3};
  const std::string digits = digits_of(match);
  if (digits.size() != 11) return false;
  int sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) sum += digit_at(digits, i) * kWeights[i];
  return (10 - sum % 10) % 10 == digit_at(digits, 10);
}

/// A number with 7 to 15 digits (E.164) that is no date.
bool is_phone(std::string_view match) {
  static const RE2 kDate(R"((19|20)\d\d[-. ]\d\d?[-. ]\d\d?|\d\d?[-. ]\d\d?[-. ](19|20)\d\d)");
  const std::string digits = digits_of(match);
  return digits.size() >= 7 && digits.size() <= 15 &&
         !RE2::FullMatch(re2::StringPiece(match.data(), match.size()), kDate);
}

/// Words with a capital letter that begin a sentence after a greeting, and no name.
bool is_name(std::string_view match) {
  constexpr std::array<std::string_view, 32> kNoNames = {
      "Mr",    "Mrs",  "Ms",  "Miss", "Dr",     "Prof",  "I",   "It",       "The",  "This", "That",
      "There", "What", "How", "Why",  "When",   "Where", "Who", "My",       "We",   "You",  "Can",
      "Could", "Is",   "Are", "Do",   "Please", "Thank", "All", "Everyone", "Team", "Sir"};
  const std::string_view first = match.substr(0, match.find_first_of(" '’,."));
  return std::ranges::find(kNoNames, first) == kNoNames.end();
}

/// An initial with its point, or a word that begins with a capital letter.
constexpr char kNameWord[] = R"(\p{Lu}(?:\.|[\p{L}\p{M}'’]*(?:-\p{Lu}[\p{L}\p{M}'’]*)*))";

/// The group of up to four of them, perhaps with a preposition between.
std::string name_group() {
  return fmt::format("({0}(?: (?:(?:van|von|de|der|den|da|di|du|la|le|el|bin|al) )*{0}){{0,3}})", kNameWord);
}

struct RuleText {
  PersonalKind kind;
  std::string pattern;  ///< the group is the span; without one all of it
  Check check;
};

std::vector<RuleText> rule_texts() {
  using K = PersonalKind;
  const std::string names = name_group();
  return {
      {K::Secret, R"(-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s:,-]*-----END [A-Z ]*PRIVATE KEY-----)", accept},
      {K::Secret,
       R"(\b((?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[\w-]{35}|[sr]k_live_[A-Za-z0-9]{16,}|sk-[\w-]{20,}|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{16,})\b)",
       accept},
      {K::Secret, R"(\b(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}))", accept},
      {K::Secret,
       R"((?i)\b(?:password|passwd|pwd|passphrase|api[ _-]?key|access[ _-]?key|secret[ _-]?key|client[ _-]?secret|auth[ _-]?token)["']?\s*[:=]\s*["']?([^\s"',;]{4,}[^\s"',;.!?]))",
       accept},
      {K::Secret,
       R"((?i)\b(?:password|passwd|pwd|passphrase|api[ _-]?key|access[ _-]?key|secret[ _-]?key|client[ _-]?secret|auth[ _-]?token) is ["']?([^\s"',;]{3,}\d[^\s"',;]*[^\s"',;.!?]))",
       accept},
      {K::Email, R"(\b([A-Za-z0-9._%+-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24})\b)", accept},
      {K::Iban, R"(\b([A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?)\b)", is_iban},
      {K::Card, R"(\b(\d(?:[ -]?\d){11,18})\b)", is_card},
      {K::Mac, R"(\b((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})\b)", accept},
      {K::Ip, R"(\b(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\b)", is_ip},
      {K::Ip, R"((?:^|[^\w:])((?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}))", is_ip},
      {K::NationalNumber, R"(\b(\d{3}-\d{2}-\d{4})\b)", is_us_ssn},
      {K::NationalNumber, R"(\b([XYZ]?\d{7,8}-?[A-HJ-NP-TV-Z])\b)", is_spanish_id},
      {K::NationalNumber, R"(\b([12] ?\d{2} ?\d{2} ?\d{2} ?\d{3} ?\d{3} ?\d{2})\b)", is_french_number},
      {K::NationalNumber, R"(\b(\d{3}\.\d{3}\.\d{3}-\d{2})\b)", is_cpf},
      {K::NationalNumber, R"((?i)\bpesel\W{1,3}(\d{11})\b)", is_pesel},
      {K::NationalNumber, R"(\b([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D])\b)", accept},
      {K::NationalNumber,
       R"((?i)\b(?:ssn|social security(?: number)?|driver'?s?'? licen[sc]e(?: number)?|passport(?: number)?|tax id|national id)\W{0,3}(?:is |no\.? |number |: )*((?-i:[A-Z0-9][A-Z0-9-]{5,18}\d)))",
       accept},
      {K::Phone, R"((?:^|[^\w+])(\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6})\b)", is_phone},
      {K::Phone, R"((?:^|[^\w(.-])(\(\d{1,4}\)[ .-]?\d{2,4}(?:[ .-]\d{2,4}){1,3})\b)", is_phone},
      {K::Phone, R"((?:^|[^\w.-])(0\d{1,4}(?:[ .-]\d{2,4}){2,4})\b)", is_phone},
      {K::Phone, R"((?:^|[^\w.-])(\d{3}[ .-]\d{3}[ .-]\d{4}(?: ?x\d{1,5})?)\b)", is_phone},
      {K::Phone, R"((?:^|[^\w.-])(\d{2}-\d{2}-\d{2}-\d{2})\b)", is_phone},
      {K::Phone,
       R"((?i)\b(?:phone|tel|telephone|mobile|cell|fax|call|number|contact|whatsapp|text)\b[^\d\n]{0,30}?(\d{1,4}(?:[ .-]\d{2,4}){1,4}|\d{7,12})\b)",
       is_phone},
      {K::Address,
       R"(\b(\d{1,5}[A-Za-z]? (?:\p{Lu}[\p{L}.']*\s){1,4}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Way|Parkway|Pkwy|Highway|Hwy|Circle|Crescent)\b\.?(?:,? (?:Apt|Apartment|Suite|Unit)\.? ?#?\w{1,5})?))",
       accept},
      {K::Address,
       R"((\p{Lu}[\p{L}]+(?:straße|strasse|gasse|gade|vej|gata|gatan|katu|tie|straat|laan) \d{1,4}[a-z]?)\b)", accept},
      {K::Address,
       R"(\b((?:Rua|Via|Calle|Rue|Avenida|Piazza|Plaza|Viale) (?:d[aeio]s? |del |della )?\p{Lu}[\p{L}]+(?: \p{Lu}[\p{L}]+){0,3},? \d{1,5})\b)",
       accept},
      {K::Address, R"((?i)\b(p\.? ?o\.? ?box \d{1,6}|(?:apt|apartment|suite)\.? #?\d{1,5})\b)", accept},
      {K::Name, R"(\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\b\.? )" + names, is_name},
      {K::Name,
       R"((?i:\bmy name is|\bname'?s|\bi am called|\bcall me|\bthis is|\bi'm|\bi am|\bsigned by|\bspeaking with|\bregards,|\bsincerely,|\bdear|\bhi,?|\bhello,?|\bname ?:)\s)" +
           names,
       is_name},
  };
}

}  // namespace

struct PersonalDataFinder::Rule {
  PersonalKind kind;
  std::unique_ptr<RE2> pattern;
  Check check;
};

PersonalDataFinder::PersonalDataFinder() {
  for (const RuleText& text : rule_texts()) {
    rules_.push_back({text.kind, std::make_unique<RE2>(text.pattern), text.check});
    assert(rules_.back().pattern->ok());
  }
}

PersonalDataFinder::PersonalDataFinder(PersonalDataFinder&&) noexcept = default;
PersonalDataFinder::~PersonalDataFinder() = default;

std::vector<PersonalSpan> PersonalDataFinder::find(std::string_view text) const {
  std::vector<PersonalSpan> spans;
  const re2::StringPiece whole(text.data(), text.size());
  for (const Rule& rule : rules_) {
    const int groups = rule.pattern->NumberOfCapturingGroups();
    std::array<re2::StringPiece, 2> found;
    for (std::size_t from = 0; from <= text.size();) {
      if (!rule.pattern->Match(whole, from, text.size(), RE2::UNANCHORED, found.data(), std::min(groups, 1) + 1)) break;
      const re2::StringPiece& span = groups > 0 ? found[1] : found[0];
      const auto start = static_cast<std::size_t>(span.data() - text.data()), end = start + span.size();
      from = std::max(end, from + 1);
      const bool is_free = std::ranges::none_of(
          spans, [&](const PersonalSpan& other) { return start < other.end && other.start < end; });
      if (!span.empty() && is_free && rule.check(text.substr(start, end - start)))
        spans.push_back({rule.kind, start, end});
    }
  }
  std::ranges::sort(spans, {}, &PersonalSpan::start);
  return spans;
}

std::string_view name_of(PersonalKind kind) {
  static constexpr std::array<std::string_view, kPersonalKinds> kNames = {
      "name", "email", "phone", "card", "iban", "ip", "mac", "national_number", "address", "secret"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool has_luhn_digit(std::string_view text) {
  int sum = 0;
  bool is_doubled = false;
  for (auto c = text.rbegin(); c != text.rend(); ++c) {
    if (*c < '0' || *c > '9') continue;
    const int digit = (*c - '0') * (is_doubled ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
    is_doubled = !is_doubled;
  }
  return sum % 10 == 0;
}

bool is_iban(std::string_view text) {
  std::string plain;
  for (const char c : text)
    if (c != ' ') plain += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (plain.size() < 15 || plain.size() > 34) return false;
  std::rotate(plain.begin(), plain.begin() + 4, plain.end());
  int remainder = 0;
  for (const char c : plain)
    remainder = c <= '9' ? (remainder * 10 + (c - '0')) % 97 : (remainder * 100 + (c - 'A' + 10)) % 97;
  return remainder == 1;
}

}  // namespace pegbox::text
