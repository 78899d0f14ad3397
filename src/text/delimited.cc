// Comma- and tab-separated records.
#include "text/delimited.h"

#include <fmt/format.h>

#include <algorithm>

namespace pegbox::text {
namespace {

class DelimitedReader {
 public:
  DelimitedReader(std::string_view bytes, char separator, const std::string& name)
      : bytes_(bytes), separator_(separator), name_(name) {}

  bool at_end() const { return at_ == bytes_.size(); }

  Result<Record> next() {
    Record record{.fields = {}, .line = line_};
    for (;;) {
      PEGBOX_TRY(std::string field, peek() == '"' ? quoted_field() : plain_field());
      record.fields.push_back(std::move(field));
      if (peek() != separator_) break;
      ++at_;
    }
    skip_line_end();
    return record;
  }

  std::int32_t line() const { return line_; }

  /// What is left of the line, after a fault.
  void skip_line() {
    at_ = std::min(bytes_.find('\n', at_), bytes_.size());
    skip_line_end();
  }

  void skip_empty_lines() {
    while (!at_end() && is_line_end(at_)) skip_line_end();
  }

 private:
  char peek() const { return at_end() ? '\n' : bytes_[at_]; }
  bool is_line_end(std::size_t at) const { return bytes_[at] == '\n' || bytes_.substr(at, 2) == "\r\n"; }

  void skip_line_end() {
    if (at_end()) return;
    at_ += bytes_[at_] == '\r' ? 2 : 1;
    ++line_;
  }

  std::string plain_field() {
    const std::size_t start = at_;
    while (!at_end() && bytes_[at_] != separator_ && !is_line_end(at_)) ++at_;
    return std::string(bytes_.substr(start, at_ - start));
  }

  Result<std::string> quoted_field() {
    const std::int32_t first_line = line_;
    std::string field;
    for (++at_;;) {
      const std::size_t quote = bytes_.find('"', at_);
      if (quote == std::string_view::npos) {
        at_ = bytes_.size();
        return refuse(first_line, "a quote is never closed",
                      "a field in double quotes, with quotes in it written twice");
      }
      const std::string_view part = bytes_.substr(at_, quote - at_);
      field += part;
      line_ += static_cast<std::int32_t>(std::count(part.begin(), part.end(), '\n'));
      at_ = quote + 1;
      if (at_end() || bytes_[at_] != '"') break;
      field += '"';
      ++at_;
    }
    if (at_end() || bytes_[at_] == separator_ || is_line_end(at_)) return field;
    return refuse(line_, "there is text after a closing quote",
                  "the next field; quotes in a quoted field are written twice");
  }

  tl::unexpected<Error> refuse(std::int32_t line, std::string what, std::string expected) const {
    return fail(ErrorKind::InvalidInput,
                {.where = fmt::format("{}:{}", name_, line), .what = std::move(what), .expected = std::move(expected)});
  }

  std::string_view bytes_;
  char separator_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::int32_t line_ = 1;
};

}  // namespace

Result<void> visit_delimited(std::string_view bytes, char separator, const std::string& name,
                             const RecordVisitor& visit) {
  DelimitedReader reader(bytes, separator, name);
  std::size_t columns = 0;  // of the header
  for (reader.skip_empty_lines(); !reader.at_end(); reader.skip_empty_lines()) {
    const std::int32_t line = reader.line();
    auto record = reader.next();
    if (!record) {
      reader.skip_line();
    } else if (columns == 0) {
      columns = record->fields.size();
    } else if (record->fields.size() != columns) {
      record = fail(ErrorKind::InvalidInput, {.where = fmt::format("{}:{}", name, line),
                                              .what = "the record has not as many fields as the header",
                                              .got = std::to_string(record->fields.size()),
                                              .expected = std::to_string(columns),
                                              .hint = "a field with a separator in it stands in double quotes"});
    }
    PEGBOX_CHECK(visit(std::move(record), line));
  }
  return {};
}

}  // namespace pegbox::text
