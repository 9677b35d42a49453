//! Credentials: how an account at a CRM is opened, kept, renewed and given up.
//!
//! Connectors never see a credential. They declare in words how their CRM wants to be opened; everything else happens here:
//!
//! * [`terms`]: what a connector declared;
//! * [`authorisation`]: the way of an administrator's browser to the CRM and back, with PKCE and state;
//! * [`connection`]: what is kept of an account; [`store`]: where, behind a trait; [`sealed_rows`]: sealed in the host's database;
//! * [`key`], [`keys`], [`rotation`]: with what it is sealed, and how that is replaced;
//! * [`refresh`]: a new access token when the old one is refused, once for all who need it; [`revoke`]: giving up;
//! * [`verdict`]: which refusals mean an expired token, and which do not;
//! * [`endpoint`]: the exchange with a login host;
//! * [`entered`]: secrets that an administrator enters, such as an API key;
//! * [`secret`], [`entropy`], [`problem`]: texts that nothing shows, random bytes, and what went wrong, in words for an administrator.
//!
//! Time is a parameter, in milliseconds since 1970. Nothing here opens a socket: bytes leave by [`egress`](crate::egress) alone.

mod answer;
pub mod authorisation;
pub mod connection;
mod desk;
mod disk;
pub mod endpoint;
pub mod entered;
pub mod entropy;
pub mod key;
pub mod keys;
pub mod problem;
pub mod refresh;
pub mod revoke;
pub mod rotation;
mod sealed_file;
pub mod sealed_rows;
pub mod secret;
pub mod store;
pub mod terms;
#[cfg(test)]
pub(crate) mod tests;
pub mod verdict;
