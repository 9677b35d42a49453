//! The REST API.
//!
//! [`Rest::respond`] takes what lies under `/services/data`: it finds version and resource, asks for the session, counts the
//! call, lets the resource answer, and writes the answer down with the headers that Salesforce sends. Composite requests come
//! back to [`Rest::dispatch`] with each of their parts.

mod call;
mod collection;
mod composite;
mod delta;
mod desk;
mod objects;
mod query;
mod reference;
mod reply;
mod resource;
mod rows;
mod search;
mod tree;
mod upsert;
mod usage;
mod version;
mod write;

use http::{HeaderMap, Method, Request, Response, header};
use serde_json::{Value as Json, json};

use crate::{
    error::ApiError,
    id::Id,
    limits,
    oauth::{Auth, Session},
    org::{Context, Org},
    value::Value,
};
use call::Call;
use desk::Desk;
pub use query::{CURSOR_MS, Cursors, PAGE};
use reply::{Answer, Reply};
use resource::Resource;
pub use usage::Usage;
use version::Version;
use write::Wishes;

/// Longest address, in bytes (Salesforce limits cheat sheet); a longer one is 414.
const MAX_URI: usize = 16_384;
/// Most bytes of address and headers together; more are 431.
const MAX_HEAD: usize = 16_384;

/// The state of the REST API of one org.
#[derive(Debug, Default)]
pub struct Rest {
    /// API calls made and left.
    pub usage: Usage,
    /// Queries that are being paged through.
    pub cursors: Cursors,
    /// Why the whole API refuses, if it does.
    pub disabled: Option<Disabled>,
    /// Does each graph of a `/composite/graph` count as a call, or all of them together as one? Not documented; the default is one.
    pub each_graph_counts: bool,
    /// Further items of `Sforce-Limit-Info`, such as `api-bursts=1/750`.
    pub limit_info_more: Option<String>,
    /// Calls charged since [`Rest::take_charged`].
    charged: u32,
    /// Answers so far.
    serial: u64,
}

/// Why an org answers no API call: its edition, or who its user is.
#[derive(Clone, Debug)]
pub struct Disabled {
    /// `errorCode`, such as `API_DISABLED_FOR_ORG`.
    pub code: String,
    /// `message`.
    pub message: String,
    /// One bare object instead of a list: both shapes are seen.
    pub bare: bool,
}

/// Where the REST API begins.
const ROOT: &str = "/services/data";

impl Rest {
    /// Answers a request under `/services/data`; None: not one of its paths. `address`: under which this server was asked.
    pub fn respond(
        &mut self,
        org: &mut Org,
        auth: &mut Auth,
        now_ms: u64,
        address: &str,
        request: &Request<Vec<u8>>,
    ) -> Option<Response<Vec<u8>>> {
        let below = request.uri().path().strip_prefix(ROOT).filter(|below| below.is_empty() || below.starts_with('/'))?;
        self.serial = self.serial.saturating_add(1);
        let wishes = Wishes::of(request.headers());
        let below = below.trim_start_matches('/');
        let (reply, told) = if below.is_empty() {
            (version::list(request), false)
        } else {
            match self.admitted(org, auth, now_ms, below, request) {
                Ok((session, call)) => {
                    let context = context(now_ms, &session, request.headers());
                    (self.charged_call(&mut Desk { org, context, address }, &call), true)
                }
                Err(reply) => (reply, false),
            }
        };
        let limit_info = told.then(|| {
            let usage = self.usage.header(now_ms);
            self.limit_info_more.as_ref().map_or_else(|| usage.clone(), |more| format!("{usage}; {more}"))
        });
        let mut response = write::write(reply, wishes, now_ms, self.serial, limit_info);
        if request.method() == Method::HEAD {
            response.body_mut().clear();
        }
        Some(response)
    }

    /// Calls charged since it was last asked.
    pub fn take_charged(&mut self) -> u32 {
        std::mem::take(&mut self.charged)
    }

    /// Who asks for what; or the refusal of somebody who has no session or asks for nothing that there is.
    fn admitted(&self, org: &Org, auth: &mut Auth, now_ms: u64, below: &str, request: &Request<Vec<u8>>) -> Result<(Session, Call), Reply> {
        too_long(request)?;
        let (version, path) = below.split_once('/').unwrap_or((below, ""));
        let version = Version::read(version)?;
        let session = auth.session_of(now_ms, request.headers())?;
        if let Some(disabled) = &self.disabled {
            return Err(disabled.reply());
        }
        if !is_active(org, session.user) {
            return Err(ApiError::new(401, "INVALID_SESSION_ID", "Session expired or invalid").into());
        }
        if !org.permissions(session.user).api {
            return Err(ApiError::new(403, "API_CURRENTLY_DISABLED", "API is disabled for this User").into());
        }
        acceptable(request.headers())?;
        Ok((session, Call::of(version, path, request)?))
    }

    /// Counts a call.
    fn charge(&mut self, now_ms: u64) -> Result<(), ApiError> {
        self.usage.charge(now_ms)?;
        self.charged = self.charged.saturating_add(1);
        Ok(())
    }

