//! Token requests and what comes back: sent by the rules of OAuth, believed only where signature and addresses are right.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, ExtraTokenFields,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Sha256;

use super::connection::Client;
use super::endpoint::{ExchangeFailed, MOST_BYTES, TokenEndpoint};
use super::problem::{Kind, Problem};
use super::secret::Secret;
use super::terms::{OAuthTerms, Pinned};
use super::verdict::{self, Asked};
use crate::egress::mask::mask_text;
use crate::egress::target::{OnPremises, Origin};

/// No server gives a longer token; a header section with one must still fit.
const MOST_TOKEN_BYTES: usize = 8 * 1024;

/// A token answer that may be believed.
pub(super) struct TokenAnswer {
    pub(super) access: Secret,
    pub(super) refresh: Option<Secret>,
    pub(super) scopes: Option<Vec<String>>,
    pub(super) api: Option<Origin>,
    pub(super) token_host: Option<Origin>,
    pub(super) organisation: Option<String>,
}

/// No such answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// The CRM has said something, or nothing was sent.
    #[error("{0}")]
    Told(Problem),
    /// It may have done what was asked.
    #[error("{0}")]
    Unclear(Problem),
}

impl Failed {
    pub(super) fn problem(self) -> Problem {
        match self {
            Self::Told(problem) | Self::Unclear(problem) => problem,
        }
    }
}

/// The properties of a token answer beside those that every one has. Some are secrets (`id_token`): nothing shows them.
#[derive(Deserialize, Serialize)]
struct Properties {
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl std::fmt::Debug for Properties {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[properties]")
    }
}

impl ExtraTokenFields for Properties {}

type Answer = StandardTokenResponse<Properties, BasicTokenType>;
type OAuth = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Parameters that no connector may set for us.
const OURS: [&str; 12] = [
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "response_type",
    "scope",
    "state",
];

fn others(parameters: &[(String, String)]) -> impl Iterator<Item = (String, String)> + '_ {
    parameters.iter().filter(|(name, _)| !OURS.contains(&name.as_str())).cloned()
}

fn client(terms: &OAuthTerms, client: &Client, login: &Origin, token_host: &Origin) -> Result<OAuth, Problem> {
    let unusable = |_| Problem::about(Kind::LoginHost, &terms.vendor).with("host", login.host());
    let auth = AuthUrl::new(login.join(&terms.authorise_path)).map_err(unusable)?;
    let token = TokenUrl::new(token_host.join(&terms.token_path)).map_err(unusable)?;
    let made = oauth2::Client::new(ClientId::new(client.id.clone()))
        .set_auth_type(if terms.client_in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
        .set_auth_uri(auth)
        .set_token_uri(token);
    Ok(match &client.secret {
        Some(secret) => made.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
        None => made,
    })
}

/// Where the administrator's browser is sent.
pub(super) fn authorise_url(
    terms: &OAuthTerms,
    asker: &Client,
    login: &Origin,
    redirect: &RedirectUrl,
    state: &Secret,
    verifier: &Secret,
) -> Result<String, Problem> {
    let oauth = client(terms, asker, login, login)?;
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.expose().to_owned()));
    let state = CsrfToken::new(state.expose().to_owned());
    let mut request = oauth.authorize_url(|| state).set_pkce_challenge(challenge).set_redirect_uri(std::borrow::Cow::Borrowed(redirect));
    if !terms.scopes.is_empty() {
        // Joined already: the crate knows blanks alone.
        request = request.add_scope(Scope::new(terms.scope()));
    }
    for (name, value) in others(&terms.authorise_parameters) {
        request = request.add_extra_param(name, value);
    }
    Ok(request.url().0.into())
}

/// Asks a token endpoint.
pub(super) struct Asker<'a> {
    pub(super) terms: &'a OAuthTerms,
    pub(super) on_premises: &'a OnPremises,
    pub(super) client: &'a Client,
    pub(super) login: &'a Origin,
    pub(super) token_host: &'a Origin,
    pub(super) endpoint: &'a dyn TokenEndpoint,
    pub(super) time_left: Duration,
}

