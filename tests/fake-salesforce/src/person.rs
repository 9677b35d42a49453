//! A person with a browser, who signs in and answers the question whether an app may have access. For tests and demonstrations: nothing
//! here knows more of the org than its pages say.

mod page;

use http::{Request, Response, StatusCode, Uri, header};

use crate::oauth::form;
use page::{Form, Page};

/// Most pages and redirects on the way from the app to its callback; a browser gives up after more, too.
const STEPS: usize = 20;
/// The button of the consent page that allows.
const ALLOW: &str = "oaapprove";
/// The one that denies.
const DENY: &str = "oadeny";
/// The login page's field for the username.
const USERNAME: &str = "un";

/// Opens an app's authorise URL, signs in, and allows or denies the access. Gives the address at the app to which the browser is sent in
/// the end, with the code or the error in it; that address is not opened.
///
/// `exchange` sends one request, with an absolute address, and gives its answer without following redirects.
///
/// # Errors
/// A sentence, if a page does not offer what the person wants to do, or the way leads elsewhere.
pub fn approve(
    exchange: &mut dyn FnMut(Request<Vec<u8>>) -> Response<Vec<u8>>,
    authorise_url: &str,
    username: &str,
    password: &str,
    allow: bool,
) -> Result<String, String> {
    let mut browser = Browser::at(authorise_url, exchange)?;
    let query = authorise_url.split_once('?').map_or("", |(_, query)| query);
    let app = form::Form::read(query).get("redirect_uri").ok_or("the authorise URL names no redirect_uri")?.to_owned();
    let mut signed_in = false;
    let mut next = Request::get(authorise_url).body(Vec::new()).map_err(|why| format!("no address: {authorise_url}: {why}"))?;
    for _ in 0..STEPS {
        let response = browser.open(next)?;
        if let Some(place) = location(&response)? {
            if leads_to(&place, &app) {
                return Ok(place);
            }
            next = browser.follow(&place)?;
            continue;
        }
        let page = Page::read(&String::from_utf8_lossy(response.body()));
        next = if let Some(form) = page.form_with_button(ALLOW) {
            let button = if allow { ALLOW } else { DENY };
            browser.submit(form, form.pressed(button)?)?
        } else if let Some(form) = page.form_with_field(USERNAME) {
            if signed_in {
                return Err(format!("{username} was not let in: {}", page.said()));
            }
            signed_in = true;
            browser.submit(form, form.filled(&[(USERNAME, username), ("pw", password)])?)?
        } else {
            return Err(format!("status {}: {}", response.status().as_u16(), page.said()));
        };
    }
    Err(format!("more than {STEPS} pages and redirects, and still not at {app}"))
}

/// Cookies of one host, and the way to it.
struct Browser<'a> {
    exchange: &'a mut dyn FnMut(Request<Vec<u8>>) -> Response<Vec<u8>>,
    /// `https://login.example`, without a final "/".
    origin: String,
    host: String,
    cookies: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    fn at(url: &str, exchange: &'a mut dyn FnMut(Request<Vec<u8>>) -> Response<Vec<u8>>) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|why| format!("no address: {url}: {why}"))?;
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.authority()) else {
            return Err(format!("no whole address: {url}"));
        };
        Ok(Self { exchange, origin: format!("{scheme}://{host}"), host: host.to_string(), cookies: Vec::new() })
    }

    /// Sends a request with the cookies, and keeps those that come back.
    fn open(&mut self, mut request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, String> {
        let text = |text: &str| text.parse().map_err(|_| format!("not fit for a header: {text}"));
        request.headers_mut().insert(header::HOST, text(&self.host)?);
        if !self.cookies.is_empty() {
            let all: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers_mut().insert(header::COOKIE, text(&all.join("; "))?);
        }
        let response = (self.exchange)(request);
        for line in response.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().map_err(|_| "a cookie is no text")?;
            let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
            let Some((name, value)) = pair.trim().split_once('=') else { continue };
            self.cookies.retain(|(known, _)| known != name);
            if !rest.split(';').any(|part| part.trim().eq_ignore_ascii_case("max-age=0")) {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(response)
    }

    /// The request that a redirect asks for. The cookies belong to one host, so it must not lead to another.
    fn follow(&self, place: &str) -> Result<Request<Vec<u8>>, String> {
        let url = self.absolute(place).ok_or_else(|| format!("a redirect leads neither into the org nor to the app: {place}"))?;
        Request::get(&url).body(Vec::new()).map_err(|why| format!("no address: {url}: {why}"))
    }

    fn submit(&self, form: &Form, fields: Vec<(String, String)>) -> Result<Request<Vec<u8>>, String> {
        let url = self.absolute(&form.action).ok_or_else(|| format!("a form leads out of the org: {}", form.action))?;
        let body = form::encode(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let request = Request::post(&url).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body(body.into_bytes()).map_err(|why| format!("no address: {url}: {why}"))
    }

    fn absolute(&self, place: &str) -> Option<String> {
        if place.starts_with('/') && !place.starts_with("//") {
            return Some(format!("{}{place}", self.origin));
        }
        place.strip_prefix(&self.origin).filter(|rest| rest.starts_with('/')).map(|_| place.to_owned())
    }
}

/// Where a redirect leads; None: the answer is none.
fn location(response: &Response<Vec<u8>>) -> Result<Option<String>, String> {
    if !matches!(response.status(), StatusCode::FOUND | StatusCode::SEE_OTHER | StatusCode::MOVED_PERMANENTLY) {
        return Ok(None);
    }
    let place = response.headers().get(header::LOCATION).and_then(|place| place.to_str().ok()).ok_or("a redirect to nowhere")?;
    Ok(Some(place.to_owned()))
}

/// Is it the app's callback, with parameters?
fn leads_to(place: &str, app: &str) -> bool {
    place.strip_prefix(app).is_some_and(|rest| rest.starts_with(['?', '&']) || rest.is_empty())
}
