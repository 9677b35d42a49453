//! The text of a query cut into tokens, each with its place.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime};
use winnow::{
    LocatingSlice, Parser, Result,
    ascii::multispace0,
    combinator::{alt, delimited, opt, preceded, repeat},
    stream::{Location, Stream},
    token::{any, none_of, one_of, take_while},
};

use super::refusal::{Parsed, Refusal};

/// A text in quotes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quoted {
    /// Without the escapes.
    pub text: String,
    /// Which characters of `text` were `\%` or `\_`: in LIKE they stand for themselves.
    pub literal: Vec<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A name, a keyword, or a path with dots.
    Word,
    /// A text in quotes.
    Text(Quoted),
    /// A number; whole ones also as such.
    Number(f64, Option<i64>),
    /// `2026-11-22`
    Day(NaiveDate),
    /// `2026-11-22T08:00:00Z`, in milliseconds since 1970.
    Moment(i64),
    /// An operator, a comma, a parenthesis, or a character that SOQL does not know.
    Symbol,
    /// Something that is no token; how Salesforce's reader of characters complains.
    Broken(&'static str),
    /// The end of the text.
    End,
}

/// A token.
#[derive(Clone, Debug)]
pub struct Token<'t> {
    /// What it is.
    pub kind: Kind,
    /// As it stands in the query.
    pub text: &'t str,
    /// First byte in the query.
    pub at: usize,
}

impl Token<'_> {
    /// Is it this keyword or symbol?
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Symbol) && self.text.eq_ignore_ascii_case(text)
    }
}

type Input<'t> = LocatingSlice<&'t str>;

/// Cuts a text; `base` is added to every place. The last token is always the end.
///
/// # Errors
/// Texts that are not closed, unknown escapes, days and moments that do not exist.
pub fn cut(text: &str, base: usize) -> Parsed<Vec<Token<'_>>> {
    let mut input = LocatingSlice::new(text);
    let mut tokens = Vec::new();
    loop {
        let _ = blank(&mut input);
        let start = input.current_token_start();
        let Ok(kind) = token.parse_next(&mut input) else { break };
        let piece = text.get(start..input.current_token_start()).unwrap_or_default();
        if let Kind::Broken(complaint) = kind {
            return Err(Refusal::malformed(base + start, complaint.replace("{}", &(base + start).to_string()).replace("{:}", piece)));
        }
        tokens.push(Token { kind, text: piece, at: base + start });
    }
    tokens.push(Token { kind: Kind::End, text: "<EOF>", at: base + text.len() });
    Ok(tokens)
}

fn blank<'t>(input: &mut Input<'t>) -> Result<&'t str> {
    multispace0.parse_next(input)
}

fn token(input: &mut Input<'_>) -> Result<Kind> {
    alt((quoted, moment, number, word, symbol)).parse_next(input)
}

/// One character of a text in quotes, and whether it was `\%` or `\_`. None: an escape that does not exist.
fn character(input: &mut Input<'_>) -> Result<Option<(char, bool)>> {
    alt((
        none_of(['\'', '\\']).map(|plain| Some((plain, false))),
        preceded(
            '\\',
            alt((
                preceded(one_of(['u', 'U']), take_while(4, |digit: char| digit.is_ascii_hexdigit()))
                    .map(|digits| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).map(|read| (read, false))),
                any.map(|escaped| match escaped {
                    'n' | 'N' => Some(('\n', false)),
                    'r' | 'R' => Some(('\r', false)),
                    't' | 'T' => Some(('\t', false)),
                    'b' | 'B' => Some(('\u{8}', false)),
                    'f' | 'F' => Some(('\u{c}', false)),
                    '"' | '\'' | '\\' => Some((escaped, false)),
                    '%' | '_' => Some((escaped, true)),
                    _ => None,
                }),
            )),
        ),
    ))
    .parse_next(input)
}

fn quoted(input: &mut Input<'_>) -> Result<Kind> {
    '\''.parse_next(input)?;
    let characters: Vec<Option<(char, bool)>> = repeat(0.., character).parse_next(input)?;
    if opt('\'').parse_next(input)?.is_none() {
        let _ = take_while(0.., |_: char| true).parse_next(input)?;
        return Ok(Kind::Broken("line 1:{} mismatched character '<EOF>' expecting '''"));
    }
    let mut read = Quoted::default();
    for (place, character) in characters.into_iter().enumerate() {
        let Some((character, literal)) = character else {
            return Ok(Kind::Broken("Invalid string literal {:}. Illegal character sequence in string literal."));
        };
        read.text.push(character);
        if literal {
            read.literal.push(place);
        }
    }
    Ok(Kind::Text(read))
}

