//! What stands in the braces behind FIND: terms, operators, escapes, wildcards.

use std::collections::BTreeSet;

use winnow::{
    LocatingSlice, Parser, Result,
    ascii::multispace0,
    combinator::{alt, delimited, opt, preceded, repeat},
    stream::Location,
    token::{any, none_of, one_of},
};

use crate::{
    id::Id,
    org::Term,
    soql::refusal::{Parsed, Refusal},
};

/// How deep parentheses may be nested; Salesforce does not publish its bound.
const DEEPEST: usize = 60;
/// From this length on there are no rows (SOQL and SOSL reference, Syntax).
const LONGEST: usize = 10_000;
/// From this length on operators are left out, and every term counts by itself.
const LONGEST_WITH_OPERATORS: usize = 4_000;

/// A search.
#[derive(Clone, Debug, PartialEq)]
pub enum Search {
    /// A word or a phrase.
    Term(Term),
    /// One of them.
    Any(Vec<Search>),
    /// The first, narrowed by what follows; evaluated from right to left, as the reference tells.
    Narrowed(Box<Search>, Vec<(Narrowing, Search)>),
    /// Too long: no rows.
    Nothing,
}

/// How a search is narrowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Narrowing {
    /// `AND`, or nothing between two words.
    And,
    /// `AND NOT`
    AndNot,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Open,
    Close,
    Or,
    And,
    Not,
    Term(Term),
    /// A reserved character that was not escaped, or an escape that does not exist.
    Odd(char),
    /// A quote that is not closed.
    Unclosed,
}

type Input<'t> = LocatingSlice<&'t str>;

/// One character, and whether it is a wildcard.
fn letter(input: &mut Input<'_>, stops: &'static [char]) -> Result<(char, bool)> {
    alt((
        preceded('\\', one_of(|escaped: char| RESERVED.contains(&escaped))).map(|escaped| (escaped, false)),
        (none_of(move |next: char| next == '\\' || stops.contains(&next))).map(|plain| (plain, plain == '*' || plain == '?')),
    ))
    .parse_next(input)
}

/// Characters that must be escaped to stand for themselves.
const RESERVED: [char; 19] = ['?', '&', '|', '!', '{', '}', '[', ']', '(', ')', '^', '~', '*', ':', '\\', '"', '\'', '+', '-'];
/// Where a word ends. Unescaped `+`, `-` and `'` within a word are punctuation, at which the index splits words anyway.
const WORD_ENDS: [char; 17] = [' ', '\t', '\n', '\r', '&', '|', '!', '{', '}', '[', ']', '(', ')', '^', '~', ':', '"'];
const PHRASE_ENDS: [char; 3] = ['"', '{', '}'];

fn term(letters: Vec<(char, bool)>, phrase: bool) -> Term {
    let wildcards = letters.iter().enumerate().filter(|(_, (_, wildcard))| *wildcard).map(|(place, _)| place).collect();
    Term { text: letters.into_iter().map(|(letter, _)| letter).collect(), wildcards, phrase }
}

