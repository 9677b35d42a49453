//! Messages as people read them.

use crate::contract::pbx::base::types::Message;
use crate::texts::catalogue;

/// The message in a language: arguments in place, braces unescaped; an id or argument that is missing shows as `{?...}`.
pub fn render(language: &str, message: &Message) -> String {
    let Some((_, pattern)) = catalogue(language).find(|(id, _)| *id == message.id) else {
        return format!("{{?{}}}", message.id);
    };
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        rest = if let Some(behind) = from.strip_prefix("{{") {
            text.push('{');
            behind
        } else if let Some(behind) = from.strip_prefix("}}") {
            text.push('}');
            behind
        } else if let Some((name, behind)) = from.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            match message.arguments.iter().find(|(one, _)| one == name) {
                Some((_, value)) => text.push_str(value),
                None => text.push_str(&format!("{{?{name}}}")),
            }
            behind
        } else {
            text.push_str(from);
            ""
        };
    }
    text.push_str(rest);
    if let Some(words) = &message.verbatim {
        text.push_str(&format!(" “{words}”"));
    }
    text
}
