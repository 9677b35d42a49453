//! A connector that wants the credential of its account. Its setting `way` says how it tries in `find`; see [`ways`]. All that it learns it tells,
//! in its log lines and in the words of its failure: if it ever held a piece of a secret, the test that reads them finds it.

#![cfg(target_family = "wasm")]

mod loot;
mod raw;
mod ways;

wit_bindgen::generate!({
    path: [
        "../../../wit/wasi/io.wit", "../../../wit/wasi/clocks.wit", "../../../wit/wasi/random.wit", "../../../wit/wasi/filesystem.wit",
        "../../../wit/wasi/sockets.wit", "../../../wit/wasi/cli.wit", "../../../wit/wasi/http.wit", "../../../wit/base", "../../../wit/hooks",
        "../../../wit/crm",
    ],
    world: "pbx:crm/connector",
    with: {
        "pbx:base/types@0.1.0": pbx_connector_kit::base_types,
        "pbx:crm/types@0.1.0": pbx_connector_kit::types,
        "pbx:crm/context@0.1.0": pbx_connector_kit::context,
        "pbx:crm/connector-log@0.1.0": pbx_connector_kit::connector_log,
        "wasi:io/error@0.2.12": pbx_connector_kit::wasi::io::error,
        "wasi:io/poll@0.2.12": pbx_connector_kit::wasi::io::poll,
        "wasi:io/streams@0.2.12": pbx_connector_kit::wasi::io::streams,
        "wasi:clocks/monotonic-clock@0.2.12": pbx_connector_kit::wasi::clocks::monotonic_clock,
        "wasi:http/types@0.2.12": pbx_connector_kit::wasi::http::types,
        "wasi:http/outgoing-handler@0.2.12": pbx_connector_kit::wasi::http::outgoing_handler,
    },
    generate_all,
});

use exports::pbx::base::{settings_page, texts};
use exports::pbx::crm::{account, creation, description, journal, lookup};
use pbx_connector_kit::base_types::{Message, Number, SettingValue};
use pbx_connector_kit::context::Context;
use pbx_connector_kit::types::{Detail, Draft, Failure, Role, Usage};

struct Thief;
export!(Thief);

fn message(id: &str) -> Message {
    Message { id: id.to_owned(), arguments: Vec::new(), verbatim: None }
}

fn unsupported() -> Failure {
    Failure::Unsupported(Detail { said: message("no"), status: None, code: None, usage: None, extras: Vec::new() })
}

impl lookup::Guest for Thief {
    fn find(context: Context, _: Vec<Number>, _: u32) -> Result<lookup::Found, Failure> {
        let loot = ways::attempt(&context);
        loot.log();
        let said = Message { verbatim: Some(loot.words()), ..message("loot") };
        Err(Failure::Forbidden(Detail { said, status: None, code: Some(loot.words()), usage: None, extras: Vec::new() }))
    }

    fn exact_check(_: Context, _: Number) -> Result<lookup::Found, Failure> {
        Err(unsupported())
    }
}

impl creation::Guest for Thief {
    fn create(_: Context, _: String, _: Draft) -> Result<creation::Made, Failure> {
        Err(unsupported())
    }
    fn find_created(_: Context, _: String, _: Draft, _: u64) -> Result<creation::LookedUp, Failure> {
        Err(unsupported())
    }
}

impl journal::Guest for Thief {
    fn write(_: Context, _: Vec<journal::Item>) -> Result<journal::Written, Failure> {
        Err(unsupported())
    }
    fn find_written(_: Context, _: Vec<journal::Item>, _: u64) -> Result<journal::LookedUp, Failure> {
        Err(unsupported())
    }
}

impl account::Guest for Thief {
    /// An honest face, or nobody would let it in.
    fn verify(_: Context) -> Result<account::Account, Failure> {
        Ok(account::Account {
            organisation: "the organisation".to_owned(),
            organisation_name: "Acme".to_owned(),
            user: None,
            user_name: "Ada".to_owned(),
            administrator: account::Administrator::Yes,
            pages: None,
            warnings: Vec::new(),
            usage: Usage { spent: 0, left: None, allowed: None, renewed_at: None, extras: Vec::new() },
            extras: Vec::new(),
        })
    }
}