fn piece(input: &mut Input<'_>) -> Result<Piece> {
    alt((
        '('.value(Piece::Open),
        ')'.value(Piece::Close),
        (delimited('"', repeat::<_, _, Vec<_>, _, _>(0.., |input: &mut Input<'_>| letter(input, &PHRASE_ENDS)), ()), opt('"'))
            .map(|(letters, closed)| if closed.is_some() { Piece::Term(term(letters, true)) } else { Piece::Unclosed }),
        repeat::<_, _, Vec<_>, _, _>(1.., |input: &mut Input<'_>| letter(input, &WORD_ENDS)).with_taken().map(|(letters, written)| {
            match written.to_ascii_uppercase().as_str() {
                "OR" => Piece::Or,
                "AND" => Piece::And,
                "NOT" => Piece::Not,
                _ => Piece::Term(term(letters, false)),
            }
        }),
        any.map(Piece::Odd),
    ))
    .parse_next(input)
}

/// Reads a search; `base`: its first byte in the statement.
///
/// # Errors
/// `MALFORMED_SEARCH`, `INVALID_SEARCH`
pub fn parse(text: &str, base: usize) -> Parsed<Search> {
    let length = text.chars().count();
    if length > LONGEST {
        return Ok(Search::Nothing);
    }
    let mut input = LocatingSlice::new(text);
    let mut pieces = Vec::new();
    loop {
        let _: Result<&str> = multispace0.parse_next(&mut input);
        let at = base + input.current_token_start();
        let Ok(piece) = piece(&mut input) else { break };
        match piece {
            Piece::Odd(character) => return Err(Refusal::new(at, "MALFORMED_SEARCH", format!("unexpected token: '{character}'"))),
            Piece::Unclosed => return Err(Refusal::new(at, "MALFORMED_SEARCH", "unexpected token: '\"'")),
            // A phrase of nothing says nothing.
            Piece::Term(term) if term.phrase && term.text.trim().is_empty() => {}
            Piece::Term(term) if term.wildcards.first() == Some(&0) => {
                return Err(Refusal::new(at, "INVALID_SEARCH", format!("search term must not begin with a wildcard: {}", term.text)));
            }
            piece => pieces.push((piece, at)),
        }
    }
    let terms = pieces.iter().filter_map(|(piece, _)| match piece {
        Piece::Term(term) => Some(term),
        _ => None,
    });
    if terms.clone().all(|term| term.text.chars().count() - term.wildcards.len() < 2) {
        return Err(Refusal::whole("INVALID_SEARCH", format!("search term must be longer than one character: {}", text.trim())));
    }
    if length > LONGEST_WITH_OPERATORS {
        return Ok(Search::Any(terms.cloned().map(Search::Term).collect()));
    }
    let mut pieces = Pieces { left: &pieces, end: base + text.len() };
    let search = pieces.any(0)?;
    if pieces.left.is_empty() { Ok(search) } else { Err(pieces.unexpected()) }
}

struct Pieces<'p> {
    left: &'p [(Piece, usize)],
    end: usize,
}

impl Pieces<'_> {
    fn next_is(&self, piece: &Piece) -> bool {
        self.left.first().is_some_and(|(next, _)| next == piece)
    }

    fn step(&mut self) {
        self.left = self.left.get(1..).unwrap_or_default();
    }

    fn unexpected(&self) -> Refusal {
        let (shown, at) = match self.left.first() {
            None => ("<EOF>", self.end),
            Some((piece, at)) => (
                match piece {
                    Piece::Open => "(",
                    Piece::Close => ")",
                    Piece::Or => "OR",
                    Piece::And => "AND",
                    Piece::Not => "NOT",
                    Piece::Term(term) => term.text.as_str(),
                    Piece::Odd(_) | Piece::Unclosed => "\"",
                },
                *at,
            ),
        };
        Refusal::new(at, "MALFORMED_SEARCH", format!("unexpected token: '{shown}'"))
    }

    fn any(&mut self, depth: usize) -> Parsed<Search> {
        let mut of = vec![self.narrowed(depth)?];
        while self.next_is(&Piece::Or) {
            self.step();
            of.push(self.narrowed(depth)?);
        }
        Ok(match of.pop() {
            Some(only) if of.is_empty() => only,
            last => {
                of.extend(last);
                Search::Any(of)
            }
        })
    }

    fn narrowed(&mut self, depth: usize) -> Parsed<Search> {
        let first = self.one(depth)?;
        let mut by = Vec::new();
        loop {
            let how = match self.left.first() {
                Some((Piece::And, _)) => {
                    self.step();
                    if self.next_is(&Piece::Not) {
                        self.step();
                        Narrowing::AndNot
                    } else {
                        Narrowing::And
                    }
                }
                Some((Piece::Open | Piece::Term(_), _)) => Narrowing::And,
                _ => break,
            };
            by.push((how, self.one(depth)?));
        }
        Ok(if by.is_empty() { first } else { Search::Narrowed(Box::new(first), by) })
    }

    fn one(&mut self, depth: usize) -> Parsed<Search> {
        match self.left.first() {
            Some((Piece::Term(term), _)) => {
                self.step();
                Ok(Search::Term(term.clone()))
            }
            Some((Piece::Open, _)) if depth < DEEPEST => {
                self.step();
                let inner = self.any(depth + 1)?;
                if !self.next_is(&Piece::Close) {
                    return Err(self.unexpected());
                }
                self.step();
                Ok(inner)
            }
            _ => Err(self.unexpected()),
        }
    }
}

impl Search {
    /// The rows found, where `term` tells those of a term.
    pub fn found(&self, term: &dyn Fn(&Term) -> BTreeSet<Id>) -> BTreeSet<Id> {
        match self {
            Self::Nothing => BTreeSet::new(),
            Self::Term(of) => term(of),
            Self::Any(searches) => {
                let mut all = BTreeSet::new();
                for search in searches {
                    all.append(&mut search.found(term));
                }
                all
            }
            Self::Narrowed(first, by) => {
                // From right to left: what a search is narrowed by has itself been narrowed by all that follows it.
                let mut right: Option<(Narrowing, BTreeSet<Id>)> = None;
                for (how, search) in by.iter().rev() {
                    right = Some((*how, narrow(search.found(term), right)));
                }
                narrow(first.found(term), right)
            }
        }
    }
}

