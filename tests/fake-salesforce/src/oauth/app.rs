//! Apps: what an administrator sets for an External Client App.

use serde::{Deserialize, Serialize};

/// Consumer key of the app that every fake org has for tests.
pub const TEST_CLIENT_ID: &str = "3MVG9fakeTestApp.0000000000000000000000000000000000000000000000000000000000000000000000";
/// Consumer secret of that app.
pub const TEST_CLIENT_SECRET: &str = "FAKE0000000000000000000000000000000000000000000000000000000000001";
/// Consumer key of the public client that Salesforce's own command line uses in every org.
pub const PLATFORM_CLI: &str = "PlatformCLI";

/// Every scope that the fake knows.
pub(super) const KNOWN_SCOPES: [&str; 20] = [
    "full",
    "api",
    "web",
    "openid",
    "id",
    "profile",
    "email",
    "address",
    "phone",
    "refresh_token",
    "offline_access",
    "chatter_api",
    "custom_permissions",
    "visualforce",
    "content",
    "lightning",
    "einstein_gpt_api",
    "cdp_api",
    "pardot_api",
    "sfap_api",
];

/// One app of the org.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    /// Consumer key.
    pub client_id: String,
    /// Consumer secret; None: a public client that has none. Never shown in lists.
    #[serde(skip_serializing)]
    pub client_secret: Option<String>,
    /// For people: what the consent page says.
    pub name: String,
    /// Where codes may be sent; compared as text.
    pub callback_urls: Vec<String>,
    /// Take any callback URL on this machine (localhost, 127.0.0.1, ::1), whatever its port and path. Salesforce does not: tests
    /// that listen on a port of their own choice need it, and tests of the refusal switch it off.
    pub any_loopback_callback: bool,
    /// Scopes that may be asked for. `full` brings all but the refresh token.
    pub scopes: Vec<String>,
    /// "Require Proof Key for Code Exchange (PKCE)".
    pub require_pkce: bool,
    /// "Require Secret for Web Server Flow".
    pub require_secret_for_web_flow: bool,
    /// "Require Secret for Refresh Token Flow".
    pub require_secret_for_refresh_flow: bool,
    /// "Enable Refresh Token Rotation".
    pub rotate_refresh_tokens: bool,
    /// "Refresh Token Policy".
    pub refresh_policy: RefreshPolicy,
    /// An administrator blocked the app: `OAUTH_APP_BLOCKED`.
    pub blocked: bool,
    /// Is it installed in the org? If not: "app must be installed into org".
    pub installed: bool,
    /// "Enable Client Credentials Flow": the username of "Run As"; None: off.
    pub client_credentials_user: Option<String>,
    /// Who approves without a page: a username, an id, or `admin`. For clients without a browser; None: a person must.
    pub auto_approve: Option<String>,
}

/// How long refresh tokens live.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RefreshPolicy {
    /// Until revoked.
    #[default]
    UntilRevoked,
    /// Dead as soon as issued.
    ExpireAtOnce,
    /// This many milliseconds after the approval.
    AfterMs(u64),
    /// When not used for this many milliseconds.
    AfterUnusedMs(u64),
}

impl Default for App {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            client_secret: None,
            name: "An app".to_owned(),
            callback_urls: Vec::new(),
            any_loopback_callback: false,
            scopes: ["full", "api", "web", "openid", "id", "refresh_token"].map(str::to_owned).to_vec(),
            require_pkce: false,
            require_secret_for_web_flow: true,
            require_secret_for_refresh_flow: true,
            rotate_refresh_tokens: false,
            refresh_policy: RefreshPolicy::UntilRevoked,
            blocked: false,
            installed: true,
            client_credentials_user: None,
            auto_approve: None,
        }
    }
}

impl App {
    /// The app of the tests.
    #[must_use]
    pub fn test() -> Self {
        Self {
            client_id: TEST_CLIENT_ID.to_owned(),
            client_secret: Some(TEST_CLIENT_SECRET.to_owned()),
            name: "Telephone system (test)".to_owned(),
            callback_urls: vec!["http://localhost:8080/callback".to_owned()],
            any_loopback_callback: true,
            client_credentials_user: Some(super::ADMIN.to_owned()),
            ..Self::default()
        }
    }

