// Check view: see check_view.h.
#include "app/check_view.h"

#include <fmt/format.h>

#include "base/units.h"

namespace pegbox {

namespace {

std::string part_line(const Json& part) {
  return fmt::format("{:<12}{} rows in {} files, {} of text\n", part["name"].get<std::string>(),
                     format_count(part["rows"].get<double>()), part["files"].size(),
                     format_bytes(part["bytes"].get<double>()));
}

}  // namespace

std::string finding_line(const Json& finding) {
  return fmt::format("{}, {}: {} ({:.3g} %) {}", finding["part"].get<std::string>(),
                     finding["check"].get<std::string>(), finding["count"].get<std::int64_t>(),
                     100 * finding["fraction"].get<double>(), finding["what"].get<std::string>());
}

std::string example_lines(const Json& finding, const Paint& paint) {
  std::string lines;
  for (const Json& example : finding["examples"]) {
    lines += fmt::format("  {}: {}\n", example["place"].get<std::string>(),
                         clean_text(example["detail"].get<std::string>()));
    if (example.contains("excerpt"))
      lines += fmt::format("    {}\n", paint.dim(clean_text(example["excerpt"].get<std::string>())));
  }
  return lines;
}

std::string check_text(const Json& report, const Paint& paint) {
  std::string lines;
  for (const Json& part : report["parts"]) lines += part_line(part);
  for (const Json& finding : report["findings"]) {
    const std::string level = finding["severity"] == "fault" ? paint.red("fault:") : paint.yellow("warning:");
    lines += fmt::format("{} {}\n", level, finding_line(finding)) + example_lines(finding, paint) +
             fmt::format("  {}\n", finding["hint"].get<std::string>());
  }
  if (report["findings"].empty()) lines += "nothing to complain about\n";
  return lines;
}

}  // namespace pegbox
