// Dataset: rows of text read from files, each file checked, each fault named by file and line.
//
// A text file is one document; a folder is one document for each text file below it; JSON lines, a JSON list, and
// comma- or tab-separated records with a header have one row for each object or record, of one of the shapes of
// RowShape.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "text/conversation.h"
#include "text/span.h"

namespace pegbox::text {

/// One document, one prompt with its completion, one text with its class, or one conversation.
struct Row {
  std::string prompt;     ///< seen, never a label; empty for plain text
  std::string text;       ///< the document or the completion: what is learned
  std::string label;      ///< RowShape::Classified: the class of `text`; an integer of the file in digits
  std::int32_t file = 0;  ///< index into Dataset::files
  std::int32_t line = 0;  ///< in that file, from 1; 0 if the row is the whole file
  std::int32_t set = 0;   ///< which of several sets of a mixture it is of
  std::optional<Conversation> conversation{};  ///< `text` is empty until a chat template writes it (chat_rows.h)
  std::vector<Span> learned{};                 ///< of a conversation's text, in order: what the assistant wrote
};

/// The shapes by their fields:
enum class RowShape : std::uint8_t {
  Text,              ///< `text`, or a file that is one document
  PromptCompletion,  ///< `prompt` and `completion`, each a string
  Classified,        ///< `text` and `label`, where labels are asked for
  Instruction,       ///< `instruction`, `output` and perhaps `input`: Alpaca's, with its prompt
  Messages,          ///< `messages`, perhaps `tools`: OpenAI's
  Turns,             ///< `conversations` of `from` and `value`, perhaps `system` and `tools`: ShareGPT's
  PromptMessages,    ///< `prompt` and `completion`, each a list of messages: TRL's
};
std::string_view name_of(RowShape shape);

struct Dataset {
  std::vector<Row> rows;  ///< in the order of the files, then of the lines
  RowShape shape = RowShape::Text;
  std::vector<std::string> files;         ///< as they were named
  std::int64_t skipped_binary_files = 0;  ///< in folders: with a NUL byte or not UTF-8
  std::int64_t skipped_empty_files = 0;   ///< in folders: nothing, or white space only
  std::int64_t bytes = 0;                 ///< of prompts and texts together
};

/// The fields that rows are read from, further ones are ignored.
inline constexpr std::array<std::string_view, 10> kFieldNames = {
    "text", "label", "prompt", "completion", "instruction", "input", "output", "messages", "conversations", "tools"};

struct DatasetOptions {
  std::vector<std::string> extensions;         ///< in folders: only these, e.g. {".py"}; empty for all
  std::map<std::string, std::string> columns;  ///< our name of a field -> the file's; if not empty, no others are read
  bool labels = false;  ///< rows are `text` with `label`, and no others; else `label` is a field like any other
};

/// Reads all of `paths` as one data set. A path ending in .jsonl, .ndjson or .json is JSON lines (or one list), one
/// ending in .csv or .tsv is records with a header (delimited.h); further fields and blank lines are ignored. Any other
/// file is one document. A folder is searched with its subfolders, in the order of the names; names that begin with a
/// dot are left out, links to folders are not followed; if all that remains are files of rows, they are read as such. A
/// byte order mark is dropped; nothing else is changed. NotFound for a path that does not exist. InvalidInput, with
/// file and line, for an empty file, binary data, bytes that are not UTF-8, a broken line, missing, empty or ambiguous
/// fields, rows of two shapes, a folder without text, a document where labels are asked for.
Result<Dataset> load_dataset(std::span<const Path> paths, const DatasetOptions& options = {});
Result<Dataset> load_dataset(const Path& path, const DatasetOptions& options = {});

/// A hash of prompt and text, or of a conversation's messages and tools whatever the order of their members, with runs
/// of white space as one.
std::uint64_t content_hash(const Row& row);

/// Parts of `rows`, one for each fraction, rows in their old order. A row's part is a function of its content and the
/// seed only (content_hash): equal rows never fall into different parts, and
/// rows that are added later move no others. Sizes are therefore only near to the fractions. InvalidInput unless
/// fractions are positive and sum to 1 (within 1e-6), or if a part gets no row.
Result<std::vector<std::vector<Row>>> split_rows(std::span<const Row> rows, std::span<const double> fractions,
                                                 std::uint64_t seed);

/// Cuts text rows longer than `piece_bytes` at the last end of a line before that size (else between two characters),
/// so that one big file can be split or shuffled. Pieces joined give the row. Prompt rows and conversations are left
/// whole.
std::vector<Row> cut_long_rows(std::span<const Row> rows, std::int64_t piece_bytes);

}  // namespace pegbox::text