fn narrow(left: BTreeSet<Id>, right: Option<(Narrowing, BTreeSet<Id>)>) -> BTreeSet<Id> {
    match right {
        None => left,
        Some((Narrowing::And, right)) => left.intersection(&right).copied().collect(),
        Some((Narrowing::AndNot, right)) => left.difference(&right).copied().collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Search, Term, parse};
    use crate::id::Id;

    /// Rows 0 to 7; a term of letters finds the rows whose number has the bit of each of them: aa 1, bb 2, cc 4.
    fn found(search: &str) -> Vec<u64> {
        let rows: Vec<Id> = (0..8).map(|serial| Id::new("003", serial)).collect();
        let bit = |text: &str| 1_usize << (text.as_bytes()[0] - b'a');
        let found = parse(search, 0)
            .unwrap()
            .found(&|term: &Term| (0..8).filter(|row| row & bit(&term.text) != 0).map(|row| rows[row]).collect::<BTreeSet<_>>());
        (0..8).filter(|row| found.contains(&rows[*row as usize])).collect()
    }

    #[test]
    fn operators_bind_as_the_reference_tells() {
        assert_eq!(found("aa"), [1, 3, 5, 7]);
        assert_eq!(found("aa bb"), [3, 7]);
        assert_eq!(found("aa AND bb OR cc"), [3, 4, 5, 6, 7]);
        assert_eq!(found("cc or aa and bb"), [3, 4, 5, 6, 7]);
        assert_eq!(found("aa AND (bb OR cc)"), [3, 5, 7]);
        assert_eq!(found("aa AND NOT bb"), [1, 5]);
        // From right to left: aa without (bb and cc).
        assert_eq!(found("aa AND NOT bb AND cc"), [1, 3, 5]);
    }

    #[test]
    fn escapes_wildcards_and_phrases_are_told_apart() {
        let term = |text: &str| match parse(text, 0).unwrap() {
            Search::Term(term) => term,
            other => panic!("{other:?}"),
        };
        assert_eq!(term(r"jo\*n\?"), Term { text: "jo*n?".to_owned(), wildcards: vec![], phrase: false });
        assert_eq!(term("jo?n*"), Term { text: "jo?n*".to_owned(), wildcards: vec![2, 4], phrase: false });
        assert_eq!(term(r#""monday \"meeting\"""#), Term { text: "monday \"meeting\"".to_owned(), wildcards: vec![], phrase: true });
        assert_eq!(term(r"\+14155550123").text, "+14155550123");
        assert_eq!(term("555-0123").text, "555-0123");
        assert_eq!(term(r#""or""#).text, "or");
    }

    #[test]
    fn what_salesforce_refuses_is_refused() {
        for (search, code, message) in [
            ("g", "INVALID_SEARCH", "search term must be longer than one character: g"),
            ("", "INVALID_SEARCH", "search term must be longer than one character: "),
            ("g*", "INVALID_SEARCH", "search term must be longer than one character: g*"),
            ("*5550123", "INVALID_SEARCH", "search term must not begin with a wildcard: *5550123"),
            ("aa OR", "MALFORMED_SEARCH", "unexpected token: '<EOF>'"),
            ("OR aa", "MALFORMED_SEARCH", "unexpected token: 'OR'"),
            ("NOT aa", "MALFORMED_SEARCH", "unexpected token: 'NOT'"),
            ("(aa", "MALFORMED_SEARCH", "unexpected token: '<EOF>'"),
            ("aa)", "MALFORMED_SEARCH", "unexpected token: ')'"),
            ("aa & bb", "MALFORMED_SEARCH", "unexpected token: '&'"),
            ("\"open", "MALFORMED_SEARCH", "unexpected token: '\"'"),
            (r"a\z", "MALFORMED_SEARCH", "unexpected token: '\\'"),
        ] {
            let refusal = parse(search, 0).unwrap_err();
            assert_eq!((refusal.code, refusal.message.as_str()), (code, message), "{search}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        assert_eq!(parse(&"ab ".repeat(4_000), 0), Ok(Search::Nothing));
        let long = parse(&"ab AND ".repeat(600), 0).unwrap();
        assert!(matches!(long, Search::Any(terms) if terms.len() == 600));
        assert!(parse(&"(".repeat(3_000), 0).is_err());
        assert!(parse(&format!("{}aa{}", "(".repeat(100), ")".repeat(100)), 0).is_err());
        assert!(parse(&format!("{}aa{}", "(".repeat(50), ")".repeat(50)), 0).is_ok());
    }
}
