//! Chat templates in the environment that `transformers` gives them: trimmed blocks, raise_exception, Python's methods,
//! Python's spelling of None, True and False, and Python's JSON.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{escape_formatter, AutoEscape, Environment, Error, ErrorKind, Output, State};
use minijinja_contrib::pycompat::unknown_method_callback;

use crate::json_python;

const NAME: &str = "chat template";

/// Most instructions of one conversation: thousands of messages take some hundred thousand, a second ten million.
const MOST_INSTRUCTIONS: u64 = 10_000_000;

/// Stand in the text around what a generation block wrote, and are taken out again: the last of the private characters.
const OPENING: char = '\u{10FFFC}';
const CLOSING: char = '\u{10FFFD}';

/// A compiled template.
pub struct Template {
    environment: Environment<'static>, // borrows from `source`, and is dropped before it
    #[allow(dead_code)]
    source: Box<str>,
    pub marks: bool, // it has generation blocks
}

/// A conversation as text, and the parts of it, in bytes, that generation blocks wrote.
pub struct Rendering {
    pub text: String,
    pub spans: Vec<(usize, usize)>,
}

impl Template {
    pub fn parse(template: &str) -> Result<Template, String> {
        let (source, marks) = with_marks(template);
        let source = source.into_boxed_str();
        // SAFETY: the text lies on the heap, is never changed, and outlives the environment.
        let borrowed: &'static str = unsafe { &*std::ptr::from_ref::<str>(&source) };
        let mut environment = make_environment();
        environment.add_template(NAME, borrowed).map_err(|fault| explain(&fault))?;
        Ok(Template { environment, source, marks })
    }

    pub fn render(&self, context: &str) -> Result<Rendering, String> {
        if context.contains([OPENING, CLOSING]) {
            return Err("the conversation has the character U+10FFFC or U+10FFFD, which must stay free".to_string());
        }
        let context: serde_json::Value = serde_json::from_str(context).map_err(|fault| format!("context: {fault}"))?;
        let compiled = self.environment.get_template(NAME).map_err(|fault| explain(&fault))?;
        let text = compiled.render(Value::from_serialize(&context)).map_err(|fault| explain(&fault))?;
        take_marks(&text)
    }
}

fn take_marks(marked: &str) -> Result<Rendering, String> {
    let mut text = String::with_capacity(marked.len());
    let (mut spans, mut opened) = (Vec::new(), None);
    for part in marked.split_inclusive([OPENING, CLOSING]) {
        let Some(mark) = part.chars().next_back().filter(|&c| c == OPENING || c == CLOSING) else {
            text.push_str(part);
            continue;
        };
        text.push_str(&part[..part.len() - mark.len_utf8()]);
        match (mark, opened.take()) {
            (OPENING, None) => opened = Some(text.len()),
            (CLOSING, Some(start)) => spans.push((start, text.len())),
            _ => return Err("a generation block stands in another one, or is left before its end".to_string()),
        }
    }
    match opened {
        None => Ok(Rendering { text, spans }),
        Some(_) => Err("a generation block is left before its end".to_string()),
    }
}

fn make_environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_fuel(Some(MOST_INSTRUCTIONS));
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.set_formatter(format_as_python);
    environment.add_filter("tojson", to_json);
    environment.add_function("raise_exception", |said: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, format!("the template refuses: {said}")))
    });
    environment
}

fn format_as_python(output: &mut Output, state: &State, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => output.write_str("None").map_err(Error::from),
        ValueKind::Bool => output.write_str(if value.is_true() { "True" } else { "False" }).map_err(Error::from),
        _ => escape_formatter(output, state, value),
    }
}

fn to_json(value: Value, options: Kwargs) -> Result<String, Error> {
    let json = serde_json::to_value(&value)
        .map_err(|fault| Error::new(ErrorKind::BadSerialization, "tojson of a value that JSON has not").with_source(fault))?;
    let style = json_python::Style {
        indent: options.get::<Option<usize>>("indent")?,
        ascii_only: options.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false),
        sort_keys: options.get::<Option<bool>>("sort_keys")?.unwrap_or(false),
        separators: options.get::<Option<Vec<String>>>("separators")?,
    };
    options.assert_all_used()?;
    Ok(json_python::dump(&json, &style))
}

/// `{% generation %}` marks the assistant's text: here it becomes a block that is always there, with a mark inside. There
/// are block tags on both sides of a mark, so that white space around it is trimmed as it was around the tag.
fn with_marks(template: &str) -> (String, bool) {
    let mut result = String::with_capacity(template.len());
    let mut has_marks = false;
    let mut rest = template;
    while let Some(start) = rest.find("{%") {
        let Some(length) = rest[start..].find("%}").map(|end| end + 2) else { break };
        let tag = &rest[start..start + length];
        let word = tag.trim_matches(|c: char| "{%-+}".contains(c) || c.is_whitespace());
        result.push_str(&rest[..start]);
        match word {
            "generation" => result.push_str(&tag.replacen(word, &format!("if true %}}{OPENING}{{% if true"), 1)),
            "endgeneration" => result.push_str(&tag.replacen(word, &format!("endif %}}{CLOSING}{{% endif"), 1)),
            _ => result.push_str(tag),
        }
        has_marks |= word == "generation";
        rest = &rest[start + length..];
    }
    (result + rest, has_marks)
}

fn explain(fault: &Error) -> String {
    let what = match (fault.kind(), fault.detail()) {
        (ErrorKind::OutOfFuel, _) => format!("the template takes too long: more than {MOST_INSTRUCTIONS} instructions"),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    fault.line().map_or(what.clone(), |line| format!("line {line}: {what}"))
}
