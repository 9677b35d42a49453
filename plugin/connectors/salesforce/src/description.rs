use pbx_connector_kit::{base_types::Message, text::message};

use crate::{
    Salesforce, api,
    bindings::exports::pbx::crm::description::{
        Auth, Description, ExpiredAnswer, Guest, KindInfo, LoginHost, Oauth2Code, Operation, Pin, Place, Refusals, TokenError,
        TokenMeaning, TokenSignature, ToldOrganisation,
    },
    kinds::Kind,
};

impl Guest for Salesforce {
    fn describe() -> Description {
        Description {
            id: "salesforce".to_owned(),
            name: "Salesforce".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kinds: vec![
                kind(Kind::Contact, message("salesforce.kind.contact", &[]), true),
                kind(Kind::Lead, message("salesforce.kind.lead", &[]), true),
                kind(Kind::Account, message("salesforce.kind.account", &[]), false),
            ],
            operations: operations(),
            auth: Auth::Oauth2Code(auth()),
            page_hosts: Vec::new(),
            journals: true,
            // In most countries so many fit into one search.
            find_batch: 40,
            write_batch: 200,
            amend_batch: 200,
            writes_once: false,
            // Salesforce bounds requests that take longer than 20 seconds: 25 at a time, 5 in trial organisations.
            parallel: 4,
            needs_administrator: true,
            extras: Vec::new(),
        }
    }
}

fn kind(kind: Kind, label: Message, can_create: bool) -> KindInfo {
    KindInfo {
        kind: kind.name().to_owned(),
        label,
        role: kind.role(),
        can_create,
        // Leads to the right page in each of Salesforce's faces, and from a converted lead to its contact.
        page: Some("{base}/{id}".to_owned()),
        extras: Vec::new(),
    }
}

fn operations() -> Vec<Operation> {
    vec![
        reads(&["find", "search"], &[api::SEARCH]),
        // Several queries in one request go through the resource that can also write.
        operation(&["exact-check", "find-written", "visible"], "POST", &[api::COMPOSITE]),
        reads(&["exact-check", "find-created", "find-written", "visible"], &[api::QUERY, api::PAGES]),
        operation(&["create"], "POST", &["/services/data/v66.0/sobjects/Contact", "/services/data/v66.0/sobjects/Lead"]),
        operation(&["write"], "POST", &[api::COMPOSITE, api::COLLECTION]),
        reads(&["write"], &[api::QUERY, api::QUERY_ALL, api::PAGES]),
        operation(&["amend"], "PATCH", &[api::COLLECTION]),
        operation(&["amend"], "POST", &[api::COMPOSITE]),
        reads(&["amend"], &[api::QUERY, api::PAGES]),
        reads(&["list-page"], &[api::QUERY, api::PAGES]),
        reads(&["verify", "read"], &[api::ROOT]),
        operation(&["verify"], "POST", &[api::COMPOSITE]),
    ]
}

fn reads(during: &[&str], paths: &[&str]) -> Operation {
    Operation { reads_only: true, ..operation(during, "GET", paths) }
}

fn operation(during: &[&str], method: &str, paths: &[&str]) -> Operation {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Operation {
        during: texts(during),
        at: Place::Pinned,
        methods: vec![method.to_owned()],
        paths: texts(paths),
        reads_only: false,
        extras: Vec::new(),
    }
}

/// All organisations live below the first; those of the public sector below the second.
const DOMAINS: &[&str] = &[".salesforce.com", ".salesforce.mil"];

