//! Which rows have changed or gone in a span of time.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::{
    call::Call,
    desk::Desk,
    reply::{Answer, Reply},
};
use crate::{error::ApiError, value::moment_text};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// How far back changes are told (REST API guide, Get Updated).
const UPDATED_DAYS: i64 = 30;
/// How long deleted rows stay in the recycle bin (REST API guide, Get Deleted).
const DELETED_DAYS: i64 = 15;

/// `GET /sobjects/{object}/updated`, `GET /sobjects/{object}/deleted`
pub fn changed(desk: &Desk<'_>, call: &Call, object: &str, deleted: bool) -> Answer {
    let object = desk.object(object)?;
    let (start, end) = (moment(call, "start")?, moment(call, "end")?);
    let now = i64::try_from(desk.context.now_ms).unwrap_or(i64::MAX);
    // Seconds do not count.
    let (start, end) = (start - start.rem_euclid(MINUTE), (end - end.rem_euclid(MINUTE)).min(now));
    if end - start < MINUTE {
        return Err(ApiError::bad("INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than the startDate"));
    }
    let days = if deleted { DELETED_DAYS } else { UPDATED_DAYS };
    if start < now - days * DAY {
        let message = format!("startDate cannot be more than {days} days ago");
        return Err(ApiError::bad("INVALID_REPLICATION_DATE", message));
    }
    let whole = desk.org.object(object.name).ok_or_else(ApiError::not_found)?;
    let rows = desk.org.changed(whole, start, end, deleted);
    let seen = rows.into_iter().filter(|(id, _)| desk.org.row(*id).is_some_and(|row| desk.org.visible(desk.context.user, row)));
    let covered = moment_text(end);
    let told = if deleted {
        let rows: Vec<Json> = seen.map(|(id, at)| json!({ "id": id.to_string(), "deletedDate": moment_text(at) })).collect();
        let earliest = moment_text(now - DELETED_DAYS * DAY);
        json!({ "deletedRecords": rows, "earliestDateAvailable": earliest, "latestDateCovered": covered })
    } else {
        let ids: Vec<Json> = seen.map(|(id, _)| id.to_string().into()).collect();
        json!({ "ids": ids, "latestDateCovered": covered })
    };
    Ok(Reply::json(200, told))
}

fn moment(call: &Call, name: &str) -> Result<i64, ApiError> {
    let text = call.parameter(name).ok_or_else(|| ApiError::bad("MISSING_ARGUMENT", format!("{name} is a required parameter")))?;
    // A "+" that was not encoded arrives as a blank.
    let text = text.replace(' ', "+");
    let parsed = DateTime::parse_from_rfc3339(&text).or_else(|_| DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    match parsed {
        Ok(moment) => Ok(moment.with_timezone(&Utc).timestamp_millis()),
        Err(_) => Err(ApiError::bad("INVALID_PARAMETER_VALUE", format!("{name} is no date: {text}"))),
    }
}
