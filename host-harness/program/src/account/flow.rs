//! The way through the pages of `connect`: from what is approved to the CRM and back. No socket, no clock.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{COOKIE, HOST, SET_COOKIE};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use pbx_crm_host::account::CrmAccount;
use pbx_crm_host::account::opening::{Opened, Opening};
use pbx_crm_host::account::trouble::Trouble;
use pbx_crm_host::credential::entropy::{Entropy, SystemEntropy};
use pbx_crm_host::credential::problem::{Kind, Problem};
use pbx_crm_host::credential::secret::Secret;

use super::page::{Page, Pages, STYLE_PATH};

/// The cookie that ties a browser to what it has begun.
const SESSION: &str = "pbx-crm-connect";
/// Browsers that may be at it at the same time; the oldest makes room.
const MOST_SESSIONS: usize = 20;
/// Where the result stands, behind the path of the callback: an address without a code in it.
const RESULT: &str = "/result";
/// The parameter of the printed address.
const KEY: &str = "key";

/// How a connect ended.
pub type Ended = Result<Opened, Trouble>;

/// One account being connected.
pub struct Flow {
    account: Arc<CrmAccount>,
    opening: Opening,
    on_premises: Vec<String>,
    pages: Pages,
    /// Path of the callback and of the first page.
    path: String,
    /// Hosts by which a browser may call this page; any other was brought here by somebody else's name.
    hosts: Vec<String>,
    secure: bool,
    /// Stands in the address that was printed: who has it reads the administrator's terminal.
    key: Secret,
    sessions: Mutex<Vec<Session>>,
    /// Held by the browser tab that begins or finishes: the others wait and see what came of it.
    working: Mutex<()>,
    ended: Mutex<State>,
    changed: Condvar,
}

/// A browser.
struct Session {
    id: Secret,
    /// Comes back with the form: nobody else's page knows it.
    form: Secret,
}

#[derive(Default)]
struct State {
    ended: Option<Ended>,
    /// Nobody waits for it any more: nothing is begun or finished.
    over: bool,
    /// The browser has seen it.
    shown: bool,
}

impl Flow {
    /// `hosts` with their ports, such as "localhost:8750".
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn new(
        account: Arc<CrmAccount>,
        opening: Opening,
        on_premises: Vec<String>,
        pages: Pages,
        path: &str,
        hosts: Vec<String>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            key: random()?,
            secure: opening.redirect_uri.starts_with("https:"),
            account,
            opening,
            on_premises,
            pages,
            path: path.to_owned(),
            hosts,
            sessions: Mutex::default(),
            working: Mutex::default(),
            ended: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// The address to print. Only who has it gets a session: others on this machine, or on the network where the callback has a public
    /// name, could otherwise connect an account of their own.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}?{KEY}={}", self.opening.redirect_uri, self.key.expose())
    }

    /// Answers a browser. May take as long as the CRM does.
    pub fn answer(&self, request: &Request<Vec<u8>>, now: u64) -> Page {
        if !self.is_called_by_its_name(request) {
            return self.not_found();
        }
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        // A final "/" belongs to the callback address in some apps.
        let rest = path.strip_prefix(&self.path).map(|rest| if rest == "/" { "" } else { rest });
        match (request.method(), rest) {
            (&Method::GET, Some("")) if is_callback(query) => self.callback(request, query, now),
            (&Method::GET, Some("")) => match form_field(query.as_bytes(), KEY) {
                Some(key) => self.admit(request, &key),
                None => self.first_page(request),
            },
            (&Method::POST, Some("")) => self.begin(request, now),
            (&Method::GET, Some(RESULT)) => self.result(request),
            (&Method::GET, Some(STYLE_PATH)) => self.pages.style(),
            _ => self.not_found(),
        }
    }

    /// Waits until it has ended, one way or the other; none: it has not, and it will not any more. Who is just being answered is waited for.
    pub fn wait(&self, most: Duration) -> Option<Ended> {
        let state = self.state();
        drop(self.changed.wait_timeout_while(state, most, |state| state.ended.is_none()));
        let _nobody_works = lock(&self.working);
        let mut state = self.state();
        state.over = true;
        state.ended.clone()
    }

    /// Waits until the browser has been told.
    pub fn wait_until_shown(&self, most: Duration) {
        let state = self.state();
        let _shown_or_late = self.changed.wait_timeout_while(state, most, |state| !state.shown);
    }

    /// Gives a browser that has the printed address its session, and takes the key out of the address.
    fn admit(&self, request: &Request<Vec<u8>>, key: &str) -> Page {
        let bare = self.pages.elsewhere(self.home());
        if self.known(request).is_some() {
            return bare;
        }
        if !self.key.is(key) {
            return self.bad_request();
        }
        let (Ok(id), Ok(form)) = (random(), random()) else { return self.not_found() };
        let mut page = bare;
        let secure = if self.secure { "; Secure" } else { "" };
        // Lax: the CRM's page leads back here.
        let value = format!("{SESSION}={}; Path={}; HttpOnly; SameSite=Lax{secure}", id.expose(), self.home());
        if let Ok(mut value) = HeaderValue::from_str(&value) {
            value.set_sensitive(true);
            page.headers_mut().insert(SET_COOKIE, value);
        }
        let mut sessions = lock(&self.sessions);
        if sessions.len() >= MOST_SESSIONS {
            sessions.remove(0);
        }
        sessions.push(Session { id, form });
        page
    }

