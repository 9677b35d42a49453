//! Conditions that were checked against the schema, and whether a row meets them.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeSet};

use chrono::NaiveDate;

use crate::{id::Id, value::Value};

use super::{path::Path, tokens::Quoted};

/// A condition.
#[derive(Clone, Debug)]
pub enum Filter {
    /// Each must hold.
    All(Vec<Filter>),
    /// One must hold.
    Any(Vec<Filter>),
    /// It must not hold. A comparison with an empty field does not hold, so its contrary does.
    Not(Box<Filter>),
    /// One of the checks must hold.
    Test(Subject, Vec<Check>),
}

/// What is looked at.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A field of the row.
    Path(Path),
    /// The n-th field of GROUP BY.
    Key(usize),
    /// The n-th aggregate of a group.
    Call(usize),
}

/// What must be true of a value.
#[derive(Clone, Debug)]
pub enum Check {
    /// It is empty.
    Null,
    /// It is one of these, which are in lower case and sorted.
    Texts(Vec<String>),
    /// It is one of these.
    Keys(BTreeSet<Key>),
    /// It lies on this side of the key.
    Range(Side, Key),
    /// It lies within: from the first, before the second.
    Span(Key, Key),
    /// It has this form.
    Like(Pattern),
}

/// Sides of a bound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// A value that can be ordered and told from others; texts in lower case.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Key {
    /// Nothing.
    Null,
    /// A check box.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A day.
    Day(NaiveDate),
    /// A moment.
    Moment(i64),
    /// A row.
    Id(Id),
}

/// A number with a total order.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Number {}
impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        // -0 and 0 are the same number.
        (self.0 + 0.0).total_cmp(&(other.0 + 0.0))
    }
}

impl Key {
    /// Of a value.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "Salesforce's own numbers have 18 digits and are shown as doubles")]
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(yes) => Self::Boolean(*yes),
            Value::Integer(number) => Self::Number(Number(*number as f64)),
            Value::Double(number) => Self::Number(Number(*number)),
            Value::Text(text) => Self::Text(text.to_lowercase()),
            Value::Date(day) => Self::Day(*day),
            Value::DateTime(moment) => Self::Moment(*moment),
            Value::Reference(id) => Self::Id(*id),
        }
    }
}

impl Filter {
    /// How many comparisons there are.
    #[must_use]
    pub fn tests(&self) -> usize {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().map(Self::tests).sum(),
            Self::Not(filter) => filter.tests(),
            Self::Test(..) => 1,
        }
    }

    /// Does it hold, where `value` tells the values?
    pub fn holds<'v>(&self, value: &dyn Fn(&Subject) -> Cow<'v, Value>) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.holds(value)),
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(value)),
            Self::Not(filter) => !filter.holds(value),
            Self::Test(subject, checks) => {
                let value = value(subject);
                checks.iter().any(|check| check.holds(&value))
            }
        }
    }
}

impl Check {
    fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Null, value) => value.is_null(),
            // An empty check box is not ticked.
            (Self::Keys(keys), Value::Null) => keys.contains(&Key::Boolean(false)),
            (_, Value::Null) => false,
            (Self::Texts(texts), Value::Text(text)) if texts.len() <= FEW => texts.iter().any(|wanted| same(wanted, text)),
            (Self::Texts(texts), Value::Text(text)) => texts.binary_search(&text.to_lowercase()).is_ok(),
            (Self::Texts(_), _) => false,
            (Self::Keys(keys), value) => keys.contains(&Key::of(value)),
            (Self::Range(side, bound), value) => {
                let key = Key::of(value);
                match side {
                    Side::Less => key < *bound,
                    Side::AtMost => key <= *bound,
                    Side::More => key > *bound,
                    Side::AtLeast => key >= *bound,
                }
            }
            (Self::Span(from, until), value) => {
                let key = Key::of(value);
                *from <= key && key < *until
            }
            (Self::Like(pattern), Value::Text(text)) => pattern.matches(text),
            (Self::Like(_), _) => false,
        }
    }
}

/// Up to so many texts are compared one by one.
const FEW: usize = 8;

/// Is the text the same but for its case? `wanted` is in lower case.
fn same(wanted: &str, text: &str) -> bool {
    if text.is_ascii() {
        return wanted.eq_ignore_ascii_case(text);
    }
    wanted.chars().eq(text.chars().flat_map(char::to_lowercase))
}

/// What LIKE compares with.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(Vec<Piece>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece {
    /// `%`: any characters, or none.
    Any,
    /// `_`: one character.
    One,
    /// This character, in lower case.
    Is(char),
}

impl Pattern {
    /// From a text in quotes.
    #[must_use]
    pub fn new(quoted: &Quoted) -> Self {
        let mut pieces = Vec::new();
        for (place, character) in quoted.text.chars().enumerate() {
            match character {
                '%' | '_' if quoted.literal.contains(&place) => pieces.push(Piece::Is(character)),
                // Several in a row mean the same as one.
                '%' if pieces.last() == Some(&Piece::Any) => {}
                '%' => pieces.push(Piece::Any),
                '_' => pieces.push(Piece::One),
                _ => pieces.extend(character.to_lowercase().map(Piece::Is)),
            }
        }
        Self(pieces)
    }

    /// Has the text this form, whatever its case?
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        if text.is_ascii() {
            let bytes = text.as_bytes();
            return self.fits(bytes.len(), |at| bytes.get(at).map(|byte| char::from(byte.to_ascii_lowercase())));
        }
        let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        self.fits(text.len(), |at| text.get(at).copied())
    }

    /// Goes through a text of so many characters, which `character` tells in lower case.
    fn fits(&self, length: usize, character: impl Fn(usize) -> Option<char>) -> bool {
        let (mut at, mut piece) = (0, 0);
        // Where to go on when what follows the last `%` did not fit: it takes one character more.
        let mut again: Option<(usize, usize)> = None;
        loop {
            let fits = match (self.0.get(piece), character(at)) {
                (Some(Piece::Any), _) => {
                    again = Some((at, piece + 1));
                    piece += 1;
                    continue;
                }
                (None, None) => return true,
                (Some(Piece::One), Some(_)) => true,
                (Some(Piece::Is(wanted)), Some(character)) => *wanted == character,
                _ => false,
            };
            if fits {
                at += 1;
                piece += 1;
            } else {
                match again {
                    Some((from, then)) if from < length => {
                        again = Some((from + 1, then));
                        at = from + 1;
                        piece = then;
                    }
                    _ => return false,
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::{super::tokens, Pattern};

    fn like(pattern: &str, text: &str) -> bool {
        let tokens = tokens::cut(pattern, 0).unwrap();
        let tokens::Kind::Text(quoted) = &tokens[0].kind else { panic!() };
        Pattern::new(quoted).matches(text)
    }

    #[test]
    fn like_knows_wildcards_escapes_and_no_case() {
        assert!(like("'%555%1212'", "(415) 555-1212"));
        assert!(like("'a_n%'", "ANN LEE"));
        assert!(like("'%é'", "CAFÉ"));
        assert!(!like("'ann'", "Ann Lee"));
        assert!(!like("'_nn_'", "Ann"));
        assert!(like(r"'100\%'", "100%"));
        assert!(!like(r"'100\%'", "1000"));
        assert!(like(r"'a\_%'", "a_b"));
        assert!(!like(r"'a\_%'", "abc"));
        assert!(like("'%%%'", ""));
    }

    #[test]
    fn a_nasty_pattern_is_answered_at_once() {
        assert!(!like(&format!("'{}b'", "%a".repeat(500)), &"a".repeat(5_000)));
    }
}