impl description::Guest for Thief {
    fn describe() -> description::Description {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let operation = |at: description::Place| description::Operation {
            during: texts(&["find"]),
            at,
            methods: texts(&["GET"]),
            paths: texts(&[ways::ECHO]),
            reads_only: true,
            extras: Vec::new(),
        };
        description::Description {
            id: "thief".to_owned(),
            name: "Thief".to_owned(),
            version: "0.0.0".to_owned(),
            kinds: vec![description::KindInfo {
                kind: "person".to_owned(),
                label: message("person"),
                role: Role::Person,
                can_create: false,
                page: Some("{base}/{id}".to_owned()),
                extras: Vec::new(),
            }],
            operations: vec![operation(description::Place::Pinned), operation(description::Place::FromSetting("elsewhere".to_owned()))],
            auth: description::Auth::Oauth2Code(auth()),
            page_hosts: Vec::new(),
            journals: false,
            find_batch: 1,
            write_batch: 1,
            amend_batch: 1,
            writes_once: false,
            parallel: 4,
            needs_administrator: false,
            extras: Vec::new(),
        }
    }
}

/// As a well-behaved connector for the same CRM would declare it.
fn auth() -> description::Oauth2Code {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    description::Oauth2Code {
        login_hosts: vec![description::LoginHost {
            label: message("login"),
            host: "login.salesforce.com".to_owned(),
            suffixes: texts(&[".salesforce.com"]),
            token_host: None,
            extras: Vec::new(),
        }],
        authorise_path: "/services/oauth2/authorize".to_owned(),
        token_path: "/services/oauth2/token".to_owned(),
        revoke_path: Some("/services/oauth2/revoke".to_owned()),
        scopes: texts(&["api", "refresh_token", "openid"]),
        scope_separator: " ".to_owned(),
        authorise_parameters: Vec::new(),
        token_parameters: Vec::new(),
        client_in_body: true,
        public_client: true,
        scheme: "Bearer".to_owned(),
        pins: vec![description::Pin {
            name: "instance_url".to_owned(),
            from_callback: false,
            what: "api".to_owned(),
            suffixes: texts(&[".salesforce.com"]),
            extras: Vec::new(),
        }],
        error_property: Some("error".to_owned()),
        refresh_token: true,
        signature: None,
        organisation: None,
        refusals: description::Refusals { final_401: Vec::new(), expired: Vec::new(), token_errors: Vec::new(), extras: Vec::new() },
        extras: Vec::new(),
    }
}

impl settings_page::Guest for Thief {
    fn version() -> u32 {
        1
    }
    fn schema() -> Vec<settings_page::Field> {
        let field = |key: &str, kind| settings_page::Field {
            key: key.to_owned(),
            label: message(key),
            help: None,
            kind,
            default: SettingValue::Text(String::new()),
            only_if: None,
            needs: Vec::new(),
            group: "thief".to_owned(),
            extras: Vec::new(),
        };
        vec![field("way", settings_page::FieldType::Line(100)), field("elsewhere", settings_page::FieldType::Address)]
    }
    fn check(_: Vec<settings_page::Setting>) -> Vec<settings_page::Problem> {
        Vec::new()
    }
    fn upgrade(_: u32, settings: Vec<settings_page::Setting>) -> Result<Vec<settings_page::Setting>, Message> {
        Ok(settings)
    }
}

impl texts::Guest for Thief {
    fn languages() -> Vec<String> {
        vec!["en".to_owned()]
    }
    fn catalogue(_: String) -> Vec<(String, String)> {
        [("way", "Way"), ("elsewhere", "Elsewhere"), ("login", "Login"), ("person", "Person"), ("loot", "Look what I found"), ("no", "No")]
            .map(|(id, text)| (id.to_owned(), text.to_owned()))
            .to_vec()
    }
}
