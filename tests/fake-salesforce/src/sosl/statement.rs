//! A SOSL statement: FIND, IN, RETURNING, LIMIT.

use crate::{
    org::SearchGroup,
    soql::{
        ast::{Name, Query, Selected},
        condition,
        grammar::{Nesting, Tokens, order_and_limits},
        refusal::{Parsed, Refusal},
        tokens::{Kind, cut},
    },
};

use super::search::{self, Search};

/// A statement as it was written.
#[derive(Clone, Debug)]
pub struct Statement {
    /// In braces.
    pub search: Search,
    /// `IN ... FIELDS`
    pub group: SearchGroup,
    /// RETURNING; empty: all objects.
    pub returning: Vec<Query>,
    /// LIMIT of the whole.
    pub limit: Option<usize>,
}

/// Reads a statement.
///
/// # Errors
/// `MALFORMED_SEARCH`, `INVALID_SEARCH`
pub fn parse(text: &str) -> Parsed<Statement> {
    let malformed =
        |refusal: Refusal| if refusal.code == "MALFORMED_QUERY" { Refusal { code: "MALFORMED_SEARCH", ..refusal } } else { refusal };
    let no_term = || Refusal::whole("MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces.");
    let trimmed = text.trim_start();
    let start = text.len() - trimmed.len();
    match trimmed.get(..4) {
        Some(find) if find.eq_ignore_ascii_case("FIND") => {}
        _ if trimmed.is_empty() => return Err(no_term()),
        _ => {
            let word = trimmed.split(|next: char| next.is_whitespace() || next == '{').next().unwrap_or_default();
            return Err(Refusal::new(start, "MALFORMED_SEARCH", format!("unexpected token: '{word}'")));
        }
    }
    let braced = trimmed.get(4..).unwrap_or_default().trim_start().strip_prefix('{').ok_or_else(no_term)?;
    let base = text.len() - braced.len();
    let mut escaped = false;
    let close = braced
        .char_indices()
        .find(|(_, character)| {
            let closes = *character == '}' && !escaped;
            escaped = *character == '\\' && !escaped;
            closes
        })
        .map(|(close, _)| close)
        .ok_or_else(no_term)?;
    let search = search::parse(braced.get(..close).unwrap_or_default(), base)?;
    rest(braced.get(close + 1..).unwrap_or_default(), base + close + 1, search).map_err(malformed)
}

fn rest(text: &str, base: usize, search: Search) -> Parsed<Statement> {
    let tokens = cut(text, base)?;
    let mut statement = Statement { search, group: SearchGroup::All, returning: Vec::new(), limit: None };
    let Some(mut tokens) = Tokens::new(&tokens) else { return Ok(statement) };
    if tokens.took("IN") {
        let named = tokens.peek();
        statement.group = group(named.text).filter(|_| named.kind == Kind::Word).ok_or_else(|| tokens.unexpected())?;
        tokens.take();
        tokens.expect("FIELDS")?;
    }
    if tokens.took("RETURNING") {
        statement.returning.push(returned(&mut tokens)?);
        while tokens.took(",") {
            statement.returning.push(returned(&mut tokens)?);
        }
    }
    // WITH (divisions, networks, snippets, highlights, spell correction) and UPDATE are not this org's.
    if tokens.took("LIMIT") {
        statement.limit = Some(tokens.count()?.0);
    }
    if tokens.peek().kind == Kind::End { Ok(statement) } else { Err(tokens.unexpected()) }
}

/// A search group by its name.
#[must_use]
pub fn group(name: &str) -> Option<SearchGroup> {
    Some(match name.to_ascii_uppercase().as_str() {
        "ALL" => SearchGroup::All,
        "NAME" => SearchGroup::Name,
        "PHONE" => SearchGroup::Phone,
        "EMAIL" => SearchGroup::Email,
        "SIDEBAR" => SearchGroup::Sidebar,
        _ => return None,
    })
}

/// A query of nothing but the ids of an object.
#[must_use]
pub fn ids_of(from: Name) -> Query {
    let id = Selected::Field(Name { text: "Id".to_owned(), at: from.at }, None);
    Query {
        select: vec![id],
        from,
        alias: None,
        condition: None,
        group: Vec::new(),
        having: None,
        order: Vec::new(),
        limit: None,
        offset: None,
    }
}

/// `Contact(Id, Name WHERE ... ORDER BY ... LIMIT n OFFSET n)`
fn returned(tokens: &mut Tokens<'_, '_>) -> Parsed<Query> {
    let mut query = ids_of(tokens.name()?);
    if tokens.took("(") {
        query.select = vec![Selected::Field(tokens.name()?, None)];
        while tokens.took(",") {
            query.select.push(Selected::Field(tokens.name()?, None));
        }
        if tokens.took("WHERE") {
            query.condition = Some(condition::condition(tokens, Nesting::SemiJoin)?);
        }
        order_and_limits(tokens, &mut query)?;
        tokens.expect(")")?;
    }
    Ok(query)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::{SearchGroup, parse};

    #[test]
    fn the_samples_of_the_reference_are_read() {
        let read = parse(
            "FIND {4155550123} IN Phone FIELDS RETURNING Contact(Id, Phone WHERE Name LIKE 'A%' ORDER BY Name LIMIT 5 OFFSET 2), Lead(Id), Account LIMIT 20",
        )
        .unwrap();
        assert_eq!(read.group, SearchGroup::Phone);
        assert_eq!(read.limit, Some(20));
        let objects: Vec<&str> = read.returning.iter().map(|query| query.from.text.as_str()).collect();
        assert_eq!(objects, ["Contact", "Lead", "Account"]);
        assert_eq!((read.returning[0].limit, read.returning[0].offset.unwrap().0), (Some(5), 2));
        assert!(parse("find{map*}").unwrap().returning.is_empty());
        assert!(parse(r"FIND {a\}b} RETURNING Contact").is_ok());
    }

    #[test]
    fn what_salesforce_refuses_is_refused() {
        let no_term = "No search term found. The search term must be enclosed in braces.";
        for (text, message) in [
            ("FIND 4155550123 IN PHONE FIELDS", no_term),
            ("FIND 'x'", no_term),
            ("FIND {open", no_term),
            ("", no_term),
            ("SELECT Id FROM Contact", "unexpected token: 'SELECT'"),
            ("FIND {abc} IN FAX FIELDS", "unexpected token: 'FAX'"),
            ("FIND {abc} IN PHONE", "unexpected token: '<EOF>'"),
            ("FIND {abc} RETURNING Contact(Id) WITH SNIPPET", "unexpected token: 'WITH'"),
            ("FIND {abc} RETURNING Contact()", "unexpected token: ')'"),
            ("FIND {abc} RETURNING Contact(Id LIMIT 1 WHERE Id = null)", "unexpected token: 'WHERE'"),
            ("FIND {abc} LIMIT 5 LIMIT 6", "unexpected token: 'LIMIT'"),
            ("FIND {abc} RETURNING Contact(COUNT(Id))", "unexpected token: '('"),
        ] {
            let refusal = parse(text).unwrap_err();
            assert_eq!((refusal.code, refusal.message.as_str()), ("MALFORMED_SEARCH", message), "{text}");
        }
    }
}
