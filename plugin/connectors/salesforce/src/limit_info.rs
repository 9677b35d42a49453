//! `Sforce-Limit-Info`: what is left of the API requests of the last 24 hours.

/// Requests used and allowed, from a header such as `api-usage=891/15000; per-app-api-usage=17/250(appName=x)`. None: it does not say.
pub fn read(header: &str) -> Option<(u64, u64)> {
    let item = header.split(';').find_map(|item| item.trim().strip_prefix("api-usage="))?;
    let (used, allowed) = item.split_once('/')?;
    Some((used.trim().parse().ok()?, allowed.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn reads_by_key_and_ignores_the_rest() {
        assert_eq!(read("api-usage=891/15000"), Some((891, 15_000)));
        assert_eq!(read("api-bursts=1/750; api-usage=3/9; x"), Some((3, 9)));
        assert_eq!(read("per-app-api-usage=17/250(appName=x); api-usage = 1/2"), None);
        for none in ["", "api-usage", "api-usage=1", "api-usage=a/b", "per-app-api-usage=17/250(appName=api)"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