    fn first_page(&self, request: &Request<Vec<u8>>) -> Page {
        match self.known(request) {
            Some((_, form)) => self.pages.connect(&self.account, &self.opening, &self.on_premises, form.expose()),
            None => self.bad_request(),
        }
    }

    fn begin(&self, request: &Request<Vec<u8>>, now: u64) -> Page {
        let form = form_field(request.body(), "form").unwrap_or_default();
        let from_elsewhere =
            request.headers().get(HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site != "same-origin" && site != "none");
        let Some(session) = self.known(request).filter(|(_, known)| known.is(&form) && !from_elsewhere) else {
            return self.bad_request();
        };
        let _alone = lock(&self.working);
        if self.is_over() {
            return self.result(request);
        }
        match self.account.begin(&self.opening, session.0.expose(), now) {
            Ok(url) => self.pages.elsewhere(&url),
            Err(trouble) => {
                self.end(Err(trouble));
                self.result(request)
            }
        }
    }

    fn callback(&self, request: &Request<Vec<u8>>, query: &str, now: u64) -> Page {
        let Some((session, _)) = self.known(request) else { return self.bad_request() };
        let _alone = lock(&self.working);
        let result = format!("{}{RESULT}", self.path);
        if self.is_over() {
            return self.pages.elsewhere(&result);
        }
        match self.account.finish(query, session.expose(), now) {
            // It belongs to nothing that was begun: nobody is told more, and whoever is on the way goes on.
            Err(trouble) if trouble.id() == Kind::UnknownCallback.id() => {
                tracing::warn!("a callback that belongs to no sign-in was refused");
                let reason = self.account.tell(&trouble, self.pages.words().language());
                self.pages.refused(StatusCode::BAD_REQUEST, self.crm(), &reason, "page.bad-request")
            }
            ended => {
                self.end(ended);
                self.pages.elsewhere(&result)
            }
        }
    }

    fn result(&self, request: &Request<Vec<u8>>) -> Page {
        if self.known(request).is_none() {
            return self.bad_request();
        }
        let mut state = self.state();
        let page = match &state.ended {
            None if state.over => return self.bad_request(),
            None => return self.pages.elsewhere(self.home()),
            Some(Ok(opened)) => {
                let words = |message| self.account.connectors_words(message, self.pages.words().language());
                self.pages.connected(self.crm(), opened, &opened.warnings.iter().map(words).collect::<Vec<_>>())
            }
            Some(Err(trouble)) => {
                let reason = self.account.tell(trouble, self.pages.words().language());
                self.pages.refused(StatusCode::OK, self.crm(), &reason, "page.again")
            }
        };
        state.shown = true;
        self.changed.notify_all();
        page
    }

    fn end(&self, ended: Ended) {
        let mut state = self.state();
        // The first counts: it may have been told already.
        if state.ended.is_none() {
            state.ended = Some(ended);
            self.changed.notify_all();
        }
    }

    fn is_over(&self) -> bool {
        let state = self.state();
        state.over || state.ended.is_some()
    }

    /// The browser's session and the secret of its form.
    fn known(&self, request: &Request<Vec<u8>>) -> Option<(Secret, Secret)> {
        let cookie = cookie(request)?;
        let sessions = lock(&self.sessions);
        sessions.iter().find(|session| session.id.is(cookie)).map(|session| (session.id.clone(), session.form.clone()))
    }

    /// A page of somebody else can give this machine any name; then the name betrays it.
    fn is_called_by_its_name(&self, request: &Request<Vec<u8>>) -> bool {
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        hosts.next().is_none() && host.is_some_and(|host| self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)))
    }

    fn bad_request(&self) -> Page {
        let reason = self.pages.words().say("page.bad-request", &[]);
        self.pages.refused(StatusCode::BAD_REQUEST, self.crm(), &reason, "page.close")
    }

    fn not_found(&self) -> Page {
        let reason = self.pages.words().say("page.not-found", &[]);
        self.pages.refused(StatusCode::NOT_FOUND, self.crm(), &reason, "page.close")
    }

    fn home(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    fn crm(&self) -> &str {
        &self.account.connector().description().name
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.ended)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_callback(query: &str) -> bool {
    fields(query.as_bytes()).any(|(name, _)| ["code", "error", "state"].contains(&name.as_str()))
}

fn fields(form: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    url::form_urlencoded::parse(form).into_owned()
}

fn form_field(form: &[u8], name: &str) -> Option<String> {
    fields(form).find(|(known, _)| known == name).map(|(_, value)| value)
}

fn cookie(request: &Request<Vec<u8>>) -> Option<&str> {
    let all = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).find_map(|pair| pair.trim().strip_prefix(SESSION)?.strip_prefix('='))
}

/// 256 bits that nobody can guess.
fn random() -> Result<Secret, Problem> {
    let mut bytes = [0_u8; 32];
    SystemEntropy.fill(&mut bytes)?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}
