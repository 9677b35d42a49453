//! What every fake CRM of the tests has in common.
//!
//! A fake is a small program in memory that speaks one vendor's API as truthfully as the tests need. This crate gives it the
//! side that tests steer it by, and that knows no vendor:
//!
//! * [`CrmFake`]: what each fake implements. Plain data in and out; no clock, no randomness, no sockets. The same calls in the
//!   same order give the same answers, so a simulated day can be played twice and compared byte for byte.
//! * [`Faults`]: the faults that tests inject, applied the same way by every fake.
//! * [`Server`]: puts any fake behind a loopback port, with the control side under `/_control/` (see [`server`]).
//! * [`RemoteCrm`]: the same trait over such a port, for fakes in another process.
//!
//! A fake refuses what it does not know: an unknown path is 404, an unknown query parameter or JSON field 400, always with
//! JSON that says which. Accepting silently would let a connector's mistake pass all tests.
//!
//! Numbers, names and addresses in tests are fictional.

mod activity;
mod application;
mod control_error;
mod fake;
mod fault;
mod fault_form;
mod faults;
mod late_commits;
mod record;
mod remote;
mod request_log;
mod secrets;
pub mod server;
mod traffic;
mod user;
pub mod wire;

pub use activity::{Activity, Direction};
pub use application::Application;
pub use control_error::ControlError;
pub use fake::CrmFake;
pub use fault::{Fault, FaultKind, LATEST_COMMIT_MS};
pub use faults::{Faults, Plan};
pub use late_commits::LateCommits;
pub use record::{Phone, Record, Role, SeedRecord};
pub use remote::RemoteCrm;
pub use request_log::RequestLog;
pub use server::{Server, ServerOptions};
pub use traffic::{Answer, Operation, Outcome, Pace, RecordedRequest};
pub use user::SeedUser;

/// Largest body of a request, in bytes (4 MiB), unless the fake takes more ([`CrmFake::body_limit`]).
pub const MAX_BODY: usize = 4 * 1024 * 1024;