    fn charged_call(&mut self, desk: &mut Desk<'_>, call: &Call) -> Reply {
        // A batch costs what its parts cost, and each of them is charged as it comes.
        let is_batch = call.method == Method::POST && matches!(Resource::at(&call.path), Some(Resource::Batch));
        if !is_batch && let Err(why) = self.charge(desk.context.now_ms) {
            return why.into();
        }
        self.dispatch(desk, call)
    }

    /// Lets a resource answer.
    fn dispatch(&mut self, desk: &mut Desk<'_>, call: &Call) -> Reply {
        let Some(resource) = Resource::at(&call.path) else {
            return ApiError::not_found().into();
        };
        if !resource.verbs().contains(&call.method.as_str()) {
            return Reply::wrong_verb(&call.method, resource.verbs());
        }
        self.answer(desk, call, resource).into()
    }

    fn answer(&mut self, desk: &mut Desk<'_>, call: &Call, resource: Resource<'_>) -> Answer {
        match resource {
            Resource::Root => objects::root(desk, call),
            Resource::Limits => self.limits(desk),
            Resource::Query { all } => self.cursors.query(desk, call, all),
            Resource::MoreRows(locator) => self.cursors.more(desk, call, locator),
            Resource::Search => search::search(desk, call, self.serial),
            Resource::ParameterizedSearch => search::parameterized(desk, call, self.serial),
            Resource::Objects => objects::list(desk, call),
            Resource::Object(object) if call.method == Method::POST => rows::create(desk, call, object),
            Resource::Object(object) => objects::brief(desk, call, object),
            Resource::Describe(object) => objects::whole(desk, call, object),
            Resource::Changed { object, deleted } => delta::changed(desk, call, object, deleted),
            Resource::Row { object, id } => rows::row(desk, call, object, id),
            Resource::RowBy { object, field, value } => upsert::row_by(desk, call, object, field, value),
            Resource::Composite => composite::composite(self, desk, call),
            Resource::Batch => composite::batch(self, desk, call),
            Resource::Graph => composite::graph(self, desk, call),
            Resource::Collection => collection::any(desk, call),
            Resource::CollectionOf(object) => collection::read(desk, call, object),
            Resource::CollectionBy { object, field } => collection::upsert_by(desk, call, object, field),
            Resource::Tree(object) => tree::create(desk, call, object),
        }
    }

    /// `GET /limits`: for users who may see the setup.
    fn limits(&mut self, desk: &Desk<'_>) -> Answer {
        if !desk.org.permissions(desk.context.user).view_setup {
            let message = "You do not have the level of access necessary to perform the operation you requested. \
                           Please contact the owner of the record or your administrator if access is necessary.";
            return Err(ApiError::new(403, "INSUFFICIENT_ACCESS", message));
        }
        let now_ms = desk.context.now_ms;
        Ok(Reply::json(200, limits::all(self.usage.max(), self.usage.left(now_ms))))
    }
}

/// A user who has left has no sessions.
fn is_active(org: &Org, user: Id) -> bool {
    let row = org.row(user).zip(org.object("User"));
    row.is_some_and(|(row, object)| !row.is_deleted && matches!(row.named(object, "IsActive"), Value::Boolean(true)))
}

impl Disabled {
    fn reply(&self) -> Reply {
        let error = json!({ "message": self.message, "errorCode": self.code });
        Reply::json(403, if self.bare { error } else { Json::Array(vec![error]) })
    }
}

fn too_long(request: &Request<Vec<u8>>) -> Result<(), ApiError> {
    let uri = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if uri > MAX_URI {
        return Err(ApiError::new(414, "URI_TOO_LONG", "The length of the URI exceeds the 16,384-byte limit."));
    }
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if uri + headers > MAX_HEAD {
        return Err(ApiError::new(
            431,
            "REQUEST_HEADER_FIELDS_TOO_LARGE",
            "The combined length of the URI and headers exceeds the 16,384-byte limit.",
        ));
    }
    Ok(())
}

/// Salesforce also speaks XML; the fake does not, and says so instead of sending what was not asked for.
fn acceptable(headers: &HeaderMap) -> Result<(), ApiError> {
    let accepted: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let takes_json = |kind: &str| ["*/*", "application/*", "application/json"].contains(&kind.to_ascii_lowercase().as_str());
    let kinds = accepted.iter().flat_map(|value| value.split(',')).map(|kind| kind.split(';').next().unwrap_or_default().trim());
    if accepted.is_empty() || kinds.into_iter().any(takes_json) {
        return Ok(());
    }
    Err(ApiError::new(406, "NOT_ACCEPTABLE", format!("The fake answers in JSON alone, not in {}", accepted.join(", "))))
}

/// What the request's headers wish.
fn context(now_ms: u64, session: &Session, headers: &HeaderMap) -> Context {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let duplicates = text("sforce-duplicate-rule-header");
    let wished = |option: &str| {
        duplicates
            .split([';', ','])
            .filter_map(|pair| pair.split_once('='))
            .any(|(name, value)| name.trim().eq_ignore_ascii_case(option) && value.trim().eq_ignore_ascii_case("true"))
    };
    Context {
        now_ms,
        user: session.user,
        allow_save: wished("allowSave"),
        include_record_details: wished("includeRecordDetails"),
        auto_assign: !text("sforce-auto-assign").trim().eq_ignore_ascii_case("false"),
    }
}
