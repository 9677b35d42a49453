//! Which app asks at an endpoint, and is it that app?

use super::{
    Auth,
    answer::OauthError,
    app::App,
    form::{self, Form},
};

impl Auth {
    /// The app that asks: key and secret from the body or from `Authorization: Basic`. `needs_secret`: must this app show its secret here?
    pub(super) fn client(&self, headers: &http::HeaderMap, form: &Form, needs_secret: impl Fn(&App) -> bool) -> Result<App, OauthError> {
        let refused = || OauthError::new("invalid_client", "invalid client credentials");
        let basic = match form::basic(headers) {
            Some(Err(())) => return Err(OauthError::new("invalid_basic_auth_header", "invalid basic authorization header")),
            Some(Ok(pair)) => Some(pair),
            None => None,
        };
        let (basic_key, basic_secret) =
            basic.map_or((None, None), |(key, secret)| (Some(key), Some(secret).filter(|text| !text.is_empty())));
        let key = match (form.get("client_id"), basic_key.as_deref()) {
            (Some(one), Some(other)) if one != other => return Err(refused()),
            (one, other) => one.or(other).ok_or_else(|| OauthError::missing("client_id"))?,
        };
        let decoded = |text: &str| Form::read(&format!("x={}", text.replace('+', "%2B"))).get("x").unwrap_or_default().to_owned();
        let app = self
            .app(key)
            .or_else(|| self.app(&decoded(key)))
            .ok_or_else(|| OauthError::new("invalid_client_id", "client identifier invalid"))?;
        let secret = match (form.get("client_secret"), basic_secret.as_deref()) {
            (Some(one), Some(other)) if one != other => return Err(refused()),
            (one, other) => one.or(other),
        };
        match (secret, app.client_secret.as_deref()) {
            (Some(given), Some(right)) if given == right || decoded(given) == right => Ok(app.clone()),
            (Some(_), _) => Err(refused()),
            (None, _) if needs_secret(app) => Err(refused()),
            (None, _) => Ok(app.clone()),
        }
    }
}
