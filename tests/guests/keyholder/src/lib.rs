//! A connector for a CRM that is opened with a user name and a key: the name in a header, the key in the body. It asks one question,
//! `POST /whoami`, whose answer is four lines: organisation, its name, the user, and whether they may administer ("yes" or "no"). A fifth may tell
//! where the pages of records are.

#![cfg(target_family = "wasm")]

wit_bindgen::generate!({
    path: [
        "../../../wit/wasi/io.wit", "../../../wit/wasi/clocks.wit", "../../../wit/wasi/random.wit", "../../../wit/wasi/filesystem.wit",
        "../../../wit/wasi/sockets.wit", "../../../wit/wasi/cli.wit", "../../../wit/wasi/http.wit", "../../../wit/base", "../../../wit/hooks",
        "../../../wit/crm",
    ],
    inline: "
        package pbx:keyholder-connector;
        world keyholder {
            include pbx:crm/connector@0.1.0;
            export pbx:crm/users@0.1.0;
        }
    ",
    world: "pbx:keyholder-connector/keyholder",
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
use exports::pbx::crm::{account, creation, description, journal, lookup, users};
use pbx_connector_kit::base_types::{Message, Number, SettingValue};
use pbx_connector_kit::context::Context;
use pbx_connector_kit::failure::detail;
use pbx_connector_kit::text::message;
use pbx_connector_kit::types::{Draft, Failure, Role, UserRef};
use pbx_connector_kit::{Client, Request};

struct Keyholder;
export!(Keyholder);

/// Stands in the body where the key is to be.
const PLACE: &str = "<KEY>";

fn label(id: &str) -> Message {
    message(id, &[])
}

fn unsupported() -> Failure {
    Failure::Unsupported(detail(label("no")))
}

/// The lines of an answer.
fn ask(client: &mut Client<'_>, path: &str) -> Result<Vec<String>, Failure> {
    let mut request = Request::get(path.to_owned()).with_header("content-type", "application/json");
    request.method = pbx_connector_kit::wasi::http::types::Method::Post;
    request.body = format!("{{\"key\":\"{PLACE}\"}}").into_bytes();
    let answer = client.send(&request)?;
    match answer.status {
        200 => Ok(String::from_utf8_lossy(&answer.body).lines().map(str::to_owned).collect()),
        _ => Err(Failure::AuthoriseAgain(detail(label("wrong-key")))),
    }
}

impl account::Guest for Keyholder {
    fn verify(context: Context) -> Result<account::Account, Failure> {
        let mut client = Client::new(&context);
        let told = ask(&mut client, "/whoami");
        let lines = client.settle(told)?;
        let line = |index: usize| lines.get(index).cloned().unwrap_or_default();
        Ok(account::Account {
            organisation: line(0),
            organisation_name: line(1),
            user: Some(UserRef { connector: context.connector.clone(), id: line(2) }),
            user_name: line(2),
            administrator: if line(3) == "yes" { account::Administrator::Yes } else { account::Administrator::No },
            pages: lines.get(4).cloned(),
            warnings: Vec::new(),
            usage: client.usage(),
            extras: Vec::new(),
        })
    }
}

impl users::Guest for Keyholder {
    fn list_page(context: Context, _: Option<String>) -> Result<users::Page, Failure> {
        let mut client = Client::new(&context);
        let told = ask(&mut client, "/people");
        let lines = client.settle(told)?;
        let user = |name: String| users::User {
            reference: UserRef { connector: context.connector.clone(), id: name.clone() },
            name,
            email: String::new(),
            phones: Vec::new(),
            active: true,
            extras: Vec::new(),
        };
        Ok(users::Page { users: lines.into_iter().map(user).collect(), next: None, usage: client.usage(), extras: Vec::new() })
    }
}

impl lookup::Guest for Keyholder {
    fn find(_: Context, _: Vec<Number>, _: u32) -> Result<lookup::Found, Failure> {
        Err(unsupported())
    }
    fn exact_check(_: Context, _: Number) -> Result<lookup::Found, Failure> {
        Err(unsupported())
    }
}

impl creation::Guest for Keyholder {
    fn create(_: Context, _: String, _: Draft) -> Result<creation::Made, Failure> {
        Err(unsupported())
    }
    fn find_created(_: Context, _: String, _: Draft, _: u64) -> Result<creation::LookedUp, Failure> {
        Err(unsupported())
    }
}

impl journal::Guest for Keyholder {
    fn write(_: Context, _: Vec<journal::Item>) -> Result<journal::Written, Failure> {
        Err(unsupported())
    }
    fn find_written(_: Context, _: Vec<journal::Item>, _: u64) -> Result<journal::LookedUp, Failure> {
        Err(unsupported())
    }
}

impl description::Guest for Keyholder {
    fn describe() -> description::Description {
        let field =
            |name: &str, hidden: bool| description::SecretField { name: name.to_owned(), label: label(name), hidden, extras: Vec::new() };
        description::Description {
            id: "keyholder".to_owned(),
            name: "Keyholder".to_owned(),
            version: "1.0.0".to_owned(),
            kinds: vec![description::KindInfo {
                kind: "person".to_owned(),
                label: label("person"),
                role: Role::Person,
                can_create: false,
                page: Some("{pages}/{kind}/{id}".to_owned()),
                extras: Vec::new(),
            }],
            operations: vec![description::Operation {
                during: vec!["verify".to_owned(), "list-page".to_owned()],
                at: description::Place::FromSetting("address".to_owned()),
                methods: vec!["POST".to_owned()],
                paths: vec!["/whoami".to_owned(), "/people".to_owned()],
                reads_only: true,
                extras: Vec::new(),
            }],
            auth: description::Auth::Secret(description::Secret {
                fields: vec![field("user", false), field("key", true)],
                placements: vec![
                    description::Placement::Header(("x-user".to_owned(), "user {user}".to_owned())),
                    description::Placement::Body(("key".to_owned(), PLACE.to_owned())),
                ],
                extras: Vec::new(),
            }),
            page_hosts: vec![".example.com".to_owned()],
            journals: false,
            find_batch: 1,
            write_batch: 1,
            amend_batch: 1,
            writes_once: false,
            parallel: 1,
            needs_administrator: true,
            extras: Vec::new(),
        }
    }
}

impl settings_page::Guest for Keyholder {
    fn version() -> u32 {
        1
    }
    fn schema() -> Vec<settings_page::Field> {
        vec![settings_page::Field {
            key: "address".to_owned(),
            label: label("address"),
            help: None,
            kind: settings_page::FieldType::Address,
            default: SettingValue::Text(String::new()),
            only_if: None,
            needs: Vec::new(),
            group: "keyholder".to_owned(),
            extras: Vec::new(),
        }]
    }
    fn check(_: Vec<settings_page::Setting>) -> Vec<settings_page::Problem> {
        Vec::new()
    }
    fn upgrade(_: u32, settings: Vec<settings_page::Setting>) -> Result<Vec<settings_page::Setting>, Message> {
        Ok(settings)
    }
}

impl texts::Guest for Keyholder {
    fn languages() -> Vec<String> {
        vec!["en".to_owned()]
    }
    fn catalogue(_: String) -> Vec<(String, String)> {
        [
            ("address", "Address"),
            ("person", "Person"),
            ("user", "User name"),
            ("key", "Key"),
            ("no", "This connector cannot do that."),
            ("wrong-key", "The user name or the key is wrong."),
        ]
        .map(|(id, text)| (id.to_owned(), text.to_owned()))
        .to_vec()
    }
}
