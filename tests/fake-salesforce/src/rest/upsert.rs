//! Rows addressed by a field that identifies them: `/sobjects/Contact/Email/ann@example.com`.

use http::Method;
use serde_json::{Map, Value as Json, json};

use super::{
    call::Call,
    desk::{Desk, fields_of, no_such_key},
    reply::{Answer, Reply},
    rows,
    version::UPSERT_TELLS_SINCE,
};
use crate::{error::ApiError, id::Id, schema::ObjectType};

/// What an upsert did.
pub struct Upserted {
    /// The row.
    pub id: Id,
    /// Is it new?
    pub created: bool,
}

/// Why an upsert did nothing.
pub enum NotUpserted {
    /// Several rows have this value.
    Several(Vec<Id>),
    /// Anything else.
    Refused(ApiError),
}

impl From<ApiError> for NotUpserted {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

/// `/sobjects/{object}/{field}/{value}`
pub fn row_by(desk: &mut Desk<'_>, call: &Call, object: &str, field: &str, value: &str) -> Answer {
    let object = desk.object(object)?;
    if call.method != Method::PATCH {
        return match desk.rows_by(&object, field, value)?.as_slice() {
            [] => Err(ApiError::not_found()),
            [id] if call.method == Method::DELETE => {
                desk.org.delete(&desk.context, object.name, *id)?;
                Ok(Reply::empty(204))
            }
            [id] => rows::read(desk, call, &object, &id.to_string()),
            several => Ok(several_found(call, &object, several)),
        };
    }
    let update_only = call.parameter("updateOnly").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let fields = fields_of(&fields_of(call.object()?, "Id")?, field)?;
    match upsert(desk, &object, field, value, &fields, update_only) {
        Ok(Upserted { id, created: true }) => {
            let body = json!({ "id": id.to_string(), "success": true, "errors": [], "created": true });
            Ok(rows::created(&object, id, call.version, body))
        }
        Ok(_) if call.version < UPSERT_TELLS_SINCE => Ok(Reply::empty(204)),
        Ok(Upserted { id, .. }) => Ok(Reply::json(200, json!({ "id": id.to_string(), "success": true, "errors": [], "created": false }))),
        Err(NotUpserted::Several(ids)) => Ok(several_found(call, &object, &ids)),
        Err(NotUpserted::Refused(why)) => Err(why),
    }
}

/// Changes the one row whose field has this value, or makes it.
///
/// # Errors
/// Several such rows; or what the org refuses.
pub fn upsert(
    desk: &mut Desk<'_>,
    object: &ObjectType,
    field: &str,
    value: &str,
    fields: &Map<String, Json>,
    update_only: bool,
) -> Result<Upserted, NotUpserted> {
    let found = desk.rows_by(object, field, value)?;
    match found.as_slice() {
        [id] => {
            desk.org.update(&desk.context, object.name, *id, fields)?;
            Ok(Upserted { id: *id, created: false })
        }
        [] => {
            let (_, key) = object.field(field).ok_or_else(|| no_such_key(field))?;
            // An id cannot be chosen.
            if update_only || key.name == "Id" {
                return Err(ApiError::not_found().into());
            }
            let mut fields = fields.clone();
            fields.insert(key.name.to_owned(), value.into());
            let id = desk.org.create(&desk.context, object.name, &fields)?;
            Ok(Upserted { id, created: true })
        }
        _ => Err(NotUpserted::Several(found)),
    }
}

/// 300: the addresses of all of them.
fn several_found(call: &Call, object: &ObjectType, ids: &[Id]) -> Reply {
    let addresses: Vec<Json> =
        ids.iter().map(|id| format!("/services/data/v{}/sobjects/{}/{id}", call.version, object.name).into()).collect();
    Reply::json(300, Json::Array(addresses))
}