fn auth() -> Oauth2Code {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let host = |label: Message, host: &str| LoginHost {
        label,
        host: host.to_owned(),
        suffixes: texts(DOMAINS),
        token_host: None,
        extras: Vec::new(),
    };
    Oauth2Code {
        login_hosts: vec![
            host(message("salesforce.login.production", &[]), "login.salesforce.com"),
            host(message("salesforce.login.sandbox", &[]), "test.salesforce.com"),
            host(message("salesforce.login.my-domain", &[]), ""),
        ],
        authorise_path: "/services/oauth2/authorize".to_owned(),
        token_path: "/services/oauth2/token".to_owned(),
        revoke_path: Some("/services/oauth2/revoke".to_owned()),
        scopes: texts(&["api", "refresh_token", "openid"]),
        scope_separator: " ".to_owned(),
        authorise_parameters: Vec::new(),
        token_parameters: Vec::new(),
        client_in_body: true,
        // "Require secret for the web server flow" can be unticked in an app.
        public_client: true,
        scheme: "Bearer".to_owned(),
        pins: vec![Pin {
            name: "instance_url".to_owned(),
            from_callback: false,
            what: "api".to_owned(),
            suffixes: texts(DOMAINS),
            extras: Vec::new(),
        }],
        error_property: Some("error".to_owned()),
        refresh_token: true,
        signature: Some(TokenSignature { property: "signature".to_owned(), signed: texts(&["id", "issued_at"]), extras: Vec::new() }),
        // https://login.salesforce.com/id/00D.../005...
        organisation: Some(ToldOrganisation { property: "id".to_owned(), path_segment: Some(1), extras: Vec::new() }),
        refusals: Refusals {
            final_401: texts(&["This session is not valid for use with the REST API", "Connected app is not attached to Agent"]),
            expired: vec![ExpiredAnswer { status: 403, body: "Bad_OAuth_Token".to_owned(), whole: true, extras: Vec::new() }],
            token_errors: token_errors(),
            extras: Vec::new(),
        },
        extras: Vec::new(),
    }
}

/// Salesforce's own codes, from its documentation of OAuth errors, and what it says in the descriptions of `invalid_grant`.
fn token_errors() -> Vec<TokenError> {
    let means = |code: &str, description: Option<&str>, meaning: TokenMeaning| TokenError {
        code: code.to_owned(),
        description: description.map(str::to_owned),
        meaning,
        extras: Vec::new(),
    };
    vec![
        means("invalid_grant", Some("ip restricted"), TokenMeaning::AddressRestricted),
        means("invalid_grant", Some("inactive user"), TokenMeaning::UserInactive),
        means("invalid_grant", Some("inactive organization"), TokenMeaning::OrganisationInactive),
        means("inactive_user", None, TokenMeaning::UserInactive),
        means("inactive_org", None, TokenMeaning::OrganisationInactive),
        means("invalid_client", Some("app must be installed into org"), TokenMeaning::AppBlocked),
        means("invalid_client_id", None, TokenMeaning::WrongClient),
        means("invalid_basic_auth_header", None, TokenMeaning::WrongClient),
        means("app_not_found", None, TokenMeaning::WrongClient),
        means("redirect_uri_missing", None, TokenMeaning::RedirectMismatch),
        // These two stand on its sign-in pages too.
        means("oauth_app_blocked", None, TokenMeaning::AppBlocked),
        means("oauth_approval_error_generic", None, TokenMeaning::AppBlocked),
        means("app_*", None, TokenMeaning::AppBlocked),
        means("oauth_*", None, TokenMeaning::AppBlocked),
        means("ecapp_*", None, TokenMeaning::AppBlocked),
        means("fail_close_app_blocked", None, TokenMeaning::AppBlocked),
        means("installation_error", None, TokenMeaning::AppBlocked),
        means("invalid_app_access", None, TokenMeaning::AppBlocked),
        means("invalid_code", None, TokenMeaning::AuthoriseAgain),
        means("service_unavailable", None, TokenMeaning::Unavailable),
        means("system_down", None, TokenMeaning::Unavailable),
        means("rate_limit_exceeded", None, TokenMeaning::Unavailable),
        means("unknown_error", None, TokenMeaning::Unavailable),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_asks_never_gets_a_method_that_writes_by_itself() {
        let description = Salesforce::describe();
        for operation in &description.operations {
            let looks = ["find", "search", "exact-check", "find-created", "find-written", "list-page", "verify", "read", "visible"];
            if operation.during.iter().any(|function| looks.contains(&function.as_str())) {
                for method in &operation.methods {
                    assert!(method == "GET" || method == "POST", "{method}");
                    assert!(method != "POST" || operation.paths == [api::COMPOSITE], "{:?}", operation.paths);
                }
            }
            assert_eq!(operation.reads_only, operation.methods == ["GET"]);
            assert!(operation.paths.iter().all(|path| path.starts_with(api::ROOT)));
        }
        let posts = |function: &str| {
            let mut of_function = description.operations.iter().filter(|operation| operation.during.iter().any(|name| name == function));
            of_function.any(|operation| operation.methods.iter().any(|method| method != "GET"))
        };
        assert!(!posts("find") && !posts("search") && !posts("find-created") && !posts("list-page") && !posts("read"));
    }
}
