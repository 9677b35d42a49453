//! `connect`: prints where to go, serves the page, and ends when the browser has come back.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pbx_crm_host::account::opening::{Opened, Opening};
use pbx_crm_host::account::{CrmAccount, terms_of};
use pbx_crm_host::bindings::connector::exports::pbx::crm::description::Auth;
use pbx_crm_host::component::PreparedConnector;
use pbx_crm_host::credential::connection::Client;
use pbx_crm_host::credential::secret::Secret;

use super::enter::{self, Entry};
use super::flow::Flow;
use super::page::Pages;
use super::server::{Port, Server};
use super::words::Words;
use super::{About, AccountError, left, line, now};

/// The client secret, if no file names it.
pub const SECRET_VARIABLE: &str = "PBX_CRM_CLIENT_SECRET";
/// Longest secret in a file, in bytes.
const MOST_SECRET: u64 = 64 * 1024;
/// How long the browser may take: an app must be registered meanwhile, and somebody signs in.
const MINUTES: u64 = 30;
/// How long a browser may take to fetch the page that tells the result.
const LAST_PAGE: Duration = Duration::from_secs(30);

/// What an administrator says.
#[derive(Debug, Clone)]
pub struct Options {
    /// Consumer key; none: the CRM is opened without an app.
    pub client_id: Option<String>,
    /// File with the secret alone; none: the environment, or a question.
    pub client_secret_file: Option<PathBuf>,
    /// Host at which people sign in; none: the first that the connector declares.
    pub login_host: Option<String>,
    /// Address of the callback; none: this machine.
    pub redirect_uri: Option<String>,
    /// Port on loopback; none: that of the callback.
    pub port: Option<u16>,
    /// Addresses marked as on premises.
    pub on_premises: Vec<String>,
    /// Files with the fields of a secret, where the CRM is opened with one.
    pub fields: Vec<(String, PathBuf)>,
    /// What such a connector may do is approved without a question.
    pub yes: bool,
}

/// The port, if nobody says another.
pub const PORT: u16 = 8750;

/// Connects. True: the account is connected.
///
/// # Errors
/// It could not be tried.
pub fn run(about: &About, options: &Options, out: &mut dyn Write) -> Result<bool, AccountError> {
    let words = about.words();
    let connector = about.load()?;
    let (id, crm) = (connector.description().id.clone(), connector.description().name.clone());
    // Told before anybody is asked for a secret, and before a key is made.
    terms_of(connector.description(), &options.on_premises).map_err(|message| about.message(&message))?;
    if let Auth::Secret(secret) = &connector.description().auth {
        let secret = secret.clone();
        let entry = Entry { files: options.fields.clone(), yes: options.yes, on_premises: options.on_premises.clone() };
        return enter::run(about, connector, &secret, &entry, out);
    }
    let Some(client_id) = options.client_id.clone() else {
        return Err(AccountError::Said(words.say("connect.no-client-id", &[("crm", &crm)])));
    };
    if !options.fields.is_empty() {
        return Err(AccountError::Said(super::host_words("account.no-sign-in", &[("crm", &crm), ("why", "--field")], &about.language)));
    }
    let login = options.login_host.clone().or_else(|| first_login(&connector)).unwrap_or_default();
    let secret = secret(about, options.client_secret_file.as_deref(), &words.say("connect.secret", &[("crm", &crm)]), out)?;
    let callback = Callback::of(options, &id)?;
    let opened = about.place()?.open_or_make(now()).map_err(|why| about.said(why))?;
    let account = Arc::new(about.account(connector, opened.store, options.on_premises.clone())?);

    if let Some(file) = &opened.key_made {
        line(out, &words.say("connect.key-made", &[("file", &file.display().to_string())]))?;
    }
    let opening = Opening { login, client: Client { id: client_id, secret }, redirect_uri: callback.uri.clone() };
    let origin = if opening.login.contains("://") { opening.login.clone() } else { format!("https://{}", opening.login) };
    let pages = Pages::new(about.words(), &callback.path, &origin);
    let marks = options.on_premises.clone();
    let flow = Flow::new(Arc::clone(&account), opening, marks, pages, &callback.path, callback.hosts);
    let flow = Arc::new(flow.map_err(|problem| about.problem(&problem))?);
    line(out, &words.say("connect.callback", &[("crm", &crm)]))?;
    line(out, &format!("  {}", callback.uri))?;
    line(out, &words.say("connect.open", &[("crm", &crm)]))?;
    line(out, &format!("  {}", flow.address()))?;
    line(out, &words.say("connect.waiting", &[]))?;
    let answering = Arc::clone(&flow);
    let server = Server::start(callback.port, Arc::new(move |request| answering.answer(request, now())))
        .map_err(|why| AccountError::Io { what: "the page cannot be served".to_owned(), why })?;
    let ended = flow.wait(Duration::from_secs(MINUTES * 60));
    flow.wait_until_shown(LAST_PAGE);
    drop(server);
    match ended {
        Some(Ok(opened)) => {
            left::connected(about, &account)?;
            tell_done(&account, &opened, &words, out)?;
            Ok(true)
        }
        Some(Err(trouble)) => {
            line(out, &account.tell(&trouble, &about.language))?;
            Ok(false)
        }
        None => {
            line(out, &words.say("connect.too-late", &[("crm", &crm), ("minutes", &MINUTES.to_string())]))?;
            Ok(false)
        }
    }
}

