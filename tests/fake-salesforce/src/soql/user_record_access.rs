//! `UserRecordAccess`: what a user may do with records. It has no rows: each query is answered from the org's sharing at that moment
//! (Object Reference, UserRecordAccess).

use serde_json::{Map, Value as Json, json};

use super::{
    ast::{Comparison, Condition, Given, Literal, Operand, Operator, Query, Selected, Subject},
    refusal::{Parsed, Refusal},
};
use crate::{
    id::Id,
    org::{Org, Row},
    value::Value,
};

/// Its name.
pub const NAME: &str = "UserRecordAccess";
/// Most records in one query.
const MOST_RECORDS: usize = 200;
/// Fields that can be asked for; one user is asked about, who is not told again.
const FIELDS: [&str; 7] =
    ["RecordId", "HasReadAccess", "HasEditAccess", "HasDeleteAccess", "HasTransferAccess", "HasAllAccess", "MaxAccessLevel"];

/// Is the query about it?
#[must_use]
pub fn is_asked(query: &Query) -> bool {
    query.from.text.eq_ignore_ascii_case(NAME)
}

/// Answers for `asking`, the user whose session it is.
///
/// # Errors
/// The query is not of the one shape that the guide allows; the words are ours.
pub fn lines(org: &Org, asking: Id, query: &Query) -> Parsed<Vec<Json>> {
    let fields = fields(query)?;
    let (user, records) = asked(query)?;
    let mut lines = Vec::new();
    // Records that the asking user cannot read are filtered out.
    let rows = records.iter().filter_map(|id| org.row(*id)).filter(|row| !row.is_deleted && reads(org, asking, row));
    for row in rows {
        let access = Access::of(org, user, row);
        let mut line = Map::new();
        // It has no id, and so no address of its own.
        line.insert("attributes".to_owned(), json!({ "type": NAME }));
        line.extend(fields.iter().map(|field| ((*field).to_owned(), access.field(field, row.id))));
        lines.push(Json::Object(line));
    }
    Ok(lines)
}

fn fields(query: &Query) -> Parsed<Vec<&'static str>> {
    let mut fields = Vec::new();
    for selected in &query.select {
        let Selected::Field(name, None) = selected else { return Err(unlike()) };
        let known = FIELDS.into_iter().find(|field| field.eq_ignore_ascii_case(&name.text));
        fields.push(known.ok_or_else(|| Refusal::no_column(name.at, &name.text, NAME))?);
    }
    if !fields.contains(&"RecordId") {
        return Err(unlike());
    }
    Ok(fields)
}

/// `UserId = '...' AND RecordId IN (...)`, in either order.
fn asked(query: &Query) -> Parsed<(Id, Vec<Id>)> {
    let bare = query.alias.is_none() && query.group.is_empty() && query.having.is_none() && query.offset.is_none();
    let Some(Condition::All(conditions)) = query.condition.as_ref().filter(|_| bare && query.order.is_empty() && query.limit.is_none())
    else {
        return Err(unlike());
    };
    let (mut user, mut records) = (None, None);
    for condition in conditions {
        let Condition::Compare(Comparison { subject: Subject::Field(name), operator, operand, .. }) = condition else {
            return Err(unlike());
        };
        match (name.text.to_ascii_lowercase().as_str(), operator, operand) {
            ("userid", Operator::Equal, Operand::One(literal)) => user = Some(id(literal)?),
            ("recordid", Operator::Equal, Operand::One(literal)) => records = Some(vec![id(literal)?]),
            ("recordid", Operator::In, Operand::Many(literals)) => records = Some(literals.iter().map(id).collect::<Parsed<Vec<Id>>>()?),
            _ => return Err(unlike()),
        }
    }
    match user.zip(records) {
        Some((_, records)) if records.len() > MOST_RECORDS => {
            Err(Refusal::whole("MALFORMED_QUERY", format!("{NAME} can be queried for at most {MOST_RECORDS} records")))
        }
        Some(asked) => Ok(asked),
        None => Err(unlike()),
    }
}

fn unlike() -> Refusal {
    Refusal::whole(
        "MALFORMED_QUERY",
        format!(
            "{NAME} takes SELECT RecordId and fields of access, WHERE UserId = [single ID] AND RecordId = [single ID] or IN [list of IDs]"
        ),
    )
}

fn id(literal: &Literal) -> Parsed<Id> {
    let text = match &literal.value {
        Given::Text(quoted) => Id::parse(&quoted.text),
        _ => None,
    };
    text.ok_or_else(|| Refusal::new(literal.at, "INVALID_QUERY_FILTER_OPERATOR", format!("invalid ID field: {}", literal.text)))
}

fn reads(org: &Org, user: Id, row: &Row) -> bool {
    org.is_active(user) && org.object_of(row.id).is_some_and(|object| org.may_read(user, object)) && org.visible(user, row)
}

#[derive(Clone, Copy)]
struct Access {
    read: bool,
    edit: bool,
    /// To delete and to give away: the owner's and the administrators'.
    own: bool,
}

impl Access {
    fn of(org: &Org, user: Id, row: &Row) -> Self {
        let read = reads(org, user, row);
        let object = org.object_of(row.id);
        let edit = read && object.is_some_and(|object| org.may_write(user, object));
        let owns = object.is_some_and(|object| *row.named(object, "OwnerId") == Value::Reference(user));
        Self { read, edit, own: edit && (owns || org.permissions(user).all_data) }
    }

    fn field(self, name: &str, record: Id) -> Json {
        match name {
            "RecordId" => record.to_string().into(),
            "HasReadAccess" => self.read.into(),
            "HasEditAccess" => self.edit.into(),
            "MaxAccessLevel" if self.own => "All".into(),
            "MaxAccessLevel" if self.edit => "Edit".into(),
            "MaxAccessLevel" if self.read => "Read".into(),
            "MaxAccessLevel" => "None".into(),
            _ => self.own.into(),
        }
    }
}