impl Asker<'_> {
    /// Tokens for a code.
    pub(super) fn code(&self, code: Secret, verifier: Secret, redirect: RedirectUrl) -> Result<TokenAnswer, Failed> {
        let oauth = client(self.terms, self.client, self.login, self.token_host).map_err(Failed::Told)?.set_redirect_uri(redirect);
        let mut request = oauth
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()));
        for (name, value) in others(&self.terms.token_parameters) {
            request = request.add_extra_param(name, value);
        }
        self.read(request.request(&|sent| self.send(sent, Asked::Code, &[&code, &verifier])))
    }

    /// A new access token.
    pub(super) fn refresh(&self, token: &Secret) -> Result<TokenAnswer, Failed> {
        let oauth = client(self.terms, self.client, self.login, self.token_host).map_err(Failed::Told)?;
        let sent_token = RefreshToken::new(token.expose().to_owned());
        let mut request = oauth.exchange_refresh_token(&sent_token);
        for (name, value) in others(&self.terms.token_parameters) {
            request = request.add_extra_param(name, value);
        }
        self.read(request.request(&|sent| self.send(sent, Asked::Refresh, &[token])))
    }

    /// `secrets` are in the request, beside the client's own.
    fn send(&self, request: Request<Vec<u8>>, asked: Asked, secrets: &[&Secret]) -> Result<Response<Vec<u8>>, Failed> {
        let answer = self.endpoint.exchange(request, self.time_left).map_err(|why| failed(self.terms, &why))?;
        self.judge(&answer, asked, secrets).map_err(Failed::Told)
    }

    /// A success in the form that RFC 6749 wants, whatever the vendor's is.
    fn judge(&self, answer: &Response<Vec<u8>>, asked: Asked, secrets: &[&Secret]) -> Result<Response<Vec<u8>>, Problem> {
        let status = answer.status();
        let read = if answer.body().len() > MOST_BYTES { None } else { serde_json::from_slice::<Value>(answer.body()).ok() };
        // A login host may repeat what it was sent; its words are stored and shown.
        let quoted = |words: String| {
            let secrets: Vec<&Secret> = secrets.iter().copied().chain(&self.client.secret).collect();
            mask_text(&words, &secrets)
        };
        if !status.is_success() {
            let (error, description) = error_of(read.as_ref(), answer.body(), "error");
            return Err(verdict::of_token_error(self.terms, asked, status, &quoted(error), &quoted(description)));
        }
        let Some(Value::Object(mut properties)) = read else {
            return Err(self.senseless("no JSON object"));
        };
        let error_property = self.terms.error_property.as_deref().unwrap_or("error");
        if properties.get(error_property).is_some_and(|value| !value.is_null()) {
            let (error, description) = error_of(Some(&Value::Object(properties)), &[], error_property);
            return Err(verdict::of_token_error(self.terms, asked, StatusCode::BAD_REQUEST, &quoted(error), &quoted(description)));
        }
        // Whether and when a token expires is told by the refusal of it: a number here is advice, and a strange one no reason to stop.
        properties.remove("expires_in");
        if !properties.get("scope").is_some_and(Value::is_string) {
            properties.remove("scope");
        }
        match properties.get("token_type").map(|kind| kind.as_str().unwrap_or_default().to_ascii_lowercase()) {
            None => {
                properties.insert("token_type".to_owned(), "bearer".into());
            }
            Some(kind) if kind == "bearer" || kind == self.terms.scheme.to_ascii_lowercase() => {}
            Some(_) => return Err(self.senseless("token_type")),
        }
        let body = serde_json::to_vec(&properties).map_err(|_| self.senseless("no JSON object"))?;
        let mut plain = Response::new(body);
        plain.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(plain)
    }

    fn read(&self, answer: Result<Answer, RequestTokenError<Failed, BasicErrorResponse>>) -> Result<TokenAnswer, Failed> {
        let answer = answer.map_err(|why| match why {
            RequestTokenError::Request(failed) => failed,
            // What the crate says of it could quote the answer.
            _ => Failed::Told(self.senseless("access_token")),
        })?;
        self.believe(&answer).map_err(Failed::Told)
    }

    fn believe(&self, answer: &Answer) -> Result<TokenAnswer, Problem> {
        let properties = &answer.extra_fields().others;
        self.check_signature(properties)?;
        let access = self.token(answer.access_token().secret(), "access_token")?;
        let refresh = answer.refresh_token().map(|token| self.token(token.secret(), "refresh_token")).transpose()?;
        let mut believed =
            TokenAnswer { access, refresh, scopes: None, api: None, token_host: None, organisation: self.organisation(properties)? };
        // The crate has split at blanks; a vendor may have others.
        let separators = |sign: char| sign == ' ' || sign == ',';
        believed.scopes = answer.scopes().map(|scopes| {
            let parts = scopes.iter().flat_map(|scope| scope.split(separators));
            parts.filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
        });
        for pin in self.terms.pins.iter().filter(|pin| !pin.from_callback) {
            let Some(told) = properties.get(&pin.name).and_then(Value::as_str) else { continue };
            let origin = self.terms.pinned(pin, told, self.on_premises)?;
            match pin.what {
                Pinned::Api => believed.api = Some(origin),
                Pinned::Token => believed.token_host = Some(origin),
            }
        }
        Ok(believed)
    }

    fn check_signature(&self, properties: &Map<String, Value>) -> Result<(), Problem> {
        let (Some(terms), Some(secret)) = (&self.terms.signature, &self.client.secret) else {
            return Ok(());
        };
        let wrong = || Problem::about(Kind::SignatureWrong, &self.terms.vendor);
        let text = |name: &String| properties.get(name).and_then(Value::as_str).ok_or_else(wrong);
        let signature = STANDARD.decode(text(&terms.property)?).map_err(|_| wrong())?;
        let mut sign = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).map_err(|_| wrong())?;
        for name in &terms.signed {
            sign.update(text(name)?.as_bytes());
        }
        sign.verify_slice(&signature).map_err(|_| wrong())
    }

    fn organisation(&self, properties: &Map<String, Value>) -> Result<Option<String>, Problem> {
        let Some(terms) = &self.terms.organisation else { return Ok(None) };
        let told = properties.get(&terms.property).and_then(Value::as_str);
        let part = match terms.path_segment {
            None => told.map(str::to_owned),
            Some(index) => told
                .and_then(|told| url::Url::parse(told).ok())
                .and_then(|url| url.path_segments().and_then(|mut segments| segments.nth(index)).map(str::to_owned)),
        };
        let named = |part: &String| !part.is_empty() && part.len() <= 255 && part.bytes().all(|sign| sign.is_ascii_graphic());
        part.filter(named).map(Some).ok_or_else(|| self.senseless(&terms.property))
    }

    /// It must fit into a header as it is.
    fn token(&self, text: &str, name: &str) -> Result<Secret, Problem> {
        let usable = !text.is_empty() && text.len() <= MOST_TOKEN_BYTES && text.bytes().all(|sign| sign.is_ascii_graphic());
        if usable { Ok(Secret::new(text)) } else { Err(self.senseless(name)) }
    }

    fn senseless(&self, what: &str) -> Problem {
        Problem::about(Kind::SenselessAnswer, &self.terms.vendor).with("what", what)
    }
}

pub(super) fn failed(terms: &OAuthTerms, why: &ExchangeFailed) -> Failed {
    match why {
        ExchangeFailed::NotSent(words) => Failed::Told(Problem::about(Kind::Unreachable, &terms.vendor).saying(words)),
        ExchangeFailed::Unclear(words) => Failed::Unclear(Problem::about(Kind::AnswerLost, &terms.vendor).saying(words)),
    }
}

/// The CRM's words for an error: from JSON, or from the form that some endpoints answer with; empty where there are none.
pub(super) fn error_of(read: Option<&Value>, body: &[u8], property: &str) -> (String, String) {
    if let Some(Value::Object(properties)) = read {
        let text = |name: &str| properties.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        return (text(property), text("error_description"));
    }
    let form: Vec<(String, String)> = match body {
        form if form.starts_with(b"error=") => url::form_urlencoded::parse(form).into_owned().collect(),
        _ => Vec::new(),
    };
    let text = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default();
    (text("error"), text("error_description"))
}
