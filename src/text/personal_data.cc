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

/// How many bytes of a match are the span, from its beginning; 0: none.
using Fit = std::size_t (*)(std::string_view match);

std::size_t accept(std::string_view match) { return match.size(); }

template <bool (*is_valid)(std::string_view)>
std::size_t whole_if(std::string_view match) {
  return is_valid(match) ? match.size() : 0;
}

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

bool is_separator(char c) { return c == ' ' || c == '-'; }

/// Whether the digits stand as on a card: together, by four, or as 4-6-5 and 4-6-4.
bool is_grouped_as_card(std::string_view match) {
  std::vector<std::size_t> groups(1);
  for (const char c : match) {
    if (is_separator(c))
      groups.push_back(0);
    else
      ++groups.back();
  }
  if (groups.size() == 3 && groups[0] == 4 && groups[1] == 6 && (groups[2] == 4 || groups[2] == 5)) return true;
  return std::ranges::all_of(groups.begin(), groups.end() - 1, [](std::size_t digits) { return digits == 4; }) &&
         (groups.size() == 1 || groups.back() <= 4);
}

/// The longest beginning that is a card and ends where a group ends: what follows may be a date or a code.
template <bool must_be_grouped>
std::size_t fit_card(std::string_view match) {
  for (std::size_t end = match.size(); end > 0; --end) {
    const bool is_end = end == match.size() || is_separator(match[end]);
    if (!is_end || is_separator(match[end - 1])) continue;
    const std::string_view candidate = match.substr(0, end);
    if (is_card(candidate) && (!must_be_grouped || is_grouped_as_card(candidate))) return end;
  }
  return 0;
}

/// The countries of the IBAN registry (SWIFT, ISO 13616) with the lengths of their numbers.
constexpr std::string_view kIbanLengths =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27"
    "GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22"
    "MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28"
    "TL23TN24TR26UA29VA22VG24XK20YE30";

/// The length of a country's IBANs without spaces; 0 if the registry has no such country.
std::size_t iban_length(std::string_view match) {
  for (std::size_t i = 0; i < kIbanLengths.size(); i += 4)
    if (std::toupper(static_cast<unsigned char>(match[0])) == kIbanLengths[i] &&
        std::toupper(static_cast<unsigned char>(match[1])) == kIbanLengths[i + 1])
      return static_cast<std::size_t>(kIbanLengths[i + 2] - '0') * 10 +
             static_cast<std::size_t>(kIbanLengths[i + 3] - '0');
  return 0;
}

