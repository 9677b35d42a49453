//! `revoke` and `introspect`.

use http::{Method, Response};
use serde_json::json;

use super::{
    Ask, Auth, Endpoint, ErrorShape,
    answer::{self, OauthError},
    form::Form,
    ledger::alive_until,
    person::Person,
};

impl Auth {
    pub(super) fn revoke(&mut self, ask: Ask<'_>) -> Response<Vec<u8>> {
        let form = Form::of(ask.request);
        match self.revoked(ask, &form) {
            Ok(()) => answer::text(200, ""),
            Err(error) => error.respond(self.knobs.revoke_errors),
        }
    }

    /// A refresh token goes with its access tokens; an access token goes alone.
    fn revoked(&mut self, ask: Ask<'_>, form: &Form) -> Result<(), OauthError> {
        if let Some(next) = self.knobs.take_error(&[Endpoint::Revoke]) {
            return Err(next.into());
        }
        let token = form.get("token").ok_or_else(|| OauthError::missing("token"))?;
        if let Some(number) = self.ledger.refresh_owner(token).map(|owner| owner.number) {
            self.ledger.revoke_approval(number);
            return Ok(());
        }
        if self.ledger.access(ask.now_ms, token, &self.knobs, false).is_some() {
            self.ledger.remove_access(token);
            return Ok(());
        }
        if token.contains('!') || token.starts_with("5Aep861") {
            Err(OauthError::new("invalid_token", format!("invalid token: {token}")))
        } else {
            Err(OauthError::new("unsupported_token_type", "this token type is not supported"))
        }
    }

    pub(super) fn introspect(&mut self, ask: Ask<'_>) -> Response<Vec<u8>> {
        let form = Form::of(ask.request);
        let checked = if ask.request.method() == Method::POST {
            self.knobs.take_error(&[Endpoint::Introspect]).map_or(Ok(()), |next| Err(next.into()))
        } else {
            Err(OauthError::new("invalid_request", "must use POST"))
        };
        let client = checked.and_then(|()| self.client(ask.request.headers(), &form, |app| app.client_secret.is_some()));
        let token = client.and_then(|app| Ok((app, form.get("token").ok_or_else(|| OauthError::missing("token"))?)));
        let (app, token) = match token {
            Ok(pair) => pair,
            Err(error) => return error.respond(ErrorShape::Json),
        };
        let access = self.ledger.access(ask.now_ms, token, &self.knobs, false).cloned();
        let access = access.map(|access| {
            (access.client_id.clone(), access.user, access.scopes.clone(), access.made_ms, Some(alive_until(&access, &self.knobs)))
        });
        let refresh =
            self.ledger.refresh_owner(token).map(|known| (known.client_id.clone(), known.user, known.scopes.clone(), known.made_ms, None));
        let Some((client_id, user, scopes, from_ms, until_ms)) = access.or(refresh).filter(|known| known.0 == app.client_id) else {
            return answer::json_answer(200, &json!({ "active": false }));
        };
        let mut body = json!({
            "active": true,
            "scope": scopes.join(" "),
            "client_id": client_id,
            "username": Person::by_id(ask.org, user).map_or("", |person| person.text("Username")),
            "sub": ask.identity_url(user),
            "token_type": if until_ms.is_some() { "access_token" } else { "refresh_token" },
            "iat": from_ms / 1000,
            "nbf": from_ms / 1000,
        });
        if let (Some(body), Some(until_ms)) = (body.as_object_mut(), until_ms) {
            body.insert("exp".to_owned(), (until_ms / 1000).into());
        }
        answer::json_answer(200, &body)
    }
}
