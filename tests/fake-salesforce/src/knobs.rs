//! The knobs of this fake, by name, with JSON values: `POST /_control/knobs/{name}`.
//!
//! Users and rows are named by Salesforce ids, by the ids that a test seeded them with, users also by user name or as `"admin"`. A knob that
//! collects things (rules, locks, answers) adds with an object and forgets all with `null`. Unless told, the answer is `null`.
//!
//! | knob | value |
//! |---|---|
//! | `quota` | `{"max": 15000, "left": 3}`, each optional: API calls in 24 hours, and how many of them are left. Answers `{"max", "left", "used"}` |
//! | `limit-info-more` | `"api-bursts=1/750"` or `null`: further items of `Sforce-Limit-Info` |
//! | `composite-graph-counts` | `"one"`, `"each"`: is a request of several graphs one call, or as many as it has graphs |
//! | `answer-next` | `{"route": "query", "method": "GET", "status": 503, "body": ..., "content-type": "...", "headers": {"name": "value"}, "times": 2}`: only `status` is required; `times` 1 if absent, `null` for ever. A route that begins with `/` is the beginning of a path, any other one of what stands below the version, none is any request. `null` forgets all |
//! | `html-503` | `{"times": 2, "route": "query"}`, each optional: the edge's page instead of an answer |
//! | `server-unavailable` | the same: 503 `SERVER_UNAVAILABLE` as JSON |
//! | `concurrent-limit` | `{"times": 2, "route": "query", "long": false}`, each optional: 403 `REQUEST_LIMIT_EXCEEDED` for too many requests at once; `long`: "ConcurrentPerOrgLongTxn" |
//! | `api-disabled` | `{"code": "API_DISABLED_FOR_ORG", "message": "...", "bare": true}`, each optional: the edition has no API; `bare`: one object instead of a list. `null`: it has |
//! | `page-size` | `200`: rows in a page of a query, unless the request wishes another |
//! | `cursor-life-ms` | `172800000` |
//! | `close-cursors` | `null`: all query cursors are stale now |
//! | `expire-access-tokens` | `null` (all), `{"user": "..."}` or `{"token": "00D..."}`. Answers how many |
//! | `kill-refresh-tokens` | `null` (all) or `{"user": "..."}`. Answers how many |
//! | `revoke-approvals` | `{"client_id": "...", "user": "..."}`, each optional. Answers how many |
//! | `rotate-refresh-tokens` | `true`, `false`: of the app of the tests |
//! | `auto-approve` | `"admin"`, a user name or `null`: who approves every app without a page |
//! | `instance-url` | `"http://127.0.0.1:4712"` or `null`: where the org has moved to |
//! | `oauth-error-next` | `{"endpoint": "refresh", "error": "server_error", "description": "...", "status": 500, "times": 1}`: the last three are optional. `null` forgets all |
//! | `oauth` | any of [`crate::oauth::Knobs`], such as `{"access_token_ms": 60000}`. Answers all of them |
//! | `app` | any of [`crate::oauth::App`], `client_id` for one other than the tests' own; an unknown one is made. Answers all of it but the secret |
//! | `grant` | `"admin"` or another user: opens a session. Answers `{"access_token": "00D...!..."}` |
//! | `sessions`, `approvals` | `null`. Answers the list |
//! | `index-lag-ms` | `180000`: how late the search index is |
//! | `deleted-rows-linger` | `true`, `false`: does the index find deleted rows until the lag is over |
//! | `phone-search` | `"strict"`, `"lenient"` |
//! | `duplicate-rule` | `{"object": "Contact", "mode": "alert", "by": ["phone", "email", "name"], "among": ["Contact"], "name": "...", "message": "..."}`: the last three are optional; mode `"block"` or `"off"`. One for each object; `null` forgets all |
//! | `duplicate-key` | `"duplicateResut"`, `"duplicateResult"` |
//! | `validation-rule` | `{"object": "Task", "field": "Subject", "when": "always", "message": "..."}`; `when` may be `"empty"`, `{"contains": "x"}`, `{"longer-than": 80}`. `null` forgets all |
//! | `row-lock` | `{"times": 2, "object": "Contact"}`, each optional. `null` forgets all |
//! | `trigger-failure` | `{"times": 1, "object": "Task", "message": "..."}`, each optional. `null` forgets all |
//! | `storage-full`, `maintenance` | `true`, `false` |
//! | `object-access` | `{"object": "Lead", "user": "...", "access": "none"}`; or `"read"`; no `user`: everybody. `null` forgets all |
//! | `hidden-field` | `{"object": "Task", "field": "CallObject", "user": "..."}`; no `user`: everybody. `null` forgets all |
//! | `private-objects` | `["Contact", "Lead"]`: rows that only their owners and administrators see |
//! | `private-contacts` | `true`, `false`: are contacts without an account private |
//! | `lead-assignment` | a user or `null`: who gets new leads |
//! | `user` | `{"user": "...", "active": false, "api": true, "admin": true, "view-setup": true, "manage-users": true}`: all but `user` optional |
//! | `convert-lead` | `{"lead": "...", "account": "...", "contact": "..."}`: the last two are optional. Answers `{"account", "contact"}` |
//! | `person-accounts` | `true`: cannot be taken back |
//! | `organization` | `{"OrganizationType": "Enterprise Edition"}`: any text fields of the organisation |
//! | `id-of` | a test's own id. Answers Salesforce's |

