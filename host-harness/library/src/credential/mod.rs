//! Credentials: how an account at a CRM is opened, kept, renewed and given up, and where requests may go at all.
//!
//! Connectors never see a credential. They declare in words how their CRM wants to be opened; everything else happens here:
//!
//! * [`terms`]: what a connector declared;
//! * [`authorisation`]: the way of an administrator's browser to the CRM and back, with PKCE and state;
//! * [`connection`]: what is kept of an account; [`store`]: where, behind a trait; [`sealed_file`]: one encrypted file that is such a store;
//! * [`refresh`]: a new access token when the old one is refused, once for all who need it; [`revoke`]: giving up;
//! * [`verdict`]: which refusals mean an expired token, and which do not;
//! * [`endpoint`]: the exchange with a login host, a trait; [`shell`]: the same over real sockets;
//! * [`target`] and [`address`]: may a request go to this URL, and to this address? Pure decisions, for every request of the host;
//! * [`secret`], [`entropy`], [`problem`]: texts that nothing shows, random bytes, and what went wrong, in words for an administrator.
//!
//! Time is a parameter, in milliseconds since 1970. Nothing here opens a socket but [`shell`].

pub mod address;
mod answer;
pub mod authorisation;
pub mod connection;
mod desk;
pub mod endpoint;
pub mod entropy;
pub mod problem;
pub mod refresh;
pub mod revoke;
pub mod sealed_file;
pub mod secret;
pub mod shell;
pub mod store;
pub mod target;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod verdict;
