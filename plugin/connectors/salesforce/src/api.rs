//! Where Salesforce's API is.

/// The one version that this connector is written for and tested with.
pub const VERSION: &str = "v66.0";
/// Of all requests.
pub const ROOT: &str = "/services/data/v66.0";

/// Queries of the database.
pub const QUERY: &str = "/services/data/v66.0/query";
/// Further pages of either kind of query.
pub const PAGES: &str = "/services/data/v66.0/query/*";
/// Queries that see deleted rows.
pub const QUERY_ALL: &str = "/services/data/v66.0/queryAll";
/// Searches of the index.
pub const SEARCH: &str = "/services/data/v66.0/search";
/// Several requests in one, which counts as one.
pub const COMPOSITE: &str = "/services/data/v66.0/composite";
/// Up to 200 rows in one request, which counts as one.
pub const COLLECTION: &str = "/services/data/v66.0/composite/sobjects";
/// Rows of one object, below which its name follows.
pub const OBJECTS: &str = "/services/data/v66.0/sobjects";

/// Longest path with its query that is sent, in bytes. Salesforce takes 16,384 for address and headers together, and the token is among
/// these.
pub const MAX_PATH: usize = 12_000;
/// Largest body that is sent, in bytes: hosts take 1 MiB.
pub const MAX_BODY: usize = 900_000;
/// Most rows in one collection.
pub const MAX_ROWS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_paths_are_of_the_one_version() {
        assert_eq!(ROOT, format!("/services/data/{VERSION}"));
        for path in [QUERY, PAGES, QUERY_ALL, SEARCH, COMPOSITE, COLLECTION, OBJECTS] {
            assert!(path.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('/')), "{path}");
        }
    }
}
