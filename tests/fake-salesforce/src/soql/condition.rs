//! The grammar of `WHERE` and `HAVING`.

use super::{
    ast::{Comparison, Condition, Given, Literal, Operand, Operator},
    grammar::{Nesting, Tokens, query, subject},
    period::Period,
    refusal::{Parsed, Refusal},
    tokens::Kind,
};

/// How deep parentheses and NOT may be nested. Salesforce's own bound is not published; this one keeps the stack small.
const DEEPEST: usize = 60;

/// How many sub-selects a condition may have (SOQL and SOSL Reference, Comparison Operators).
const MOST_SUB_SELECTS: usize = 2;

/// Everything behind `WHERE` or `HAVING`.
///
/// # Errors
/// `MALFORMED_QUERY`, `QUERY_TOO_COMPLICATED`
pub fn condition(tokens: &mut Tokens<'_, '_>, nesting: Nesting) -> Parsed<Condition> {
    let at = tokens.peek().at;
    let read = chain(tokens, nesting, 0)?;
    if sub_selects(&read) > MOST_SUB_SELECTS {
        return Err(Refusal::malformed(at, format!("Maximum {MOST_SUB_SELECTS} semi join sub-selects are allowed")));
    }
    Ok(read)
}

fn sub_selects(condition: &Condition) -> usize {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().map(sub_selects).sum(),
        Condition::Not(inner) => sub_selects(inner),
        Condition::Compare(comparison) => usize::from(matches!(comparison.operand, Operand::Rows(_))),
    }
}

/// `a AND b AND c` or `a OR b OR c`. AND and OR mixed without parentheses are refused at the one that comes second.
fn chain(tokens: &mut Tokens<'_, '_>, nesting: Nesting, depth: usize) -> Parsed<Condition> {
    let first = one(tokens, nesting, depth)?;
    let joint = if tokens.peek().is("AND") {
        "AND"
    } else if tokens.peek().is("OR") {
        "OR"
    } else {
        return Ok(first);
    };
    let mut joined = vec![first];
    while tokens.took(joint) {
        joined.push(one(tokens, nesting, depth)?);
    }
    if tokens.peek().is("AND") || tokens.peek().is("OR") {
        return Err(tokens.unexpected());
    }
    Ok(if joint == "AND" { Condition::All(joined) } else { Condition::Any(joined) })
}

fn one(tokens: &mut Tokens<'_, '_>, nesting: Nesting, depth: usize) -> Parsed<Condition> {
    if depth > DEEPEST {
        return Err(Refusal::new(tokens.peek().at, "QUERY_TOO_COMPLICATED", "The filter conditions are nested too deeply."));
    }
    if tokens.took("NOT") {
        return Ok(Condition::Not(Box::new(one(tokens, nesting, depth + 1)?)));
    }
    if tokens.took("(") {
        let inner = chain(tokens, nesting, depth + 1)?;
        closing(tokens)?;
        return Ok(inner);
    }
    comparison(tokens, nesting).map(Condition::Compare)
}

fn closing(tokens: &mut Tokens<'_, '_>) -> Parsed<()> {
    if tokens.took(")") {
        return Ok(());
    }
    let found = tokens.peek();
    Err(if found.is("AND") || found.is("OR") {
        tokens.unexpected()
    } else {
        Refusal::malformed(found.at, format!("expecting a right parentheses, found '{}'", found.text))
    })
}

fn comparison(tokens: &mut Tokens<'_, '_>, nesting: Nesting) -> Parsed<Comparison> {
    let subject = subject(tokens)?;
    let sign = tokens.peek();
    let operator = match sign.text {
        _ if !matches!(sign.kind, Kind::Symbol | Kind::Word) => return Err(tokens.unexpected()),
        "=" => Operator::Equal,
        "!=" | "<>" => Operator::Different,
        "<" => Operator::Less,
        "<=" => Operator::AtMost,
        ">" => Operator::More,
        ">=" => Operator::AtLeast,
        _ if sign.is("LIKE") => Operator::Like,
        _ if sign.is("IN") => Operator::In,
        _ if sign.is("NOT") && tokens.peek_second().is("IN") => Operator::NotIn,
        // INCLUDES and EXCLUDES are for multi-select picklists, of which there are none here.
        _ => return Err(tokens.unexpected()),
    };
    tokens.take();
    if operator == Operator::NotIn {
        tokens.take();
    }
    let operand = match operator {
        Operator::In | Operator::NotIn => list(tokens, nesting)?,
        _ => Operand::One(literal(tokens)?),
    };
    Ok(Comparison { subject, operator, operator_at: sign.at, operand })
}

fn list(tokens: &mut Tokens<'_, '_>, nesting: Nesting) -> Parsed<Operand> {
    if tokens.peek().is(":") {
        return literal(tokens).map(Operand::One);
    }
    tokens.expect("(")?;
    if tokens.peek().is("SELECT") {
        if nesting == Nesting::SemiJoin {
            return Err(Refusal::malformed(tokens.peek().at, "Nesting of semi join sub-selects is not supported"));
        }
        let rows = query(tokens, Nesting::SemiJoin)?;
        closing(tokens)?;
        return Ok(Operand::Rows(Box::new(rows)));
    }
    let mut listed = vec![literal(tokens)?];
    while tokens.took(",") {
        listed.push(literal(tokens)?);
    }
    closing(tokens)?;
    Ok(Operand::Many(listed))
}

fn literal(tokens: &mut Tokens<'_, '_>) -> Parsed<Literal> {
    let token = tokens.peek();
    let value = match &token.kind {
        Kind::Text(text) => Given::Text(text.clone()),
        Kind::Number(number, whole) => Given::Number(*number, *whole),
        Kind::Day(day) => Given::Day(*day),
        Kind::Moment(moment) => Given::Moment(*moment),
        Kind::Word if token.is("NULL") => Given::Null,
        Kind::Word if token.is("TRUE") => Given::Boolean(true),
        Kind::Word if token.is("FALSE") => Given::Boolean(false),
        Kind::Word if Period::wants_number(token.text) => {
            tokens.take();
            tokens.expect(":")?;
            let number = match tokens.peek().kind {
                Kind::Number(_, Some(whole)) => i32::try_from(whole).ok(),
                _ => None,
            };
            Given::Period(number.and_then(|number| Period::read(token.text, Some(number))).ok_or_else(|| tokens.unexpected())?)
        }
        Kind::Word => match Period::read(token.text, None) {
            Some(period) => Given::Period(period),
            None => {
                tokens.name()?;
                return Ok(Literal { value: Given::Variable, text: token.text.to_owned(), at: token.at });
            }
        },
        Kind::Symbol if token.is(":") => {
            tokens.take();
            tokens.name()?;
            return Ok(Literal { value: Given::Variable, text: token.text.to_owned(), at: token.at });
        }
        Kind::Symbol | Kind::Broken(_) | Kind::End => return Err(tokens.unexpected()),
    };
    tokens.take();
    Ok(Literal { value, text: token.text.to_owned(), at: token.at })
}
