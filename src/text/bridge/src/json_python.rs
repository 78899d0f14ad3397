//! JSON spelled as Python's json.dumps spells it: ", " and ": ", nothing escaped for HTML, floats with a fraction.

use serde_json::Value;

#[derive(Default)]
pub struct Style {
    pub indent: Option<usize>,
    pub ascii_only: bool,
    pub sort_keys: bool,
    pub separators: Option<Vec<String>>, // between items, between key and value
}

pub fn dump(value: &Value, style: &Style) -> String {
    let item = if style.indent.is_some() { "," } else { ", " };
    let mut writer = Writer { text: String::new(), style, item: item.to_string(), key: ": ".to_string() };
    if let Some([item, key]) = style.separators.as_deref() {
        (writer.item, writer.key) = (item.clone(), key.clone());
    }
    writer.value(value, 0);
    writer.text
}

struct Writer<'a> {
    text: String,
    style: &'a Style,
    item: String,
    key: String,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::String(string) => self.string(string),
            Value::Array(items) => {
                self.list('[', ']', items.iter(), depth, |writer, item| writer.value(item, depth + 1));
            }
            Value::Object(map) => {
                let mut members: Vec<_> = map.iter().collect();
                if self.style.sort_keys {
                    members.sort_by_key(|member| member.0);
                }
                self.list('{', '}', members.into_iter(), depth, |writer, (name, member)| {
                    writer.string(name);
                    writer.text.push_str(&writer.key.clone());
                    writer.value(member, depth + 1);
                });
            }
            other => self.text.push_str(&other.to_string()),
        }
    }

    fn list<T>(&mut self, open: char, close: char, items: impl ExactSizeIterator<Item = T>, depth: usize, write: impl Fn(&mut Self, T)) {
        let empty = items.len() == 0;
        self.text.push(open);
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.text.push_str(&self.item.clone());
            }
            self.new_line(depth + 1);
            write(self, item);
        }
        if !empty {
            self.new_line(depth);
        }
        self.text.push(close);
    }

    fn new_line(&mut self, depth: usize) {
        if let Some(indent) = self.style.indent {
            self.text.push('\n');
            self.text.push_str(&" ".repeat(indent * depth));
        }
    }

    fn string(&mut self, string: &str) {
        self.text.push('"');
        for c in string.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                c if (c as u32) < 0x20 || (self.style.ascii_only && (c as u32) > 0x7e) => {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        self.text.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }
}
