/* The C border of the Rust crate pegbox_text_bridge: tokenizers and chat templates, without a C++ or Rust type in
 * sight.
 *
 * What the bridge returns it owns: each pointer has its own free function, and free(NULL) is allowed. Text is UTF-8
 * with a length, not terminated. Functions that can fail return NULL, a negative number or false and set *error, which
 * the caller frees with pegbox_string_free; no panic crosses the border. A tokenizer may be used from several threads
 * at once. */
#ifndef PEGBOX_TEXT_BRIDGE_H
#define PEGBOX_TEXT_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pegbox_tokenizer pegbox_tokenizer;

typedef struct {
  const char* data;
  size_t size;
} pegbox_view; /* the caller's bytes, borrowed for the call */

typedef struct {
  char* data;
  size_t size;
} pegbox_string; /* the bridge's bytes; data is NULL if there is none */

typedef struct {
  int32_t* ids;    /* all texts' ids, one after another */
  size_t* offsets; /* [count + 1] */
  uint8_t* marks;  /* [id_count] 1 if marked, else 0; NULL if nobody asked */
  size_t id_count;
  size_t count;
} pegbox_ids;

typedef struct {
  size_t* bounds; /* [2 * count] begin, end (bytes of a text) of each part; in order and apart from each other */
  size_t count;
} pegbox_spans;

typedef struct pegbox_chat_template pegbox_chat_template;

void pegbox_string_free(pegbox_string string);
void pegbox_ids_free(pegbox_ids ids);
void pegbox_spans_free(pegbox_spans spans);
void pegbox_tokenizer_free(pegbox_tokenizer* tokenizer);

pegbox_tokenizer* pegbox_tokenizer_parse(pegbox_view json, pegbox_string* error);
pegbox_tokenizer* pegbox_tokenizer_train(const pegbox_view* texts, size_t count, size_t vocabulary_size,
                                         pegbox_view end_token, size_t threads, pegbox_string* error);
bool pegbox_tokenizer_write(const pegbox_tokenizer* tokenizer, pegbox_string* json, pegbox_string* error);
bool pegbox_tokenizer_encode(const pegbox_tokenizer* tokenizer, const pegbox_view* texts, size_t count,
                             bool add_special, size_t threads, pegbox_ids* ids, pegbox_string* error);
/* Marks each id of which a part lies in one of its text's spans; `spans` has one entry for each text, the caller's. */
bool pegbox_tokenizer_encode_marked(const pegbox_tokenizer* tokenizer, const pegbox_view* texts, size_t count,
                                    const pegbox_spans* spans, size_t threads, pegbox_ids* ids, pegbox_string* error);
bool pegbox_tokenizer_decode(const pegbox_tokenizer* tokenizer, const int32_t* ids, size_t count, bool skip_special,
                             pegbox_string* text, pegbox_string* error);
size_t pegbox_tokenizer_size(const pegbox_tokenizer* tokenizer);                      /* largest id + 1 */
int64_t pegbox_tokenizer_id(const pegbox_tokenizer* tokenizer, pegbox_view token);    /* -1 if unknown */
pegbox_string pegbox_tokenizer_token(const pegbox_tokenizer* tokenizer, uint32_t id); /* data NULL if unknown */

pegbox_chat_template* pegbox_chat_parse(pegbox_view chat_template, pegbox_string* error);
void pegbox_chat_free(pegbox_chat_template* chat_template);
bool pegbox_chat_marks(const pegbox_chat_template* chat_template); /* it has generation blocks */
/* Renders a conversation; `context` is a JSON object with the template's variables, `spans` what generation blocks
 * wrote. */
bool pegbox_chat_render(const pegbox_chat_template* chat_template, pegbox_view context, pegbox_string* text,
                        pegbox_spans* spans, pegbox_string* error);

#ifdef __cplusplus
}
#endif
#endif
