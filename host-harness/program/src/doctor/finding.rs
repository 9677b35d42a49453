//! Lines of a report.

use std::io::{self, Write};

use crate::account::words::Words;

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    /// As it should be.
    Ok,
    /// It works; somebody should look.
    Warning,
    /// Calls are not served as they should be.
    Broken,
}

/// A report that is being written, line by line, as it is found out.
pub(super) struct Findings<'a> {
    words: Words,
    out: &'a mut dyn Write,
    warnings: usize,
    broken: usize,
}

impl<'a> Findings<'a> {
    pub(super) fn new(words: Words, out: &'a mut dyn Write) -> Self {
        Self { words, out, warnings: 0, broken: 0 }
    }

    /// A sentence of the program's own: what, and what to do.
    pub(super) fn find(&mut self, grade: Grade, id: &str, arguments: &[(&str, &str)]) -> io::Result<()> {
        let text = self.words.say(&format!("doctor.{id}"), arguments);
        self.tell(grade, &text)
    }

    /// A sentence that is there already.
    pub(super) fn tell(&mut self, grade: Grade, text: &str) -> io::Result<()> {
        let word = match grade {
            Grade::Ok => "ok",
            Grade::Warning => "warning",
            Grade::Broken => "broken",
        };
        self.warnings += usize::from(grade == Grade::Warning);
        self.broken += usize::from(grade == Grade::Broken);
        writeln!(self.out, "{:<8} {}", self.words.say(&format!("doctor.{word}"), &[]), text.replace('\n', " "))?;
        self.out.flush()
    }

    pub(super) fn words(&self) -> &Words {
        &self.words
    }

    pub(super) fn worst(&self) -> Grade {
        match (self.broken, self.warnings) {
            (0, 0) => Grade::Ok,
            (0, _) => Grade::Warning,
            _ => Grade::Broken,
        }
    }

    /// The last line.
    pub(super) fn end(&mut self) -> io::Result<()> {
        let (broken, warnings) = (self.broken.to_string(), self.warnings.to_string());
        let text = self.words.say("doctor.end", &[("broken", &broken), ("warnings", &warnings)]);
        writeln!(self.out, "{text}")
    }
}
