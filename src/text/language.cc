// Language: CLD2 asked.
#include "text/language.h"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include <algorithm>
#include <cctype>

#include "text/utf8.h"

namespace pegbox::text {
namespace {

constexpr std::size_t kMostBytes = 4096;

std::string_view beginning_of(std::string_view text) {
  std::size_t end = std::min(text.size(), kMostBytes);
  while (!is_character_start(text, end)) --end;
  return text.substr(0, end);
}

}  // namespace

std::string_view language_of(std::string_view text) {
  const std::string_view beginning = beginning_of(text);
  bool is_reliable = false;
  const CLD2::Language language = CLD2::DetectLanguage(beginning.data(), static_cast<int>(beginning.size()),
                                                       /*is_plain_text=*/true, &is_reliable);
  return is_reliable && language != CLD2::UNKNOWN_LANGUAGE ? CLD2::LanguageCode(language) : std::string_view();
}

Result<std::string> language_code(const std::string& name, const std::string& where) {
  std::string capitals = name,
              small = name;  // its names are in capitals, its codes small but for "zh-Hant" and the like
  for (char& c : capitals) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string& form : {name, capitals, small})
    if (const auto language = CLD2::GetLanguageFromName(form.c_str()); language != CLD2::UNKNOWN_LANGUAGE)
      return std::string(CLD2::LanguageCode(language));
  return fail(ErrorKind::InvalidInput, {.where = where,
                                        .what = "no language that can be told has this name",
                                        .got = name,
                                        .expected = "a code such as en, de or zh"});
}

}  // namespace pegbox::text