#![allow(clippy::unit_arg, reason = "each knob is one line: what it does, and that it has nothing to tell")]

mod answers;
mod org;
mod signing_in;

use crm_fake::ControlError;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};

use crate::{
    fake::FakeSalesforce,
    id::Id,
    rest::{Disabled, Rest},
};

/// What turning a knob gives.
pub(crate) type Turned = Result<Json, ControlError>;

/// Turns a knob.
///
/// # Errors
/// [`ControlError::Unsupported`] if there is no such knob, [`ControlError::Invalid`] if it cannot be turned so.
pub fn turn(fake: &mut FakeSalesforce, now_ms: u64, name: &str, value: Json) -> Turned {
    let rest = &mut fake.rest;
    match name {
        "quota" => quota(rest, now_ms, value),
        "limit-info-more" => done(rest.limit_info_more = header_text(value)?),
        "composite-graph-counts" => match read::<String>(value)?.as_str() {
            "one" => done(rest.each_graph_counts = false),
            "each" => done(rest.each_graph_counts = true),
            _ => Err(invalid("`one` or `each`")),
        },
        "api-disabled" => done(rest.disabled = api_disabled(value)?),
        "page-size" => match read::<usize>(value)? {
            0 => Err(invalid("a page has at least one row")),
            size => done(rest.cursors.page = size),
        },
        "cursor-life-ms" => done(rest.cursors.life_ms = read(value)?),
        "close-cursors" => {
            nothing(&value)?;
            done(rest.cursors.close_all())
        }
        "answer-next" | "html-503" | "server-unavailable" | "concurrent-limit" => answers::turn(fake, name, value),
        "id-of" => {
            let given: String = read(value)?;
            let id = fake.id_of(&given).ok_or_else(|| invalid(&format!("there is no row {given}")))?;
            Ok(id.to_string().into())
        }
        _ => match signing_in::turn(fake, now_ms, name, &value) {
            Some(turned) => turned,
            None => org::turn(fake, now_ms, name, value),
        },
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    max: Option<u64>,
    left: Option<u64>,
}

fn quota(rest: &mut Rest, now_ms: u64, value: Json) -> Turned {
    let Quota { max, left } = read(value)?;
    // Nothing changes if anything is wrong.
    if left.is_some_and(|left| left > max.unwrap_or(rest.usage.max())) {
        return Err(invalid("`left` cannot be above `max`"));
    }
    if let Some(max) = max {
        rest.usage.set_max(max);
    }
    if let Some(left) = left {
        rest.usage.set_left(left);
    }
    let usage = &mut rest.usage;
    Ok(json!({ "max": usage.max(), "left": usage.left(now_ms), "used": usage.used(now_ms) }))
}

fn api_disabled(value: Json) -> Result<Option<Disabled>, ControlError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        code: Option<String>,
        message: Option<String>,
        #[serde(default)]
        bare: bool,
    }
    let given: Option<Given> = read(value)?;
    Ok(given.map(|given| Disabled {
        code: given.code.unwrap_or_else(|| "API_DISABLED_FOR_ORG".to_owned()),
        message: given.message.unwrap_or_else(|| "The REST API is not enabled for this Organization.".to_owned()),
        bare: given.bare,
    }))
}

fn header_text(value: Json) -> Result<Option<String>, ControlError> {
    let text: Option<String> = read(value)?;
    match &text {
        Some(text) if http::HeaderValue::from_str(text).is_err() => Err(invalid("no header can hold this")),
        _ => Ok(text),
    }
}

/// A user that the value names.
pub(crate) fn user(fake: &FakeSalesforce, name: &str) -> Result<Id, ControlError> {
    fake.user_of(name).ok_or_else(|| invalid(&format!("there is no user {name}")))
}

/// A user that the value may name.
pub(crate) fn some_user(fake: &FakeSalesforce, name: Option<&String>) -> Result<Option<Id>, ControlError> {
    name.map(|name| user(fake, name)).transpose()
}

/// Reads the value of a knob.
pub(crate) fn read<T: DeserializeOwned>(value: Json) -> Result<T, ControlError> {
    serde_json::from_value(value).map_err(|why| ControlError::Invalid(why.to_string()))
}

/// The knob has been turned and has nothing to tell.
#[allow(clippy::unnecessary_wraps, reason = "so that each knob is one line")]
pub(crate) fn done((): ()) -> Turned {
    Ok(Json::Null)
}

/// A value that must be null.
pub(crate) fn nothing(value: &Json) -> Result<(), ControlError> {
    if value.is_null() { Ok(()) } else { Err(invalid("this knob takes null")) }
}

/// What makes no sense.
pub(crate) fn invalid(why: &str) -> ControlError {
    ControlError::Invalid(why.to_owned())
}