/// The longest beginning that is an IBAN of its country's length and ends where a word ends.
std::size_t fit_iban(std::string_view match) {
  const std::size_t length = iban_length(match);
  auto letters = static_cast<std::size_t>(std::ranges::count_if(match, [](char c) { return c != ' '; }));
  for (std::size_t end = match.size(); end > 0; --end) {
    if (match[end - 1] == ' ') continue;
    const bool is_end = end == match.size() || match[end] == ' ';
    if (is_end && (length == 0 || letters == length) && is_iban(match.substr(0, end))) return end;
    --letters;
  }
  return 0;
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

/// Words with a capital letter that follow a greeting, "I am" or "this is", and are no names.
constexpr auto kNoNames = std::to_array<std::string_view>(
    {"AI",        "Admin",     "African",   "All",       "American",  "Are",      "Asian",      "Australian",
     "Brazilian", "British",   "CEO",       "Can",       "Canadian",  "Chinese",  "Colleague",  "Colleagues",
     "Could",     "Customer",  "Customers", "Dad",       "Dear",      "Do",       "Doctor",     "Dr",
     "Dutch",     "Editor",    "English",   "European",  "Everybody", "Everyone", "Father",     "Folks",
     "French",    "Friday",    "Friend",    "Friends",   "German",    "God",      "Google",     "Greek",
     "Guys",      "Happy",     "Hello",     "Hiring",    "How",       "I",        "IT",         "Indian",
     "Irish",     "Is",        "It",        "Italian",   "Japanese",  "Java",     "JavaScript", "Korean",
     "Kotlin",    "Ladies",    "Linux",     "Madam",     "Manager",   "Mexican",  "Microsoft",  "Miss",
     "Mom",       "Monday",    "Mother",    "Mr",        "Mrs",       "Ms",       "Mum",        "My",
     "New",       "No",        "Not",       "OK",        "Please",    "Polish",   "Portuguese", "President",
     "Prof",      "Professor", "Python",    "Recruiter", "Russian",   "Saturday", "Scottish",   "Sir",
     "Siri",      "So",        "Sorry",     "Spanish",   "Sunday",    "Support",  "Swedish",    "Swiss",
     "Team",      "Thank",     "Thanks",    "That",      "The",       "There",    "This",       "Thursday",
     "Tuesday",   "Turkish",   "UK",        "US",        "USA",       "User",     "Users",      "Valued",
     "We",        "Wednesday", "What",      "When",      "Where",     "Who",      "Why",        "Windows",
     "World",     "Yes",       "You"});

bool is_name(std::string_view match) {
  return !std::ranges::binary_search(kNoNames, match.substr(0, match.find_first_of(" '’,.-")));
}

/// How keys and passwords are called, at the end of longer names too: DB_PASSWORD, userPassword.
constexpr char kSecretWord[] =
    "(?:password|passwd|passphrase|pwd|api[ _-]?key|access[ _-]?key(?:[ _-]?id)?|secret[ _-]?key|"
    "secret[ _-]?access[ _-]?key|private[ _-]?key|client[ _-]?secret|(?:auth|access|refresh)[ _-]?token)";

/// A value, not the word that there is none, or of which type it is.
bool is_secret(std::string_view match) {
  static const RE2 kNoSecret("(?i)(?:null|none|nil|true|false|undefined|required|optional|string)[^a-z0-9]*");
  return !RE2::FullMatch(re2::StringPiece(match.data(), match.size()), kNoSecret);
}

/// An initial with its point, or a word that begins with a capital letter.
constexpr char kNameWord[] = R"(\p{Lu}(?:\.|[\p{L}\p{M}'’]*(?:-\p{Lu}[\p{L}\p{M}'’]*)*))";

/// The group of up to four of them, perhaps with a preposition between.
std::string name_group() {
  return fmt::format("({0}(?: (?:(?:van|von|de|der|den|da|di|du|la|le|el|bin|al) )*{0}){{0,3}})", kNameWord);
}

/// A mail address with letters of the scripts that put spaces between words (the ranges hold no punctuation): in others
/// it could not be told from the words beside it.
std::string email_pattern() {
  const std::string letters = R"(A-Za-z\x{C0}-\x{DFF}\x{1E00}-\x{1FFF})";
  return fmt::format(
      R"(([{0}0-9_][{0}0-9._%+'-]*@(?:[{0}0-9](?:[{0}0-9-]*[{0}0-9])?\.)+(?:xn--[A-Za-z0-9-]{{2,59}}|[{0}]{{2,24}})))",
      letters);
}

struct RuleText {
  PersonalKind kind;
  std::string pattern;  ///< the group holds the span; without one all of it
  Fit fit;
};

std::vector<RuleText> rule_texts() {
  using K = PersonalKind;
  const std::string names = name_group(), secret = fmt::format("(?i){}", kSecretWord);
  return {
      {K::Secret, R"((?s)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)",
       accept},
      {K::Secret, R"(-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s:,.()-]*)", accept},
      {K::Secret,
       R"(\b((?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[\w-]{35}|[sr]k_live_[A-Za-z0-9]{16,}|sk-[\w-]{20,}|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{16,})\b)",
       accept},
      {K::Secret, R"(\b(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}))", accept},
      {K::Secret, secret + R"re(["']?\s*[:=]\s*"((?:[^"\\\n]|\\.)+)")re", whole_if<is_secret>},
      {K::Secret, secret + R"(["']?\s*[:=]\s*'((?:[^'\\\n]|\\.)+)')", whole_if<is_secret>},
      {K::Secret, secret + R"(["']?\s*[:=]\s*["']?([^\s"']\S{2,254}[^\s"',;]))", whole_if<is_secret>},
      {K::Secret, secret + R"( is ["']?([^\s"',;]{3,}\d[^\s"',;]*[^\s"',;.!?]))", accept},
      {K::Email, email_pattern(), accept},
      {K::Iban, R"(\b([A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?)\b)", fit_iban},
      {K::Card, R"(\b(\d(?:[ -]?\d){11,18})\b)", fit_card<true>},
      {K::Card, R"(\b(\d(?:[ -]?\d){11,18})\b)", fit_card<false>},
      {K::Mac, R"(\b((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})\b)", accept},
      {K::Ip, R"(\b(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\b)", whole_if<is_ip>},
      {K::Ip, R"((?:^|[^\w:])((?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}))", whole_if<is_ip>},
      {K::NationalNumber, R"(\b(\d{3}-\d{2}-\d{4})\b)", whole_if<is_us_ssn>},
      {K::NationalNumber, R"(\b([XYZ]?\d{7,8}-?[A-HJ-NP-TV-Z])\b)", whole_if<is_spanish_id>},
      {K::NationalNumber, R"(\b([12] ?\d{2} ?\d{2} ?\d{2} ?\d{3} ?\d{3} ?\d{2})\b)", whole_if<is_french_number>},
      {K::NationalNumber, R"(\b(\d{3}\.\d{3}\.\d{3}-\d{2})\b)", whole_if<is_cpf>},
      {K::NationalNumber, R"((?i)\bpesel\W{1,3}(\d{11})\b)", whole_if<is_pesel>},
      {K::NationalNumber, R"(\b([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D])\b)", accept},
      {K::NationalNumber,
       R"((?i)\b(?:ssn|social security(?: number)?|driver'?s?'? licen[sc]e(?: number)?|passport(?: number)?|tax id|national id)\W{0,3}(?:is |no\.? |number |: )*((?-i:[A-Z0-9][A-Z0-9-]{5,18}\d)))",
       accept},
      {K::Phone, R"((?:^|[^\w+])(\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6})\b)", whole_if<is_phone>},
      {K::Phone, R"((?:^|[^\w(.-])(\(\d{1,4}\)[ .-]?\d{2,4}(?:[ .-]\d{2,4}){1,3})\b)", whole_if<is_phone>},
      {K::Phone, R"((?:^|[^\w.-])(0\d{1,4}(?:[ .-]\d{2,4}){2,4})\b)", whole_if<is_phone>},
      {K::Phone, R"((?:^|[^\w.-])(\d{3}[ .-]\d{3}[ .-]\d{4}(?: ?x\d{1,5})?)\b)", whole_if<is_phone>},
      {K::Phone, R"((?:^|[^\w.-])(\d{2}-\d{2}-\d{2}-\d{2})\b)", whole_if<is_phone>},
      {K::Phone,
       R"((?i)\b(?:phone|tel|telephone|mobile|cell|fax|call|number|contact|whatsapp|text)\b[^\d\n]{0,30}?(\d{1,4}(?:[ .-]\d{2,4}){1,4}|\d{7,12})\b)",
       whole_if<is_phone>},
      {K::Address,
       R"(\b(\d{1,5}[A-Za-z]? (?:\p{Lu}[\p{L}.']*\s){1,4}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Way|Parkway|Pkwy|Highway|Hwy|Circle|Crescent)\b\.?(?:,? (?:Apt|Apartment|Suite|Unit)\.? ?#?\w{1,5})?))",
       accept},
      {K::Address,
       R"((\p{Lu}[\p{L}]+(?:straße|strasse|gasse|gade|vej|gata|gatan|katu|tie|straat|laan) \d{1,4}[a-z]?)\b)", accept},
      {K::Address,
       R"(\b((?:Rua|Via|Calle|Rue|Avenida|Piazza|Plaza|Viale) (?:d[aeio]s? |del |della )?\p{Lu}[\p{L}]+(?: \p{Lu}[\p{L}]+){0,3},? \d{1,5})\b)",
       accept},
      {K::Address, R"((?i)\b(p\.? ?o\.? ?box \d{1,6}|(?:apt|apartment|suite)\.? #?\d{1,5})\b)", accept},
      {K::Name, R"(\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\b\.? )" + names, whole_if<is_name>},
      {K::Name,
       R"((?i:\bmy name is|\bname'?s|\bi am called|\bcall me|\bthis is|\bi'm|\bi am|\bsigned by|\bspeaking with|\bregards,|\bsincerely,|\bdear|\bhi,?|\bhello,?|\bname ?:)\s)" +
           names,
       whole_if<is_name>},
  };
}

}  // namespace

struct PersonalDataFinder::Rule {
  PersonalKind kind;
  std::unique_ptr<RE2> pattern;
  Fit fit;
};

PersonalDataFinder::PersonalDataFinder() {
  for (const RuleText& text : rule_texts()) {
    rules_.push_back({text.kind, std::make_unique<RE2>(text.pattern), text.fit});
    assert(rules_.back().pattern->ok());
  }
}

PersonalDataFinder::PersonalDataFinder(PersonalDataFinder&&) noexcept = default;
PersonalDataFinder::~PersonalDataFinder() = default;

void PersonalDataFinder::apply(const Rule& rule, std::string_view text, std::vector<PersonalSpan>& spans) {
  const re2::StringPiece whole(text.data(), text.size());
  const int groups = rule.pattern->NumberOfCapturingGroups();
  std::array<re2::StringPiece, 2> found;
  const std::size_t known = spans.size();
  for (std::size_t from = 0; from <= text.size();) {
    if (!rule.pattern->Match(whole, from, text.size(), RE2::UNANCHORED, found.data(), std::min(groups, 1) + 1)) break;
    const re2::StringPiece& match = groups > 0 ? found[1] : found[0];
    const auto start = static_cast<std::size_t>(match.data() - text.data());
    const std::size_t end = start + (match.empty() ? 0 : rule.fit(text.substr(start, match.size())));
    from = static_cast<std::size_t>(found[0].data() - text.data()) + 1;  // a later start may fit where this does not
    if (end == start) continue;
    const auto other = std::ranges::upper_bound(spans.begin(), spans.begin() + static_cast<std::ptrdiff_t>(known),
                                                start, {}, &PersonalSpan::end);
    const bool is_free = other == spans.begin() + static_cast<std::ptrdiff_t>(known) || other->start >= end;
    from = is_free ? end : std::max(from, other->end);
    if (is_free) spans.push_back({rule.kind, start, end});
  }
  std::ranges::inplace_merge(spans, spans.begin() + static_cast<std::ptrdiff_t>(known), {}, &PersonalSpan::start);
}

std::vector<PersonalSpan> PersonalDataFinder::find(std::string_view text) const {
  std::vector<PersonalSpan> spans;
  for (const Rule& rule : rules_) apply(rule, text, spans);
  return spans;
}

std::string_view name_of(PersonalKind kind) {
  static constexpr std::array<std::string_view, kPersonalKinds> kNames = {
      "name", "email", "phone", "card", "iban", "ip", "mac", "national_number", "address", "secret"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool is_secret_field(std::string_view name) {
  static const RE2 kSecretField(fmt::format("(?i).*(?:{})", kSecretWord));
  return RE2::FullMatch(re2::StringPiece(name.data(), name.size()), kSecretField);
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
