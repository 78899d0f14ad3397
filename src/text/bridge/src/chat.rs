//! Chat templates in the environment that `transformers` gives them: trimmed blocks, raise_exception, Python's methods,
//! Python's spelling of None, True and False, and Python's JSON.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{escape_formatter, AutoEscape, Environment, Error, ErrorKind, Output, State};
use minijinja_contrib::pycompat::unknown_method_callback;

use crate::json_python;

pub fn render(template: &str, context: &str) -> Result<String, String> {
    let context: serde_json::Value = serde_json::from_str(context).map_err(|fault| format!("context: {fault}"))?;
    let template = without_generation_tags(template);
    let environment = make_environment();
    let compiled = environment.template_from_named_str("chat template", &template).map_err(|fault| explain(&fault))?;
    compiled.render(Value::from_serialize(&context)).map_err(|fault| explain(&fault))
}

fn make_environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
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

/// `{% generation %}` marks the assistant's text for `transformers`' masks; here it is a block that is always there.
fn without_generation_tags(template: &str) -> String {
    let mut result = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find("{%") {
        let Some(length) = rest[start..].find("%}").map(|end| end + 2) else { break };
        let tag = &rest[start..start + length];
        let word = tag.trim_matches(|c: char| "{%-+}".contains(c) || c.is_whitespace());
        let spelled = match word {
            "generation" => tag.replacen("generation", "if true", 1),
            "endgeneration" => tag.replacen("endgeneration", "endif", 1),
            _ => tag.to_string(),
        };
        result.push_str(&rest[..start]);
        result.push_str(&spelled);
        rest = &rest[start + length..];
    }
    result + rest
}

fn explain(fault: &Error) -> String {
    let what = match fault.detail() {
        Some(detail) => format!("{}: {detail}", fault.kind()),
        None => fault.kind().to_string(),
    };
    fault.line().map_or(what.clone(), |line| format!("line {line}: {what}"))
}
