//! The C border declared in bridge.h: every exported function of the crate.

mod border;
mod chat;
mod cut;
mod encode;
mod json_python;
mod tokenizer;

use border::{guard, view_slice, Ids, Spans, Text, View};
use chat::Template;
use tokenizer::Handle;

#[no_mangle]
pub extern "C" fn pegbox_string_free(string: Text) {
    string.free();
}

#[no_mangle]
pub extern "C" fn pegbox_ids_free(ids: Ids) {
    ids.free();
}

/// # Safety
/// `tokenizer` is null or came from this crate and is not used afterwards.
#[no_mangle]
pub unsafe extern "C" fn pegbox_tokenizer_free(tokenizer: *mut Handle) {
    if !tokenizer.is_null() {
        drop(Box::from_raw(tokenizer));
    }
}

/// # Safety
/// As bridge.h says; so below.
#[no_mangle]
pub unsafe extern "C" fn pegbox_tokenizer_parse(json: View, error: *mut Text) -> *mut Handle {
    let made = guard(error, || Handle::parse(json.bytes()).map(Box::new));
    made.map_or(std::ptr::null_mut(), Box::into_raw)
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_tokenizer_train(
    texts: *const View,
    count: usize,
    vocabulary_size: usize,
    end_token: View,
    threads: usize,
    error: *mut Text,
) -> *mut Handle {
    let made = guard(error, || {
        let texts = view_slice(texts, count)?;
        Handle::train(&texts, vocabulary_size, end_token.text()?, threads).map(Box::new)
    });
    made.map_or(std::ptr::null_mut(), Box::into_raw)
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_tokenizer_write(tokenizer: *const Handle, json: *mut Text, error: *mut Text) -> bool {
    guard(error, || {
        *json = Text::new((*tokenizer).write()?);
        Ok(())
    })
    .is_some()
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_tokenizer_encode(
    tokenizer: *const Handle,
    texts: *const View,
    count: usize,
    add_special: bool,
    threads: usize,
    ids: *mut Ids,
    error: *mut Text,
) -> bool {
    guard(error, || {
        let texts = view_slice(texts, count)?;
        let encoded = encode::encode_all(&*tokenizer, &texts, add_special, threads)?;
        *ids = Ids::new(encoded);
        Ok(())
    })
    .is_some()
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_tokenizer_decode(
    tokenizer: *const Handle,
    ids: *const i32,
    count: usize,
    skip_special: bool,
    text: *mut Text,
    error: *mut Text,
) -> bool {
    guard(error, || {
        let ids = if count == 0 { &[] } else { std::slice::from_raw_parts(ids, count) };
        *text = Text::new((*tokenizer).decode(ids, skip_special)?);
        Ok(())
    })
    .is_some()
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_tokenizer_size(tokenizer: *const Handle) -> usize {
    (*tokenizer).size
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_tokenizer_id(tokenizer: *const Handle, token: View) -> i64 {
    let found = guard(std::ptr::null_mut(), || Ok((*tokenizer).inner.token_to_id(token.text()?)));
    found.flatten().map_or(-1, i64::from)
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_tokenizer_token(tokenizer: *const Handle, id: u32) -> Text {
    let found = guard(std::ptr::null_mut(), || Ok((*tokenizer).inner.id_to_token(id)));
    found.flatten().map_or(Text::none(), Text::new)
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_tokenizer_encode_marked(
    tokenizer: *const Handle,
    texts: *const View,
    count: usize,
    spans: *const Spans,
    threads: usize,
    ids: *mut Ids,
    error: *mut Text,
) -> bool {
    guard(error, || {
        let texts = view_slice(texts, count)?;
        let spans: Vec<_> = (0..count).map(|text| (*spans.add(text)).pairs()).collect();
        let encoded = encode::encode_marked(&*tokenizer, &texts, &spans, threads)?;
        *ids = Ids::new(encoded);
        Ok(())
    })
    .is_some()
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_chat_parse(chat_template: View, error: *mut Text) -> *mut Template {
    let made = guard(error, || Template::parse(chat_template.text()?).map(Box::new));
    made.map_or(std::ptr::null_mut(), Box::into_raw)
}

/// # Safety
/// `template` is null or came from this crate and is not used afterwards.
#[no_mangle]
pub unsafe extern "C" fn pegbox_chat_free(template: *mut Template) {
    if !template.is_null() {
        drop(Box::from_raw(template));
    }
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_chat_marks(template: *const Template) -> bool {
    (*template).marks
}

#[no_mangle]
pub extern "C" fn pegbox_spans_free(spans: Spans) {
    spans.free();
}

/// # Safety
/// As bridge.h says.
#[no_mangle]
pub unsafe extern "C" fn pegbox_chat_render(
    template: *const Template,
    context: View,
    text: *mut Text,
    spans: *mut Spans,
    error: *mut Text,
) -> bool {
    guard(error, || {
        let rendering = (*template).render(context.text()?)?;
        *text = Text::new(rendering.text);
        *spans = Spans::new(&rendering.spans);
        Ok(())
    })
    .is_some()
}
