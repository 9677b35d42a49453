//! What goes into the core and what comes out of it.

use bytes::Bytes;
use serde::Serialize;

use super::call::Ignored;
use crate::bindings::base::types::{Message, Number};
use crate::bindings::crm_exports::agent_questions::Question;
use crate::bindings::hooks::clients::{Card, Lifetime};
use crate::bindings::hooks::replies::Row;
pub use crate::connector::http::{HttpAnswer, HttpFailure};
use crate::event::{CallEvent, Moment};
pub use crate::hook::HookFailure;
pub use crate::hook::unit::{Line, LogLine, Write};
use crate::store::Ordered;

/// Something that the core must react to.
#[derive(Debug, Clone)]
pub enum Input {
    /// The PBX tells of a call.
    Call(CallEvent),
    /// An HTTP request of [`Output::Http`] has been answered, or has failed.
    Http {
        /// Which.
        exchange: u64,
        /// With what.
        answer: HttpAnswer,
    },
    /// An agent asks on their card or page.
    Question(Asked),
    /// An administrator orders something from outside.
    Order(Ordered),
    /// Somebody connected this account anew, or what was wrong with its credential is mended: it is asked again at once.
    Reopened(String),
    /// Nothing but time has passed; see [`super::Core::next_wake`].
    Time,
}

/// A question of an agent who is signed in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Names the question; the reply bears it.
    pub request: String,
    /// Who is signed in.
    pub asked_by: String,
    /// On whose card, if on one.
    pub call: Option<String>,
    /// What.
    pub question: Question,
}

/// Something that the world around the core must do or may show.
#[derive(Debug, Clone, Serialize)]
pub enum Output {
    /// Send this request and answer with [`Input::Http`], by the deadline: later nobody waits for it.
    Http(HttpRequest),
    /// Show or replace a card.
    ShowCard {
        /// To all clients of this extension.
        extension: String,
        /// Of which call.
        call: String,
        /// What.
        card: Box<Card>,
    },
    /// Take a card away.
    RemoveCard {
        /// From all clients of this extension.
        extension: String,
        /// Of which call.
        call: String,
    },
    /// Open a page in a new browser tab, once in every client.
    OpenPage {
        /// For this extension.
        extension: String,
        /// Of which call.
        call: String,
        /// Its address.
        link: String,
        /// Names the tab.
        title: String,
        /// A client that comes later than this opens it no more.
        lifetime: Lifetime,
    },
    /// The extension has no live leg in the call any more: pages whose lifetime is the call are not to be opened now.
    LeftCall {
        /// Who.
        extension: String,
        /// What.
        call: String,
    },
    /// Make a call.
    Dial {
        /// Names the request; the call that comes of it bears it as `placed-by`.
        key: String,
        /// Whose phone rings first.
        extension: String,
        /// Who is called then.
        number: Number,
    },
    /// The answer to a question.
    Reply {
        /// Which.
        request: String,
        /// What.
        reply: Reply,
    },
    /// What the core did and why: for timelines, explanations and logs.
    Told(Told),
}

/// An HTTP request of a connector, checked and without credentials.
#[derive(Debug, Clone, Serialize)]
pub struct HttpRequest {
    /// To be given back with the answer.
    pub exchange: u64,
    /// The call of the connector that makes it: one call may need several.
    pub run: u64,
    /// The function that was called, such as "find".
    pub function: &'static str,
    /// Whose: pools of connections are kept apart by it.
    pub connector: String,
    /// Such as "POST".
    pub method: String,
    /// Absolute.
    pub url: String,
    /// Name and value; neither credentials nor `host`.
    pub headers: Vec<(String, String)>,
    /// At most [`crate::limits::REQUEST_BODY`] bytes.
    #[serde(serialize_with = "as_text")]
    pub body: Bytes,
    /// When the connector gives up.
    pub deadline: Moment,
    /// It may change the CRM: it must not leave before [`Core::sync`](super::Core::sync) has made sure that a restart knows of it.
    pub writes: bool,
}

fn as_text<S: serde::Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(body))
}

/// How a question ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Reply {
    /// Carried out.
    Done(Message),
    /// Not carried out.
    Refused(Message),
    /// Rows for a list.
    Rows {
        /// At most 50.
        rows: Vec<Row>,
        /// There are others.
        more: bool,
    },
}

/// What the core tells about its work.
#[derive(Debug, Clone, Serialize)]
pub enum Told {
    /// An event of the PBX was taken in.
    Event {
        /// Which call.
        call: String,
        /// As the PBX told it.
        event: Box<CallEvent>,
    },
    /// An event of the PBX was not taken in.
    Ignored {
        /// Which call.
        call: String,
        /// Such as "ring".
        event: &'static str,
        /// Why.
        #[serde(serialize_with = "as_words")]
        why: Ignored,
    },
    /// A line of the plugin's explanation.
    Line {
        /// Which call, if it is about one.
        call: Option<String>,
        /// Which hook.
        hook: &'static str,
        /// What.
        line: Line,
    },
    /// A hook failed: all that it wrote was thrown away, its reasons are kept.
    HookFailed {
        /// Which call, if it is about one.
        call: Option<String>,
        /// Which hook.
        hook: &'static str,
        /// Why.
        #[serde(serialize_with = "as_words")]
        why: HookFailure,
    },
    /// A connector was called.
    Asked {
        /// Which connector.
        connector: String,
        /// Which function.
        function: &'static str,
        /// For whom: numbers or keys.
        about: Vec<String>,
        /// What came of it.
        result: AskedResult,
        /// HTTP requests that went out.
        requests: u32,
        /// What they cost in the CRM's own counting.
        spent: u32,
    },
    /// A connector wanted to send what it had not declared.
    Denied {
        /// Which connector.
        connector: String,
        /// What, and why not.
        why: String,
    },
    /// Work will be tried again.
    Waiting {
        /// Its key.
        key: String,
        /// For which call.
        call: Option<String>,
        /// "match", "create", "journal" or "amend".
        task: &'static str,
        /// As the connector or host says.
        why: Message,
        /// When.
        again: Moment,
    },
    /// Work is over without success, until somebody replays it.
    Dead {
        /// Its key.
        key: String,
        /// For which call.
        call: Option<String>,
        /// "match", "create", "journal" or "amend".
        task: &'static str,
        /// As the connector or host says.
        why: Message,
    },
    /// An account is not asked for a while.
    AccountClosed {
        /// Its connector.
        connector: String,
        /// Why.
        why: Message,
        /// When it is tried again.
        until: Moment,
    },
    /// An account is asked again.
    AccountOpen {
        /// Its connector.
        connector: String,
    },
    /// A function of a connector crashed at one call after another: it is called no more, and its work waits, until an administrator enables the
    /// account again.
    FunctionCrashed {
        /// Which connector.
        connector: String,
        /// Which function.
        function: &'static str,
    },
    /// An administrator's order was carried out, or could not be.
    Ordered {
        /// Its id.
        id: u64,
        /// Who ordered it, as far as is known.
        by: String,
        /// What came of it, in English.
        result: String,
    },
    /// A component logged.
    Log {
        /// "plugin" or the connector's id.
        component: String,
        /// What.
        line: LogLine,
    },
}

/// What came of a connector's call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum AskedResult {
    /// So many records, entries or users.
    Answered(usize),
    /// It failed.
    Failed(Message),
}

fn as_words<T: std::fmt::Display, S: serde::Serializer>(why: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(why)
}
