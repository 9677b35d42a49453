//! The grammar of `SELECT`: from tokens to a [`Query`].
//!
//! One token of lookahead decides everywhere, so nothing is ever tried twice and every fault is told at the token where it is.

use super::{
    ast::{Call, Function, Name, Ordering, Query, Selected, Subject},
    condition,
    refusal::{Parsed, Refusal},
    tokens::{Kind, Token, cut},
};

/// Longest query that Salesforce reads, in characters.
const LONGEST: usize = 100_000;

/// Words that begin a clause or join conditions; none of them can be an alias.
const KEYWORDS: [&str; 26] = [
    "ALL", "AND", "ASC", "DESC", "EXCLUDES", "FIRST", "FOR", "FROM", "GROUP", "HAVING", "IN", "INCLUDES", "LAST", "LIKE", "LIMIT", "NOT",
    "NULL", "NULLS", "OFFSET", "OR", "ORDER", "SELECT", "UPDATE", "USING", "WHERE", "WITH",
];

/// Tokens still to read.
#[derive(Debug)]
pub struct Tokens<'a, 't> {
    left: &'a [Token<'t>],
    end: &'a Token<'t>,
}

impl<'a, 't> Tokens<'a, 't> {
    /// All of a text's tokens; None: there are none, which [`cut`] never gives.
    #[must_use]
    pub fn new(tokens: &'a [Token<'t>]) -> Option<Self> {
        Some(Self { left: tokens, end: tokens.last()? })
    }

    /// The next token, which stays.
    #[must_use]
    pub fn peek(&self) -> &'a Token<'t> {
        self.left.first().unwrap_or(self.end)
    }

    /// The token behind the next.
    #[must_use]
    pub fn peek_second(&self) -> &'a Token<'t> {
        self.left.get(1).unwrap_or(self.end)
    }

    /// Takes the next token.
    pub fn take(&mut self) -> &'a Token<'t> {
        let token = self.peek();
        self.left = self.left.get(1..).unwrap_or_default();
        token
    }

    /// Takes the next token if it is this keyword or symbol.
    pub fn took(&mut self, text: &str) -> bool {
        let is = self.peek().is(text);
        if is {
            self.take();
        }
        is
    }

    /// The next token must be this keyword or symbol.
    ///
    /// # Errors
    /// It is not.
    pub fn expect(&mut self, text: &str) -> Parsed<&'a Token<'t>> {
        if self.peek().is(text) { Ok(self.take()) } else { Err(self.unexpected()) }
    }

    /// A refusal of the next token.
    #[must_use]
    pub fn unexpected(&self) -> Refusal {
        let token = self.peek();
        Refusal::malformed(token.at, format!("unexpected token: '{}'", token.text))
    }

    /// A name or a path.
    ///
    /// # Errors
    /// It is none, or a keyword.
    pub fn name(&mut self) -> Parsed<Name> {
        let token = self.peek();
        if token.kind != Kind::Word || KEYWORDS.iter().any(|keyword| token.is(keyword)) {
            return Err(self.unexpected());
        }
        self.take();
        Ok(Name { text: token.text.to_owned(), at: token.at })
    }

    /// A name that may be missing.
    fn alias(&mut self) -> Option<Name> {
        if self.peek().text.contains('.') { None } else { self.name().ok() }
    }

    /// A whole number that is not negative.
    ///
    /// # Errors
    /// It is none.
    pub fn count(&mut self) -> Parsed<(usize, usize)> {
        let token = self.peek();
        match token.kind {
            Kind::Number(_, Some(whole)) if !token.text.starts_with(['+', '-']) => {
                self.take();
                Ok((usize::try_from(whole).unwrap_or(usize::MAX), token.at))
            }
            _ => Err(self.unexpected()),
        }
    }
}

/// Reads a whole query.
///
/// # Errors
/// `MALFORMED_QUERY`
pub fn parse(text: &str) -> Parsed<Query> {
    if text.trim().is_empty() {
        return Err(Refusal::whole("MALFORMED_QUERY", "A query string has to be specified"));
    }
    if text.len() > LONGEST && text.chars().count() > LONGEST {
        return Err(Refusal::whole("QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100000 characters."));
    }
    let tokens = cut(text, 0)?;
    let Some(mut tokens) = Tokens::new(&tokens) else {
        return Err(Refusal::whole("MALFORMED_QUERY", "A query string has to be specified"));
    };
    let query = query(&mut tokens, Nesting::Outer)?;
    for purpose in ["VIEW", "REFERENCE", "UPDATE"] {
        if tokens.peek().is("FOR") && tokens.peek_second().is(purpose) {
            // They change what the user sees as recently used, and lock rows for a transaction that is over at once.
            tokens.take();
            tokens.take();
        }
    }
    if tokens.peek().is("ALL") && tokens.peek_second().is("ROWS") {
        return Err(Refusal::malformed(tokens.peek().at, "ALL ROWS not allowed in this context"));
    }
    if tokens.peek().kind == Kind::End { Ok(query) } else { Err(tokens.unexpected()) }
}

/// Where a query stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Nesting {
    /// It is the statement.
    Outer,
    /// In the list of another query's fields.
    Children,
    /// At the right of IN.
    SemiJoin,
}