/// Tells who is connected now.
pub(super) fn tell_done(account: &CrmAccount, opened: &Opened, words: &Words, out: &mut dyn Write) -> Result<(), AccountError> {
    let who = &opened.who;
    let crm = account.connector().description().name.as_str();
    let about_it = [("crm", crm), ("organisation", &who.organisation_name), ("id", &who.organisation), ("user", &who.user_name)];
    line(out, &words.say(if who.user_name.is_empty() { "connect.done-without-user" } else { "connect.done" }, &about_it))?;
    for warning in &opened.warnings {
        line(out, &format!("! {}", account.connectors_words(warning, words.language())))?;
    }
    Ok(())
}

/// Where the browser comes back to.
struct Callback {
    uri: String,
    path: String,
    port: Port,
    hosts: Vec<String>,
}

impl Callback {
    fn of(options: &Options, connector: &str) -> Result<Self, AccountError> {
        let taken = |why: std::io::Error, number: u16| AccountError::Io {
            what: format!("port {number} of this machine cannot be had; choose another one with --port or --redirect-uri"),
            why,
        };
        let take = |number: u16| Port::take(number).map_err(|why| taken(why, number));
        let Some(uri) = &options.redirect_uri else {
            let port = take(options.port.unwrap_or(PORT))?;
            let origin = format!("http://localhost:{}", port.number());
            let path = format!("/oauth/{connector}");
            let hosts = local(port.number());
            return Ok(Self { uri: format!("{origin}{path}"), path, port, hosts });
        };
        let unusable =
            || AccountError::Said(super::host_words("credential.redirect-setting", &[("address", uri), ("crm", connector)], "en"));
        let read = url::Url::parse(uri).map_err(|_| unusable())?;
        let host = read.host_str().ok_or_else(unusable)?;
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        let port = take(options.port.or(read.port().filter(|_| here)).unwrap_or(PORT))?;
        let mut hosts = local(port.number());
        hosts.push(read.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")));
        let path = read.path().trim_end_matches('/').to_owned();
        Ok(Self { uri: uri.clone(), path, port, hosts })
    }
}

/// The names of this machine for itself.
fn local(port: u16) -> Vec<String> {
    ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("{host}:{port}")).to_vec()
}

fn first_login(connector: &PreparedConnector) -> Option<String> {
    match &connector.description().auth {
        Auth::Oauth2Code(auth) => auth.login_hosts.first().map(|login| login.host.clone()).filter(|host| !host.is_empty()),
        _ => None,
    }
}

/// From the file, the environment, or who sits there. Never from an argument: every user of the machine can read those. None: the person
/// says that there is none.
fn secret(about: &About, file: Option<&Path>, question: &str, out: &mut dyn Write) -> Result<Option<Secret>, AccountError> {
    if let Some(file) = file {
        return secret_of_file(about, file, out).map(Some);
    }
    let text = match std::env::var(SECRET_VARIABLE) {
        // An unset one in a script: it must not make an app without a secret of it.
        Ok(text) if text.trim().is_empty() => {
            return Err(AccountError::Said(about.words().say("connect.secret-empty", &[("place", SECRET_VARIABLE)])));
        }
        Ok(text) => text,
        Err(_) => super::asked::hidden(question).map_err(|why| AccountError::Io { what: "no client secret".to_owned(), why })?,
    };
    let text = Secret::new(text);
    let trimmed = text.expose().trim();
    Ok((!trimmed.is_empty()).then(|| Secret::new(trimmed)))
}

/// What stands alone in a file. Warns where others may read it too.
pub(super) fn secret_of_file(about: &About, file: &Path, out: &mut dyn Write) -> Result<Secret, AccountError> {
    let place = file.display().to_string();
    let failed = |why: std::io::Error| AccountError::Io { what: format!("the secret cannot be read from {place}"), why };
    let mut opened = std::fs::File::open(file).map_err(failed)?;
    if others_may_read(&opened).map_err(failed)? {
        line(out, &format!("! {}", about.words().say("connect.secret-readable", &[("file", &place)])))?;
    }
    let mut text = String::new();
    let read = (&mut opened).take(MOST_SECRET).read_to_string(&mut text);
    let text = Secret::new(text);
    read.map_err(failed)?;
    match text.expose().trim() {
        "" => Err(AccountError::Said(about.words().say("connect.secret-empty", &[("place", &place)]))),
        trimmed => Ok(Secret::new(trimmed)),
    }
}

#[cfg(unix)]
fn others_may_read(file: &std::fs::File) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    // A pipe is nobody else's.
    file.metadata().map(|about| about.is_file() && about.mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_file: &std::fs::File) -> std::io::Result<bool> {
    Ok(false)
}
