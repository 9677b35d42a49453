use crate::Greeter;
use crate::contract::exports::pbx::base::texts::Guest;
use crate::contract::pbx::base::types::Message;

/// Languages and their message files, the fall-back first.
const FILES: [(&str, &str); 2] = [("en", include_str!("../messages/en.txt")), ("zh-CN", include_str!("../messages/zh-CN.txt"))];

impl Guest for Greeter {
    fn languages() -> Vec<String> {
        FILES.iter().map(|(language, _)| (*language).to_owned()).collect()
    }

    fn catalogue(language: String) -> Vec<(String, String)> {
        let file = FILES.iter().find(|(known, _)| *known == language).map_or("", |(_, file)| file);
        let texts = file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
        texts.map(|(id, pattern)| (id.to_owned(), pattern.to_owned())).collect()
    }
}

/// A text for people: its id and the arguments that its pattern names.
pub(crate) fn message(id: &str, arguments: &[(&str, &str)]) -> Message {
    let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Message { id: id.to_owned(), arguments, verbatim: None }
}