/// `SELECT ... FROM ...` up to OFFSET.
///
/// # Errors
/// `MALFORMED_QUERY`
pub fn query(tokens: &mut Tokens<'_, '_>, nesting: Nesting) -> Parsed<Query> {
    tokens.expect("SELECT")?;
    let mut select = vec![selected(tokens, nesting)?];
    while tokens.took(",") {
        select.push(selected(tokens, nesting)?);
    }
    tokens.expect("FROM")?;
    let from = tokens.name()?;
    let aliased = tokens.took("AS");
    let alias = if aliased { Some(tokens.name()?) } else { tokens.alias() };
    let condition = if tokens.took("WHERE") { Some(condition::condition(tokens, nesting)?) } else { None };
    let mut query = Query { select, from, alias, condition, group: Vec::new(), having: None, order: Vec::new(), limit: None, offset: None };
    if tokens.took("GROUP") {
        tokens.expect("BY")?;
        query.group.push(tokens.name()?);
        while tokens.took(",") {
            query.group.push(tokens.name()?);
        }
        if tokens.took("HAVING") {
            query.having = Some(condition::condition(tokens, nesting)?);
        }
    }
    order_and_limits(tokens, &mut query)?;
    Ok(query)
}

/// `ORDER BY`, `LIMIT` and `OFFSET`, as they also end an object of SOSL's RETURNING.
///
/// # Errors
/// `MALFORMED_QUERY`
pub fn order_and_limits(tokens: &mut Tokens<'_, '_>, query: &mut Query) -> Parsed<()> {
    if tokens.took("ORDER") {
        tokens.expect("BY")?;
        query.order.push(ordering(tokens)?);
        while tokens.took(",") {
            query.order.push(ordering(tokens)?);
        }
    }
    if tokens.took("LIMIT") {
        query.limit = Some(tokens.count()?.0);
    }
    if tokens.took("OFFSET") {
        query.offset = Some(tokens.count()?);
    }
    Ok(())
}

fn ordering(tokens: &mut Tokens<'_, '_>) -> Parsed<Ordering> {
    let subject = subject(tokens)?;
    let descending = !tokens.took("ASC") && tokens.took("DESC");
    let mut nulls_last = false;
    if tokens.took("NULLS") {
        nulls_last = !tokens.took("FIRST");
        if nulls_last {
            tokens.expect("LAST")?;
        }
    }
    Ok(Ordering { subject, descending, nulls_last })
}

fn selected(tokens: &mut Tokens<'_, '_>, nesting: Nesting) -> Parsed<Selected> {
    let at = tokens.peek().at;
    if nesting == Nesting::Outer && tokens.peek().is("(") && tokens.peek_second().is("SELECT") {
        tokens.take();
        let children = query(tokens, Nesting::Children)?;
        tokens.expect(")")?;
        return Ok(Selected::Children(Box::new(children)));
    }
    if tokens.peek_second().is("(") {
        if tokens.peek().is("FIELDS") {
            tokens.take();
            tokens.take();
            let which = match tokens.peek() {
                which if which.is("ALL") || which.is("STANDARD") || which.is("CUSTOM") => {
                    Name { text: which.text.to_ascii_uppercase(), at }
                }
                _ => return Err(tokens.unexpected()),
            };
            tokens.take();
            tokens.expect(")")?;
            return Ok(Selected::Fields(which));
        }
        return match call(tokens)? {
            Some(call) => Ok(Selected::Aggregate(call, tokens.alias())),
            None if nesting == Nesting::Outer => Ok(Selected::Count(at)),
            None => Err(Refusal::malformed(at, "unexpected token: 'COUNT'")),
        };
    }
    let name = tokens.name()?;
    Ok(Selected::Field(name, tokens.alias()))
}

/// A field, or an aggregate.
///
/// # Errors
/// `MALFORMED_QUERY`
pub fn subject(tokens: &mut Tokens<'_, '_>) -> Parsed<Subject> {
    if !tokens.peek_second().is("(") {
        return tokens.name().map(Subject::Field);
    }
    let at = tokens.peek().at;
    match call(tokens)? {
        Some(call) => Ok(Subject::Call(call)),
        None => Err(Refusal::malformed(at, "unexpected token: 'COUNT'")),
    }
}

/// `MAX(CreatedDate)`; None: `COUNT()`.
fn call(tokens: &mut Tokens<'_, '_>) -> Parsed<Option<Call>> {
    let named = tokens.peek();
    let function = match named.text.to_ascii_uppercase().as_str() {
        "COUNT" => Function::Count,
        "COUNT_DISTINCT" => Function::CountDistinct,
        "MIN" => Function::Min,
        "MAX" => Function::Max,
        "SUM" => Function::Sum,
        "AVG" => Function::Avg,
        // Functions of dates, places and translations are Salesforce's too, but not this org's.
        _ => {
            tokens.take();
            return Err(tokens.unexpected());
        }
    };
    if named.kind != Kind::Word {
        return Err(tokens.unexpected());
    }
    tokens.take();
    tokens.expect("(")?;
    if function == Function::Count && tokens.took(")") {
        return Ok(None);
    }
    let field = tokens.name()?;
    tokens.expect(")")?;
    let shown = format!("{}({})", named.text, field.text);
    Ok(Some(Call { function, field, shown, at: named.at }))
}
