// Html: escaping, tables, and the page's style.
#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>

namespace pegbox {
namespace {

// Colours: Okabe and Ito, "Color universal design" (2008), which people with colour blindness can tell apart; lines
// by rank in seven steps of viridis.
constexpr char kStyle[] = R"(
:root{color-scheme:light dark;--ink:#1b1b1b;--soft:#5f6368;--paper:#fff;--line:#d5d7da;--panel:#f6f7f8;
--done:#0072b2;--stopped:#b86a00;--paused:#8a4f9e;--failed:#c43c00;--best:#00795a;--other:#7d8288}
@media (prefers-color-scheme:dark){:root{--ink:#e9eaec;--soft:#a3a8ae;--paper:#16181b;--line:#3a3f45;--panel:#1f2226;
--done:#56b4e9;--stopped:#e69f00;--paused:#d59bc4;--failed:#ff8a5c;--best:#3fcf9f;--other:#8d939a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1rem;color:var(--ink);background:var(--paper);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.7rem;margin:.3rem 0;overflow-wrap:anywhere}h2{font-size:1.25rem;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:1rem 0 .3rem}p{margin:.4rem 0}p,li,figcaption{overflow-wrap:anywhere}.soft{color:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem}
figure{margin:0;min-width:0;overflow-x:auto}figcaption{font-size:.9rem;color:var(--soft)}
svg{width:100%;height:auto;background:var(--panel);border-radius:6px}
svg text{fill:var(--ink);font:11px system-ui,sans-serif}svg .grid{stroke:var(--line);stroke-width:1}
svg .line{fill:none;stroke-width:1.5}
.s-done{stroke:var(--done)}.s-stopped{stroke:var(--stopped)}.s-paused{stroke:var(--paused)}
.s-failed{stroke:var(--failed)}.s-best{stroke:var(--best)}.s-other{stroke:var(--other)}
.f-done{fill:var(--done)}.f-stopped{fill:var(--stopped)}.f-paused{fill:var(--paused)}.f-failed{fill:var(--failed)}
.f-best{fill:var(--best)}.f-other{fill:var(--other)}.thick{stroke-width:2.5!important}.faint{opacity:.55}
.r0{stroke:#440154}.r1{stroke:#46327e}.r2{stroke:#365c8d}.r3{stroke:#277f8e}.r4{stroke:#1fa187}.r5{stroke:#4ac16d}
.r6{stroke:#a0da39}
@media (prefers-color-scheme:dark){.r0{stroke:#fde725}.r1{stroke:#a0da39}.r2{stroke:#4ac16d}.r3{stroke:#1fa187}
.r4{stroke:#277f8e}.r5{stroke:#40688f}.r6{stroke:#54457f}}
.scroll{overflow-x:auto}pre{font-size:.85rem}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.25rem .7rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top;
max-width:28rem;overflow-wrap:break-word}th{white-space:nowrap}
summary{cursor:pointer;color:var(--soft);font-size:.9rem;margin:.4rem 0}
summary:focus-visible{outline:2px solid var(--done)}
@media print{details{display:none}}
)";

}  // namespace

std::string escape(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) safe += c;
        if (c == '\n' || c == '\t') safe += ' ';
    }
  }
  return safe;
}

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return std::string(text.substr(0, most)) + "...";
}

std::string show_number(double value) { return fmt::format("{:.5g}", value); }

HtmlTable::HtmlTable(const std::vector<std::string>& heads) {
  for (const std::string& head : heads) head_ += fmt::format("<th scope=\"col\">{}</th>", escape(head));
}

void HtmlTable::add(const std::vector<std::string>& cells) {
  rows_ += "<tr>";
  for (const std::string& cell : cells) rows_ += "<td>" + escape(cell) + "</td>";
  rows_ += "</tr>\n";
}

std::string HtmlTable::html() const {
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table></div>\n",
      head_, rows_);
}

std::string HtmlTable::folded(std::string_view summary) const {
  return fmt::format("<details><summary>{}</summary>{}</details>\n", escape(summary), html());
}

std::string html_section(std::string_view title, std::string_view body) {
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", escape(title), body);
}

std::string html_paragraph(std::string_view text) { return "<p>" + escape(text) + "</p>\n"; }

std::string html_preformatted(std::string_view summary, std::string_view text) {
  std::string lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines += escape(text.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return fmt::format("<details><summary>{}</summary><pre class=\"scroll\" tabindex=\"0\">{}</pre></details>\n",
                     escape(summary), lines);
}

std::string html_list(const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string items;
  for (const std::string& line : lines) items += "<li>" + escape(line) + "</li>\n";
  return "<ul>\n" + items + "</ul>\n";
}

std::string html_page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
      "<title>{}</title><style>{}</style></head><body>\n<main>\n{}</main>\n</body></html>\n",
      escape(title), kStyle, body);
}

}  // namespace pegbox