    /// Salesforce's own command line: no secret, one callback URL.
    #[must_use]
    pub fn platform_cli() -> Self {
        Self {
            client_id: PLATFORM_CLI.to_owned(),
            name: "Salesforce CLI".to_owned(),
            callback_urls: vec!["http://localhost:1717/OauthRedirect".to_owned()],
            require_secret_for_web_flow: false,
            require_secret_for_refresh_flow: false,
            ..Self::default()
        }
    }

    /// May codes be sent there?
    pub(super) fn takes_callback(&self, url: &str) -> bool {
        self.callback_urls.iter().any(|known| known == url) || (self.any_loopback_callback && is_loopback(url))
    }

    /// The scopes that a request gets: those it asks for, or all of the app; None: it asks for one that it may not have.
    pub(super) fn grant_scopes(&self, asked: Option<&str>) -> Option<Vec<String>> {
        let asked: Vec<&str> = asked.unwrap_or_default().split_ascii_whitespace().collect();
        if asked.is_empty() {
            return Some(self.scopes.clone());
        }
        let mut granted: Vec<String> = Vec::new();
        for scope in asked {
            if !self.may_have(scope) {
                return None;
            }
            if !granted.iter().any(|known| known == scope) {
                granted.push(scope.to_owned());
            }
        }
        Some(granted)
    }

    fn may_have(&self, scope: &str) -> bool {
        let has = |name: &str| self.scopes.iter().any(|known| known == name);
        match scope {
            _ if !KNOWN_SCOPES.contains(&scope) => false,
            "refresh_token" | "offline_access" => has("refresh_token") || has("offline_access"),
            "profile" | "email" | "address" | "phone" => has(scope) || has("id") || has("full"),
            _ => has(scope) || has("full"),
        }
    }
}

/// Do these scopes bring a refresh token?
pub(super) fn refreshable(scopes: &[String]) -> bool {
    scopes.iter().any(|scope| scope == "refresh_token" || scope == "offline_access")
}

/// A URL of this machine, and nothing that a browser could read as another one.
fn is_loopback(url: &str) -> bool {
    if url.bytes().any(|sign| !sign.is_ascii_graphic() || b"@\\#\"<>`".contains(&sign)) {
        return false;
    }
    url.parse::<http::Uri>().is_ok_and(|uri| {
        uri.scheme_str().is_some_and(|scheme| scheme == "http" || scheme == "https")
            && uri.host().is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::App;

    #[test]
    fn only_callback_urls_of_the_app_and_of_this_machine_are_taken() {
        let app = App::test();
        for good in ["http://localhost:8080/callback", "http://127.0.0.1:4000/a?b=c", "https://localhost/", "http://[::1]:9/x"] {
            assert!(app.takes_callback(good), "{good}");
        }
        for bad in [
            "http://localhost@evil.example/",
            "http://localhost.evil.example/",
            "http://evil.example/#http://localhost/",
            "http://evil.example\\@localhost/",
            "javascript:alert(1)//localhost",
            "//localhost/",
            "localhost",
            "",
        ] {
            assert!(!app.takes_callback(bad), "{bad}");
        }
        let strict = App { any_loopback_callback: false, ..app };
        assert!(strict.takes_callback("http://localhost:8080/callback"));
        assert!(!strict.takes_callback("http://localhost:8080/callback/"));
    }

    #[test]
    fn scopes_must_be_a_subset_and_full_brings_no_refresh_token() {
        let app = App { scopes: vec!["full".to_owned()], ..App::test() };
        assert_eq!(app.grant_scopes(Some("api  web api")).unwrap(), ["api", "web"]);
        assert_eq!(app.grant_scopes(Some("refresh_token")), None);
        assert_eq!(app.grant_scopes(Some("nonsense")), None);
        assert_eq!(app.grant_scopes(None).unwrap(), ["full"]);
        let small = App { scopes: vec!["id".to_owned(), "offline_access".to_owned()], ..App::test() };
        assert_eq!(small.grant_scopes(Some("email refresh_token")).unwrap(), ["email", "refresh_token"]);
        assert_eq!(small.grant_scopes(Some("api")), None);
    }
}
