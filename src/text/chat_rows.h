// Chat rows: conversations written out by the model's chat template, and what of them is learned.
//
// A template that has `{% generation %}` blocks says itself what the assistant wrote (transformers'
// return_assistant_tokens_mask). Of any other, an assistant's turn is what the text of the conversation up to it has
// more than the text of the conversation before it with the assistant's turn opened (add_generation_prompt); both must
// be beginnings of the whole text, or the conversation is refused.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "text/dataset.h"
#include "text/loss_on.h"
#include "text/model_folder.h"

namespace pegbox::text {

/// Fills `text` and `learned` of the rows that are conversations; others, and those written
/// already, stay as they are. Nothing of a conversation's
/// prompt_messages is learned. Without generation blocks a conversation's first message is not learned either, since
/// nothing asked for it. `files`: names for messages (Dataset::files). InvalidInput, with file and line, where the
/// model has no chat template, or its template refuses a conversation or writes it in another way than the parts of it.
Result<void> write_conversations(std::span<Row> rows, const ModelText& model, LossOn loss_on,
                                 std::span<const std::string> files);

}  // namespace pegbox::text
