// WorkerOrder: what a worker that an engine starts is told.
#include "app/engine/worker_order.h"

#include <algorithm>
#include <charconv>

namespace pegbox {

std::vector<std::string> WorkerOrder::command(const std::string& name) const {
  std::vector<std::string> words = {program.string(), "worker", url, "--study", study, "--slots", "1"};
  words.insert(words.end(), {"--name", name, "--files", files.string()});
  words.insert(words.end(), {"--without-server", std::to_string(static_cast<std::int64_t>(patience_s)) + "s"});
  if (!token_file.empty()) words.insert(words.end(), {"--token-file", token_file.string()});
  return words;
}

Result<std::int64_t> gpus_of_worker(const std::string& gpus) {
  std::int64_t count = 0;
  if (gpus.empty() || gpus == "auto" || gpus == "none") return count;
  const char* end = gpus.data() + gpus.size();
  const auto read = std::from_chars(gpus.data(), end, count);
  if (read.ec == std::errc() && read.ptr == end && count >= 0) return count;
  return fail(ErrorKind::InvalidInput, {.where = "workers.gpus",
                                        .what = "an engine deals GPUs out by number",
                                        .got = gpus,
                                        .expected = "how many each worker gets, such as 1"});
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain = "%+,-./:=@_";
  const auto is_plain = [&](unsigned char c) {
    return std::isalnum(c) != 0 || kPlain.find(static_cast<char>(c)) != kPlain.npos;
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace pegbox