fn digits(input: &mut Input<'_>) -> Result<()> {
    take_while(1.., |digit: char| digit.is_ascii_digit()).void().parse_next(input)
}

/// Days and moments. What begins like a day but is none is broken, never a sum of numbers.
fn moment(input: &mut Input<'_>) -> Result<Kind> {
    let two = || take_while(2, |digit: char| digit.is_ascii_digit());
    let day = (take_while(4, |digit: char| digit.is_ascii_digit()), '-', two(), '-', two()).take().parse_next(input)?;
    let time = opt(preceded(
        one_of(['T', 't']),
        (
            (two(), ':', two(), ':', two(), opt(('.', digits))).take(),
            alt((one_of(['Z', 'z']).take(), (one_of(['+', '-']), two(), opt(':'), two()).take())),
        ),
    ))
    .parse_next(input)?;
    let Ok(day) = day.parse::<NaiveDate>() else { return Ok(Kind::Broken("invalid date: {:}")) };
    let Some((time, zone)) = time else {
        return Ok(if opt(one_of(|next: char| next.is_ascii_alphanumeric())).parse_next(input)?.is_some() {
            Kind::Broken("line 1:{} no viable alternative at character 'T'")
        } else {
            Kind::Day(day)
        });
    };
    let zone = if zone.eq_ignore_ascii_case("z") { "+0000".to_owned() } else { zone.replace(':', "") };
    let read = NaiveDateTime::parse_from_str(&format!("{day}T{time}"), "%Y-%m-%dT%H:%M:%S%.f")
        .is_ok()
        .then(|| DateTime::<FixedOffset>::parse_from_str(&format!("{day}T{time}{zone}"), "%Y-%m-%dT%H:%M:%S%.f%z").ok())
        .flatten();
    Ok(read.map_or(Kind::Broken("invalid date: {:}"), |read| Kind::Moment(read.timestamp_millis())))
}

fn number(input: &mut Input<'_>) -> Result<Kind> {
    let read = (opt(one_of(['+', '-'])), alt(((digits, opt(('.', opt(digits)))).void(), ('.', digits).void()))).take().parse_next(input)?;
    Ok(read.parse::<f64>().map_or(Kind::Broken("For input string: {:}"), |number| Kind::Number(number, read.parse().ok())))
}

fn word(input: &mut Input<'_>) -> Result<Kind> {
    let segment = || {
        (
            one_of(|first: char| first.is_ascii_alphabetic() || first == '_'),
            take_while(0.., |next: char| next.is_ascii_alphanumeric() || next == '_'),
        )
    };
    (segment(), repeat::<_, _, (), _, _>(0.., ('.', segment()).void())).void().parse_next(input)?;
    Ok(Kind::Word)
}

fn symbol(input: &mut Input<'_>) -> Result<Kind> {
    let _ = input.peek_token();
    alt(("!=".void(), "<>".void(), "<=".void(), ">=".void(), delimited((), any, ()).void())).parse_next(input)?;
    Ok(Kind::Symbol)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::{Kind, cut};

    fn kinds(text: &str) -> Vec<Kind> {
        cut(text, 0).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn texts_lose_their_escapes_and_remember_those_of_like() {
        let Kind::Text(read) = &kinds(r"'O\'Brien \u00e9 100\% \n'")[0] else { panic!() };
        assert_eq!(read.text, "O'Brien é 100% \n");
        assert_eq!(read.literal, [13]);
        assert!(cut("'open", 0).is_err());
        assert!(cut(r"'\x'", 0).is_err());
    }

    #[test]
    fn moments_are_read_in_every_form() {
        for text in ["2026-11-22T08:00:00Z", "2026-11-22T09:00:00+01:00", "2026-11-22T08:00:00.000+0000", "2026-11-22T08:00:00.000Z"] {
            assert_eq!(kinds(text)[0], Kind::Moment(1_795_334_400_000), "{text}");
        }
        assert!(matches!(kinds("2026-11-22")[0], Kind::Day(_)));
        for text in ["2026-13-22", "2026-11-22T25:00:00Z", "2026-11-22T08:00:00", "2026-02-30"] {
            assert!(cut(text, 0).is_err(), "{text}");
        }
    }

    #[test]
    fn places_are_those_of_the_text() {
        let tokens = cut("a.b <= -1.5", 10).unwrap();
        let told: Vec<(&str, usize)> = tokens.iter().map(|token| (token.text, token.at)).collect();
        assert_eq!(told, [("a.b", 10), ("<=", 14), ("-1.5", 17), ("<EOF>", 21)]);
        assert_eq!(tokens[2].kind, Kind::Number(-1.5, None));
    }
}
