//! What every resource works with: the org, who asks, and how rows are found and shown to them.

use serde_json::{Map, Value as Json, json};

use super::version::Version;
use crate::{
    error::ApiError,
    id::Id,
    org::{Context, Org, Row},
    schema::{FieldKind, ObjectType},
    value::Value,
};

/// The org and who asks.
#[derive(Debug)]
pub struct Desk<'a> {
    /// The database.
    pub org: &'a mut Org,
    /// Who asks, when, with which wishes.
    pub context: Context,
    /// Under which address this server was asked.
    pub address: &'a str,
}

impl Desk<'_> {
    /// An object as the user knows it.
    ///
    /// # Errors
    /// 404 if there is none, or the user may not read it.
    pub fn object(&self, name: &str) -> Result<ObjectType, ApiError> {
        self.org.object_for(self.context.user, name).ok_or_else(ApiError::not_found)
    }

    /// A row that the user may see.
    ///
    /// # Errors
    /// An id of another kind, or a row that is deleted, missing or hidden.
    pub fn row(&self, object: &ObjectType, id: &str) -> Result<&Row, ApiError> {
        let id = id_of(object, id)?;
        match self.org.row(id) {
            Some(row) if row.is_deleted => Err(ApiError::new(404, "ENTITY_IS_DELETED", "entity is deleted")),
            Some(row) if self.org.visible(self.context.user, row) => Ok(row),
            _ => Err(ApiError::not_found()),
        }
    }

    /// Ids of the rows, seen by the user and not deleted, whose field has this value.
    ///
    /// # Errors
    /// The field identifies no rows.
    pub fn rows_by(&self, object: &ObjectType, field: &str, value: &str) -> Result<Vec<Id>, ApiError> {
        let Some((_, key)) = object.field(field).filter(|(_, key)| key.id_lookup) else {
            return Err(no_such_key(field));
        };
        if key.kind == FieldKind::Id {
            let id = id_of(object, value)?;
            return Ok(self.seen(id).into_iter().collect());
        }
        // The object of the org has all fields; the user's lacks the hidden ones, and the places differ.
        let whole = self.org.object(object.name).ok_or_else(ApiError::not_found)?;
        let (place, whole_key) = whole.field(field).ok_or_else(|| no_such_key(field))?;
        let wanted = Value::text(value);
        let found = match self.org.lookup(whole, whole_key, &wanted) {
            Some(found) => found,
            None => {
                let same = |row: &&Row| row.get(place).as_text().is_some_and(|text| text.eq_ignore_ascii_case(value));
                self.org.rows(whole).filter(same).map(|row| row.id).collect()
            }
        };
        Ok(found.into_iter().filter_map(|id| self.seen(id)).collect())
    }

    fn seen(&self, id: Id) -> Option<Id> {
        self.org.row(id).filter(|row| !row.is_deleted && self.org.visible(self.context.user, row)).map(|row| row.id)
    }

    /// A row as JSON, with all fields that the user sees.
    pub fn shown(&self, object: &ObjectType, row: &Row, version: Version) -> Json {
        let whole = self.org.object(object.name);
        let mut shown = Map::new();
        shown.insert("attributes".to_owned(), attributes(object.name, row.id, version));
        for field in &object.fields {
            let value = whole.map_or(&Value::Null, |whole| row.named(whole, field.name));
            let value = if field.kind == FieldKind::Id { Json::from(row.id.to_string()) } else { value.to_json() };
            shown.insert(field.name.to_owned(), value);
        }
        Json::Object(shown)
    }
}

/// `attributes` of a row.
pub fn attributes(object: &str, id: Id, version: Version) -> Json {
    json!({ "type": object, "url": format!("/services/data/v{version}/sobjects/{object}/{id}") })
}

/// Reads an id of an object.
///
/// # Errors
/// 404 for what is no id at all, 400 `MALFORMED_ID` for one with a wrong checksum or of another object.
pub fn id_of(object: &ObjectType, text: &str) -> Result<Id, ApiError> {
    let looks_like_one = matches!(text.len(), 15 | 18) && text.bytes().all(|sign| sign.is_ascii_alphanumeric());
    if !looks_like_one {
        return Err(no_such_key(text));
    }
    Id::parse(text).filter(|id| id.prefix() == object.prefix).ok_or_else(|| {
        let message = format!("{} ID: id value of incorrect type: {text}", object.name);
        ApiError::bad("MALFORMED_ID", message).with_fields(&["Id"])
    })
}

/// Salesforce takes what it cannot read as an id for the name of a field (answers quoted by several clients).
pub fn no_such_key(text: &str) -> ApiError {
    ApiError::new(404, "NOT_FOUND", format!("Provided external ID field does not exist or is not accessible: {text}"))
}

/// Fields of a new or changed row, from a body: without `attributes`, which clients send back as they got them.
///
/// # Errors
/// A field that stands in the path already.
pub fn fields_of(body: &Map<String, Json>, in_path: &str) -> Result<Map<String, Json>, ApiError> {
    if let Some(name) = body.keys().find(|name| name.eq_ignore_ascii_case(in_path)) {
        let message = format!("The {name} field should not be specified in the sobject data.");
        return Err(ApiError::bad("INVALID_FIELD", message).with_fields(&[name]));
    }
    Ok(body.iter().filter(|(name, _)| *name != "attributes").map(|(name, value)| (name.clone(), value.clone())).collect())
}
