// WordNet: the index, sorted by words, says where in the data a word's sets of synonyms stand.
#include "text/word_net.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ranges>

#include "text/white_space.h"

namespace pegbox::text {
namespace {

constexpr std::array<std::string_view, 4> kPartsOfSpeech = {"noun", "verb", "adj", "adv"};
constexpr const char* kDebianFolder = "/usr/share/wordnet";
constexpr std::string_view kHeader = "  ";  // what lines of the licence begin with, before the first word
constexpr std::size_t kOffsetDigits = 8;

std::string_view line_at(std::string_view file, std::size_t start) {
  return file.substr(start, file.find('\n', start) - start);
}

/// Where the line begins in which the byte at `offset` is.
std::size_t line_start(std::string_view file, std::size_t offset) {
  const std::size_t end = offset == 0 ? std::string_view::npos : file.rfind('\n', offset - 1);
  return end == std::string_view::npos ? 0 : end + 1;
}

/// The line of a sorted file that begins with `lemma` and a space; empty if there is none.
std::string_view find_line(std::string_view file, std::string_view lemma) {
  std::size_t low = 0, high = file.size();
  while (low < high) {
    const std::size_t start = line_start(file, low + (high - low) / 2);
    const std::string_view line = line_at(file, start), word = line.substr(0, line.find(' '));
    if (word == lemma) return line;
    if (word < lemma || line.starts_with(kHeader))
      low = start + line.size() + 1;
    else
      high = start;
  }
  return {};
}

template <class Number>
Number number_of(std::string_view digits, int base = 10) {
  Number number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  return number;
}

/// "word" of "word(p)", the mark of an adjective's place, with spaces between the words of a compound.
std::string bare_word(std::string_view word) {
  std::string plain(word.substr(0, word.find('(')));
  std::ranges::replace(plain, '_', ' ');
  return plain;
}

/// The words of a line of the data: offset, file number, type, how many they are (two hexadecimal digits), and each
/// with a number after it.
std::vector<std::string> words_of_set(std::string_view line) {
  constexpr std::size_t kCount = 3, kFirst = 4;
  const std::vector<std::string_view> fields = split_words(line);
  std::vector<std::string> words;
  if (fields.size() <= kFirst) return words;
  const auto count = number_of<std::size_t>(fields[kCount], 16);
  for (std::size_t i = kFirst; i < std::min(kFirst + 2 * count, fields.size()); i += 2)
    words.push_back(bare_word(fields[i]));
  return words;
}

}  // namespace

Path word_net_folder() {
  const char* const named = std::getenv("WNSEARCHDIR");
  return named != nullptr && *named != '\0' ? Path(named) : Path(kDebianFolder);
}

Result<WordNet> WordNet::open(const Path& folder) {
  WordNet net;
  for (std::size_t part = 0; part < kPartsOfSpeech.size(); ++part) {
    auto index = read_file(folder / fmt::format("index.{}", kPartsOfSpeech[part]));
    auto data = read_file(folder / fmt::format("data.{}", kPartsOfSpeech[part]));
    if (!index || !data)
      return fail(ErrorKind::NotFound,
                  {.where = folder.string(),
                   .what = "WordNet, of which synonyms are taken, is not here",
                   .got = (index ? data : index).error().message,
                   .hint = fmt::format("install it (Debian, Ubuntu: apt-get install {}), name its folder in "
                                       "WNSEARCHDIR, or choose methods without synonyms",
                                       kWordNetPackage)});
    net.parts_[part] = {*std::move(index), *std::move(data)};
  }
  return net;
}

void WordNet::add_synonyms(const Part& part, const std::string& lemma, std::vector<std::string>& found) const {
  // The word's sets are the last fields: as many as the third field says.
  const std::vector<std::string_view> fields = split_words(find_line(part.index, lemma));
  if (fields.size() < 3) return;
  const auto sets = std::min(number_of<std::size_t>(fields[2]), fields.size());
  for (const std::string_view offset : fields | std::views::drop(fields.size() - sets)) {
    const auto start = number_of<std::size_t>(offset);
    if (offset.size() != kOffsetDigits || start >= part.data.size()) continue;
    for (std::string& word : words_of_set(line_at(part.data, start))) found.push_back(std::move(word));
  }
}

std::vector<std::string> WordNet::synonyms(std::string_view word) const {
  const std::string plain = lower_case(word);
  std::string lemma = plain;
  std::ranges::replace(lemma, ' ', '_');
  std::vector<std::string> found;
  for (const Part& part : parts_) add_synonyms(part, lemma, found);
  std::erase_if(found, [&](const std::string& each) { return lower_case(each) == plain; });
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

}  // namespace pegbox::text
