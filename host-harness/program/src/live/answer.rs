//! What became of an event, in one line of JSON. Whoever carries events to the host shares this.

use std::fmt;

use pbx_crm_host::host::{NotTaken, Refused};
use serde_json::{Number, Value};

/// The name by which whoever offers an event knows its answer: a text, a whole number, or none. Shown as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Id(Value);

impl From<String> for Id {
    fn from(text: String) -> Self {
        Self(Value::String(text))
    }
}

impl From<Number> for Id {
    fn from(number: Number) -> Self {
        Self(Value::Number(number))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Taken in, and written to the disk: whatever dies now, nothing of it is lost. It need not be offered again.
    Taken,
    /// It cannot be true, or is known already; why. It need not be offered again.
    Ignored(String),
    /// Not taken, for a reason that passes; why. To be offered again.
    Again(String),
    /// No event at all; why. Offered again as it is, it will be wrong again.
    Wrong(String),
}

impl Answer {
    /// One line of JSON, with its line feed.
    #[must_use]
    pub fn line(&self, id: &Id) -> String {
        let (word, told) = match self {
            Self::Taken => ("taken", Value::Bool(true)),
            Self::Ignored(why) => ("ignored", Value::from(why.as_str())),
            Self::Again(why) => ("again", Value::from(why.as_str())),
            Self::Wrong(why) => ("wrong", Value::from(why.as_str())),
        };
        format!("{{\"id\":{id},\"{word}\":{told}}}\n")
    }
}

impl From<Result<(), Refused>> for Answer {
    fn from(result: Result<(), Refused>) -> Self {
        match result {
            Ok(()) => Self::Taken,
            Err(Refused::Ignored(why)) => Self::Ignored(why.to_string()),
            Err(Refused::NoRoom) => Self::Again("the store takes nothing more: its disk is full or cannot be written".to_owned()),
        }
    }
}

impl From<NotTaken> for Answer {
    fn from(why: NotTaken) -> Self {
        Self::Again(why.to_string())
    }
}

#[cfg(test)]
mod tests {
    use pbx_crm_host::core::Ignored;

    use super::*;

    #[test]
    fn every_answer_is_one_line_of_json_that_bears_the_name() {
        for (answer, wanted) in [
            (Answer::from(Ok(())), r#"{"id":"a\"b","taken":true}"#),
            (Answer::from(Err(Refused::Ignored(Ignored::Repeated))), r#"{"id":"a\"b","ignored":"told before"}"#),
            (Answer::Again("later".to_owned()), r#"{"id":"a\"b","again":"later"}"#),
            (Answer::Wrong("not\nso".to_owned()), r#"{"id":"a\"b","wrong":"not\nso"}"#),
        ] {
            let line = answer.line(&Id::from("a\"b".to_owned()));
            assert_eq!(line, format!("{wanted}\n"));
            serde_json::from_str::<Value>(&line).unwrap();
        }
        assert_eq!(Answer::Taken.line(&Id::default()), "{\"id\":null,\"taken\":true}\n");
    }

    #[test]
    fn what_passes_by_itself_is_to_be_offered_again() {
        for answer in [Answer::from(Err(Refused::NoRoom)), NotTaken::Busy.into(), NotTaken::Stopped.into()] {
            assert!(matches!(answer, Answer::Again(_)), "{answer:?}");
        }
    }
}
