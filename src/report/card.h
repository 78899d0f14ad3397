// Card: the publishable account of a study: as JSON with everything in it, and as a model card in Markdown.
#pragma once

#include <string>

#include "report/study_account.h"

namespace pegbox {

inline constexpr int kCardVersion = 1;

/// Everything that is needed to judge the study and to run it again; it fits `card_schema()`.
Json study_card(const StudyAccount& account);

/// JSON schema (draft 2020-12) of a card.
Json card_schema();

/// The card in the form of a Hugging Face model card: metadata in YAML, then text and tables. All texts of the study
/// are escaped for Markdown and HTML. At most 200 trials are listed, the best first; the JSON has all.
std::string card_markdown(const Json& card);

}  // namespace pegbox
