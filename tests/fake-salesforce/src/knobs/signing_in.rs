//! Knobs of apps, tokens and sessions.

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{Turned, done, invalid, nothing, read, some_user, user};
use crate::{
    fake::FakeSalesforce,
    oauth::{App, Knobs, NextError, TEST_CLIENT_ID},
};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Which {
    user: Option<String>,
    token: Option<String>,
    client_id: Option<String>,
}

/// Turns a knob of signing in; None: it is none of these.
pub(super) fn turn(fake: &mut FakeSalesforce, now_ms: u64, name: &str, value: &Json) -> Option<Turned> {
    let value = value.clone();
    Some(match name {
        "expire-access-tokens" => expire(fake, value),
        "kill-refresh-tokens" => which(value).and_then(|Which { user, token, client_id }| {
            if token.is_some() || client_id.is_some() {
                return Err(invalid("this knob takes a `user` alone"));
            }
            let user = some_user(fake, user.as_ref())?;
            Ok(fake.auth.kill_refresh_tokens(user).into())
        }),
        "revoke-approvals" => which(value).and_then(|Which { user, token, client_id }| {
            if token.is_some() {
                return Err(invalid("this knob takes no `token`"));
            }
            let user = some_user(fake, user.as_ref())?;
            Ok(fake.auth.revoke_approvals(client_id.as_deref().unwrap_or(TEST_CLIENT_ID), user).into())
        }),
        "rotate-refresh-tokens" => app(fake, json!({ "rotate_refresh_tokens": value })).map(|_| Json::Null),
        "auto-approve" => read::<Option<String>>(value).and_then(|name| {
            some_user(fake, name.as_ref())?;
            done(fake.auth.knobs_mut().auto_approve = name)
        }),
        "instance-url" => read::<Option<String>>(value).and_then(|url| {
            address(url.as_deref())?;
            done(fake.auth.knobs_mut().instance_url = url)
        }),
        "oauth-error-next" => next_error(fake, value),
        "oauth" => oauth(fake, value),
        "app" => app(fake, value),
        "grant" => read::<String>(value).and_then(|name| {
            let user = user(fake, &name)?;
            Ok(json!({ "access_token": fake.auth.grant(&fake.org, now_ms, user) }))
        }),
        "sessions" => nothing(&value).map(|()| json!(fake.auth.sessions(&fake.org, now_ms))),
        "approvals" => nothing(&value).map(|()| json!(fake.auth.approvals())),
        _ => return None,
    })
}

fn which(value: Json) -> Result<Which, crm_fake::ControlError> {
    Ok(read::<Option<Which>>(value)?.unwrap_or_default())
}

fn expire(fake: &mut FakeSalesforce, value: Json) -> Turned {
    let Which { user, token, client_id } = which(value)?;
    if client_id.is_some() {
        return Err(invalid("this knob takes no `client_id`"));
    }
    if let Some(token) = token {
        return Ok(usize::from(fake.auth.expire(&token)).into());
    }
    let user = some_user(fake, user.as_ref())?;
    Ok(fake.auth.expire_all(user).into())
}

fn next_error(fake: &mut FakeSalesforce, value: Json) -> Turned {
    let Json::Object(mut given) = value else {
        nothing(&value)?;
        return done(fake.auth.knobs_mut().next_errors.clear());
    };
    for (name, usual) in [("description", json!("")), ("status", json!(400)), ("times", json!(1))] {
        given.entry(name).or_insert(usual);
    }
    let error: NextError = read(Json::Object(given))?;
    if error.times == 0 || !(200..=599).contains(&error.status) {
        return Err(invalid("`times` must be at least 1, `status` 200 to 599"));
    }
    done(fake.auth.next_error(error))
}

/// Changes some of the knobs and keeps the others.
fn oauth(fake: &mut FakeSalesforce, value: Json) -> Turned {
    let changed = object(value)?;
    let knobs: Knobs = read(merged(json!(fake.auth.knobs()), changed))?;
    address(knobs.instance_url.as_deref())?;
    some_user(fake, knobs.auto_approve.as_ref())?;
    *fake.auth.knobs_mut() = knobs;
    Ok(json!(fake.auth.knobs()))
}

fn app(fake: &mut FakeSalesforce, value: Json) -> Turned {
    let mut changed = object(value)?;
    let client_id = match changed.remove("client_id") {
        None => TEST_CLIENT_ID.to_owned(),
        Some(name) => read(name)?,
    };
    let known = fake.auth.apps().iter().find(|app| app.client_id == client_id).cloned();
    let known = known.unwrap_or_else(|| App { client_id: client_id.clone(), ..App::default() });
    let says_secret = changed.contains_key("client_secret");
    let mut app: App = read(merged(json!(known), changed))?;
    // A secret is never shown, so it does not come back from the known ones by itself.
    if !says_secret {
        app.client_secret = known.client_secret;
    }
    let told = json!(app);
    fake.auth.put_app(app);
    Ok(told)
}

/// Clients go where `instance_url` sends them, and put paths behind it.
fn address(url: Option<&str>) -> Result<(), crm_fake::ControlError> {
    let sound = url.is_none_or(|url| {
        let parsed = url.parse::<http::Uri>().ok();
        let sound =
            parsed.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty()));
        sound && !url.ends_with('/') && !url.contains('?')
    });
    if sound { Ok(()) } else { Err(invalid("an address begins with http:// or https:// and ends without `/`")) }
}

fn object(value: Json) -> Result<Map<String, Json>, crm_fake::ControlError> {
    match value {
        Json::Object(object) => Ok(object),
        Json::Null => Ok(Map::new()),
        _ => Err(invalid("this knob takes an object")),
    }
}

fn merged(mut known: Json, changed: Map<String, Json>) -> Json {
    if let Some(known) = known.as_object_mut() {
        known.extend(changed);
    }
    known
}
