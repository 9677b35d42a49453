//! What the login host tells about itself.

use http::Response;
use serde_json::json;

use super::{Ask, answer::json_answer, app::KNOWN_SCOPES};

/// `/.well-known/openid-configuration`
pub(super) fn openid(ask: Ask<'_>) -> Response<Vec<u8>> {
    let at = |path: &str| format!("{}{path}", ask.address);
    json_answer(
        200,
        &json!({
            "issuer": ask.address,
            "authorization_endpoint": at("/services/oauth2/authorize"),
            "token_endpoint": at("/services/oauth2/token"),
            "revocation_endpoint": at("/services/oauth2/revoke"),
            "introspection_endpoint": at("/services/oauth2/introspect"),
            "userinfo_endpoint": at("/services/oauth2/userinfo"),
            "jwks_uri": at("/id/keys"),
            "scopes_supported": KNOWN_SCOPES,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["HS256"],
            "display_values_supported": ["page", "popup", "touch"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": [
                "active", "address", "email", "email_verified", "family_name", "given_name", "language", "locale", "name", "nickname",
                "organization_id", "photos", "picture", "preferred_username", "profile", "sub", "updated_at", "urls", "user_id",
                "user_type", "zoneinfo",
            ],
        }),
    )
}

/// `/.well-known/auth-configuration`
pub(super) fn auth(ask: Ask<'_>) -> Response<Vec<u8>> {
    json_answer(
        200,
        &json!({
            "OrgId": ask.org.organization().to_string(),
            "Url": ask.address,
            "AuthProviders": [],
            "SamlProviders": [],
            "LoginPage": { "LoginPageUrl": format!("{}{}", ask.address, super::login::LOGIN), "UserSelfRegistrationEnabled": false },
            "MobileSDK": { "UseiOSNativeBrowserForAuthentication": false, "UseAndroidNativeBrowserForAuthentication": false },
        }),
    )
}

/// Public keys: none, as id tokens are signed with the app's secret.
pub(super) fn keys() -> Response<Vec<u8>> {
    json_answer(200, &json!({ "keys": [] }))
}
