//! Where a long text may be cut so that its pieces, tokenized apart, give the ids of the whole.
//!
//! The pre-tokenizers of the GPT-2, cl100k and Qwen2 families end a word after a single newline between two characters
//! that are not white space: no alternative of their patterns reaches over it, and none looks back. One text then uses all
//! cores, and the memory that tokenizing takes for each character is bounded. Any other tokenizer gets its text whole.

use serde_json::Value;

const PIECE_BYTES: usize = 64 << 10;

const SPLIT_PATTERNS: [&str; 3] = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
];

/// Whether a tokenizer.json describes one of those families.
pub fn is_exact(json: &Value) -> bool {
    let normalizer = &json["normalizer"];
    (normalizer.is_null() || normalizer["type"] == "NFC")
        && is_known_pre_tokenizer(&json["pre_tokenizer"])
        && json["added_tokens"].as_array().map_or(true, |tokens| tokens.iter().all(keeps_to_itself))
}

fn is_known_pre_tokenizer(pre_tokenizer: &Value) -> bool {
    if is_byte_level(pre_tokenizer, true) {
        return true;
    }
    let Some([split, bytes]) = pre_tokenizer["pretokenizers"].as_array().map(Vec::as_slice) else { return false };
    let pattern = split["pattern"]["Regex"].as_str().unwrap_or_default();
    let keeps_matches = (split["behavior"] == "Isolated" && split["invert"] == false)
        || (split["behavior"] == "Removed" && split["invert"] == true);
    pre_tokenizer["type"] == "Sequence"
        && split["type"] == "Split"
        && keeps_matches
        && SPLIT_PATTERNS.contains(&pattern)
        && is_byte_level(bytes, false)
}

fn is_byte_level(value: &Value, use_regex: bool) -> bool {
    value["type"] == "ByteLevel"
        && value["add_prefix_space"] == false
        && value["use_regex"].as_bool().unwrap_or(true) == use_regex
}

/// An added token that neither contains a newline nor swallows white space around it.
fn keeps_to_itself(token: &Value) -> bool {
    let content = token["content"].as_str().unwrap_or("\n");
    token["lstrip"] == false && token["rstrip"] == false && !content.contains('\n')
}

/// Cuts `text` into pieces of at least PIECE_BYTES (but the last), each ending after such a newline.
pub fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut start) = (Vec::new(), 0);
    while text.len() - start > 2 * PIECE_BYTES {
        let Some(end) = cut_after(text, start + PIECE_BYTES) else { break };
        pieces.push(&text[start..end]);
        start = end;
    }
    pieces.push(&text[start..]);
    pieces
}

fn cut_after(text: &str, from: usize) -> Option<usize> {
    let mut from = from;
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..].match_indices('\n').map(|(at, _)| from + at).find_map(|newline| {
        let before = text[..newline].chars().next_back()?;
        let after = text[newline + 1..].chars().next()?;
        (!before.is_whitespace() && !after.is_whitespace()).then_some(newline + 1)
    })
}
