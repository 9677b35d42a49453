//! Versions of the API: which are offered, which are retired, and how they are called.

use std::fmt;

use http::{Method, Request};
use serde_json::{Value as Json, json};

use super::reply::Reply;
use crate::error::ApiError;

/// A version of the API, such as v66.0.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Version(u16);

/// The oldest that an org lists.
const OLDEST: u16 = 31;
/// The newest that is generally available: Summer '26.
const NEWEST: u16 = 67;
/// Before this, `/search` answers with a bare array (REST API guide, Search).
pub const SEARCH_RECORDS_SINCE: Version = Version(37);
/// Since this, an upsert of a row that was there answers with a body.
pub const UPSERT_TELLS_SINCE: Version = Version(46);

impl Version {
    /// Reads a segment of a path, such as "v66.0".
    ///
    /// # Errors
    /// 410 for a retired one, 404 for one that never was or is not yet.
    pub fn read(segment: &str) -> Result<Self, ApiError> {
        let number = segment.strip_prefix('v').and_then(|number| number.strip_suffix(".0")).and_then(|number| number.parse().ok());
        match number {
            Some(number @ OLDEST..=NEWEST) if segment.len() == 5 => Ok(Self(number)),
            // Versions 21 to 30 are retired (REST API end-of-life policy); the older ones went before them.
            Some(7..OLDEST) => Err(ApiError::new(410, "GONE", "The requested API version is retired. Use a supported version.")),
            _ => Err(ApiError::not_found()),
        }
    }

    /// The release that brought it: three a year, of which Winter belongs to the next.
    fn label(self) -> String {
        let since = self.0.saturating_sub(OLDEST);
        let season = match since % 3 {
            0 => "Summer",
            1 => "Winter",
            _ => "Spring",
        };
        let year = 14 + since / 3 + u16::from(!since.is_multiple_of(3));
        // One label has a curly apostrophe in recorded answers.
        let apostrophe = if self.0 == 42 { '\u{2019}' } else { '\'' };
        format!("{season} {apostrophe}{year}")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.0", self.0)
    }
}

/// `GET /services/data`: needs no session, costs nothing.
pub fn list(request: &Request<Vec<u8>>) -> Reply {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Reply::wrong_verb(request.method(), &["HEAD", "GET"]);
    }
    let versions: Vec<Json> = (OLDEST..=NEWEST)
        .map(Version)
        .map(|version| json!({ "label": version.label(), "url": format!("/services/data/v{version}"), "version": version.to_string() }))
        .collect();
    Reply::json(200, Json::Array(versions))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Version;

    #[test]
    fn versions_bear_the_names_of_their_releases() {
        for (segment, label) in [
            ("v31.0", "Summer '14"),
            ("v42.0", "Spring \u{2019}18"),
            ("v50.0", "Winter '21"),
            ("v66.0", "Spring '26"),
            ("v67.0", "Summer '26"),
        ] {
            assert_eq!(Version::read(segment).unwrap().label(), label);
        }
    }

    #[test]
    fn a_retired_version_is_gone_and_an_unknown_one_not_found() {
        for (segment, status) in
            [("v30.0", 410), ("v21.0", 410), ("v68.0", 404), ("v66", 404), ("66.0", 404), ("v066.0", 404), ("v66.1", 404), ("v", 404)]
        {
            assert_eq!(Version::read(segment).unwrap_err().status, status, "{segment}");
        }
    }
}
