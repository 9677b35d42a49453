use crm_fake::{Operation, wire};
use http::{Method, Request, header};

/// Most records in one answer.
const MAX_LIMIT: usize = 1_000;
/// Records in an answer to a question without `limit`.
const LIMIT: usize = 50;

/// What a request asks for.
pub enum Asked {
    /// The list of records, for people.
    ListPage,
    /// A record's page, for people.
    RecordPage(String),
    /// Who is this?
    Verify,
    /// Records with one of these numbers (digits).
    ByNumber { numbers: Vec<String>, exact: bool, limit: usize },
    /// Records with this text.
    ByText { text: String, limit: usize },
    /// The record made with this key.
    ByKey(String),
    /// A new record.
    Create,
    /// Calls for the history.
    Write,
    /// Calls with these keys.
    WrittenBy(Vec<String>),
    /// Changes in the history.
    Amend,
    /// Nothing that this service knows: status and reason.
    Refused(u16, String),
}

impl Asked {
    /// Judges method, path, query and content type.
    pub fn of<B>(request: &Request<B>) -> Self {
        read(request).unwrap_or_else(|(status, why)| Self::Refused(status, why))
    }

    /// In the contract's words.
    pub fn operation(&self) -> Operation {
        match self {
            Self::ListPage | Self::RecordPage(_) | Self::Refused(..) => Operation::Other,
            Self::Verify => Operation::Verify,
            Self::ByNumber { exact: false, .. } => Operation::Find,
            Self::ByNumber { exact: true, .. } => Operation::ExactCheck,
            Self::ByText { .. } => Operation::Search,
            Self::ByKey(_) => Operation::FindCreated,
            Self::Create => Operation::Create,
            Self::Write => Operation::Write,
            Self::WrittenBy(_) => Operation::FindWritten,
            Self::Amend => Operation::Amend,
        }
    }
}

type Refusal = (u16, String);

fn read<B>(request: &Request<B>) -> Result<Asked, Refusal> {
    let pairs = wire::query_pairs(request.uri().query().unwrap_or_default()).map_err(bad)?;
    let path = request.uri().path();
    match (request.method(), path) {
        (&Method::GET, "/records") => by(pairs),
        (&Method::GET, "/calls") => keys(pairs),
        _ if !pairs.is_empty() => Err(bad(format!("{} {path} takes no query parameters", request.method()))),
        (&Method::GET, "/") => Ok(if wants_page(request) { Asked::ListPage } else { Asked::Verify }),
        (&Method::GET, _) if path.starts_with("/records/") => Ok(Asked::RecordPage(path.trim_start_matches("/records/").to_owned())),
        (&Method::POST, "/records") => json(request, Asked::Create),
        (&Method::POST, "/calls") => json(request, Asked::Write),
        (&Method::POST, "/calls/amend") => json(request, Asked::Amend),
        (method, "/" | "/records" | "/calls" | "/calls/amend") => Err((405, format!("{method} does not go with {path}"))),
        _ => Err((404, format!("there is nothing at {path}"))),
    }
}

fn by(pairs: Vec<(String, String)>) -> Result<Asked, Refusal> {
    let (mut numbers, mut text, mut key, mut exact, mut limit) = (Vec::new(), None, None, None, None);
    for (name, value) in pairs {
        let earlier = match name.as_str() {
            "number" if !value.is_empty() && value.bytes().all(|sign| sign.is_ascii_digit()) => {
                numbers.push(value);
                None
            }
            "number" => return Err(bad(format!("`number` must be digits, not `{value}`"))),
            "text" => text.replace(value),
            "key" => key.replace(value),
            "exact" => exact.replace(value),
            "limit" => limit.replace(value),
            _ => return Err(bad(format!("unknown query parameter `{name}`"))),
        };
        if earlier.is_some() {
            return Err(bad(format!("`{name}` is given twice")));
        }
    }
    let exact = match exact.as_deref() {
        None => false,
        Some("true") => true,
        Some(other) => return Err(bad(format!("`exact` can only be `true`, not `{other}`"))),
    };
    let limited = limit.is_some();
    let limit = limit.map_or(Ok(LIMIT), |limit| match limit.parse() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(bad(format!("`limit` must be 1 to {MAX_LIMIT}, not `{limit}`"))),
    })?;
    match (numbers.is_empty(), text, key) {
        (false, None, None) => Ok(Asked::ByNumber { numbers, exact, limit }),
        (true, Some(text), None) if !exact && !text.is_empty() => Ok(Asked::ByText { text, limit }),
        (true, None, Some(key)) if !exact && !limited => Ok(Asked::ByKey(key)),
        _ => Err(bad("give `number` (perhaps with `exact`), or `text`, or `key` alone".to_owned())),
    }
}

fn keys(pairs: Vec<(String, String)>) -> Result<Asked, Refusal> {
    let keys = pairs.into_iter().map(
        |(name, value)| {
            if name == "key" { Ok(value) } else { Err(bad(format!("unknown query parameter `{name}`"))) }
        },
    );
    let keys: Vec<String> = keys.collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(bad("`key` is missing".to_owned())) } else { Ok(Asked::WrittenBy(keys)) }
}

fn json<B>(request: &Request<B>, asked: Asked) -> Result<Asked, Refusal> {
    match header(request, header::CONTENT_TYPE) {
        Some(given) if given.split(';').next().map(str::trim) == Some("application/json") => Ok(asked),
        _ => Err((415, "`content-type` must be application/json".to_owned())),
    }
}

fn wants_page<B>(request: &Request<B>) -> bool {
    header(request, header::ACCEPT).is_some_and(|accepted| accepted.contains("text/html"))
}

fn header<B>(request: &Request<B>, name: header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

fn bad(why: String) -> Refusal {
    (400, why)
}
