//! Which objects there are, and how they look: the list, the short description, the whole one.

use serde_json::{Map, Value as Json, json};

use super::{
    call::Call,
    desk::Desk,
    reply::{Answer, Reply},
};
use crate::schema::{describe, describe_brief};

/// `GET /services/data/vX`: resources by name, and who asks.
pub fn root(desk: &Desk<'_>, call: &Call) -> Answer {
    let mut told = Map::new();
    for name in ["composite", "limits", "parameterizedSearch", "query", "queryAll", "search", "sobjects"] {
        told.insert(name.to_owned(), format!("/services/data/v{}/{name}", call.version).into());
    }
    let identity = format!("{}/id/{}/{}", desk.address, desk.org.organization(), desk.context.user);
    told.insert("identity".to_owned(), identity.into());
    Ok(Reply::json(200, Json::Object(told)))
}

/// `GET /sobjects`
pub fn list(desk: &Desk<'_>, call: &Call) -> Answer {
    let version = call.version.to_string();
    let readable = desk.org.objects().filter(|object| desk.org.may_read(desk.context.user, object));
    let objects: Vec<Json> = readable.map(|object| describe_brief(object, &version)).collect();
    Ok(Reply::json(200, json!({ "encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects })))
}

/// `GET /sobjects/{object}`
pub fn brief(desk: &Desk<'_>, call: &Call, object: &str) -> Answer {
    let object = desk.object(object)?;
    let described = describe_brief(&object, &call.version.to_string());
    Ok(Reply::json(200, json!({ "objectDescribe": described, "recentItems": [] })))
}

/// `GET /sobjects/{object}/describe`
pub fn whole(desk: &Desk<'_>, call: &Call, object: &str) -> Answer {
    let object = desk.object(object)?;
    Ok(Reply::json(200, describe(&object, &call.version.to_string(), desk.address)))
}
