//! A connector that misbehaves as the last digits of the number say that it is asked for:
//! 0101 panics, 0102 loops, 0103 eats memory, 0104 sends to an undeclared path, 0105 to an undeclared host, 0106 sets a credential,
//! 0107 waits for ever, 0108 sends a hundred requests, 0109 answers with another connector's record and a huge name, 0110 sleeps. 0111 to 0113
//! are somebody: an entry of 0111 panics, one of 0112 finds its record locked until a minute after the call's start, one of 0113 is written.
//! 0114 is somebody too; what became of an entry of theirs is never told, and to look for it costs a hundred requests by the CRM's counting.

#![cfg(target_family = "wasm")]

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
use pbx_connector_kit::types::{Detail, Draft, Entity, Failure, RecordRef, Role, Usage};
use pbx_connector_kit::{Client, Request};

/// How long a record of 0112 is locked, from the call's start, in milliseconds.
const LOCKED_MS: u64 = 60_000;

struct Naughty;
export!(Naughty);

fn message(id: &str) -> Message {
    Message { id: id.to_owned(), arguments: Vec::new(), verbatim: None }
}

fn no_usage() -> Usage {
    Usage { spent: 0, left: None, allowed: None, renewed_at: None, extras: Vec::new() }
}

fn unsupported() -> Failure {
    Failure::Unsupported(Detail { said: message("no"), status: None, code: None, usage: None, extras: Vec::new() })
}

fn nothing() -> lookup::Found {
    lookup::Found { entities: Vec::new(), more: false, usage: no_usage(), extras: Vec::new() }
}

fn found(reference: RecordRef, name: String, phone: String) -> lookup::Found {
    let entity = Entity {
        reference,
        role: Role::Person,
        name,
        first_name: None,
        last_name: None,
        company: None,
        organisation: None,
        phones: vec![("business".to_owned(), phone)],
        emails: Vec::new(),
        owner: None,
        changed_at: None,
        retired: false,
        extras: Vec::new(),
    };
    lookup::Found { entities: vec![entity], ..nothing() }
}

/// What becomes of an entry; none: no answer.
fn written(context: &Context, item: &journal::Item) -> Option<journal::ItemOutcome> {
    let raw = &item.entry.number.raw;
    match raw.get(raw.len().saturating_sub(4)..).unwrap_or("") {
        "0111" => panic!("told to panic about an entry of {raw}"),
        "0112" if context.now < item.entry.started_at + LOCKED_MS => {
            let detail = Detail { said: message("locked"), status: None, code: None, usage: None, extras: Vec::new() };
            Some(journal::ItemOutcome::Failed(Failure::Conflict(detail)))
        }
        "0112" | "0113" => Some(journal::ItemOutcome::Written(RecordRef {
            connector: context.connector.clone(),
            kind: "call".to_owned(),
            id: item.key.clone(),
        })),
        _ => None,
    }
}

impl lookup::Guest for Naughty {
    fn find(context: Context, numbers: Vec<Number>, _limit: u32) -> Result<lookup::Found, Failure> {
        let raw = numbers.first().map(|number| number.raw.clone()).unwrap_or_default();
        let mut client = Client::new(&context);
        match raw.get(raw.len().saturating_sub(4)..).unwrap_or("") {
            "0101" => panic!("told to panic about {raw}"),
            "0102" => loop {
                std::hint::black_box(0);
            },
            "0103" => {
                let mut all = Vec::new();
                loop {
                    all.push(std::hint::black_box(vec![1_u8; 1 << 20]));
                }
            }
            "0104" => client.send(&Request::get("/private".to_owned())).map(|_| nothing()),
            "0105" => {
                let elsewhere = Context { base: "https://evil.example".to_owned(), ..context.clone() };
                Client::new(&elsewhere).send(&Request::get("/records".to_owned())).map(|_| nothing())
            }
            "0106" => {
                let mut request = Request::get("/records?limit=50&number=1".to_owned());
                request.headers.push(("authorization".to_owned(), "Bearer stolen".to_owned()));
                client.send(&request).map(|_| nothing())
            }
            "0107" => {
                // A pollable of nobody: the input is closed, its stream never has a byte, and asking for one again and again waits for ever.
                loop {
                    let _ = client.send(&Request::get("/records?limit=50&number=1".to_owned()));
                    std::hint::black_box(&raw);
                }
            }
            "0108" => {
                for _ in 0..100 {
                    client.send(&Request::get("/records?limit=50&number=1".to_owned()))?;
                }
                Ok(nothing())
            }
            "0109" => Ok(found(
                RecordRef { connector: "somebody-else".to_owned(), kind: "person".to_owned(), id: "../../evil?x#y".to_owned() },
                "A".repeat(65_536),
                raw,
            )),
            "0110" => {
                std::thread::sleep(std::time::Duration::from_secs(3600));
                Ok(nothing())
            }
            "0111" | "0112" | "0113" | "0114" => {
                let digits = raw.trim_start_matches('+').to_owned();
                let reference = RecordRef { connector: context.connector.clone(), kind: "person".to_owned(), id: digits };
                Ok(found(reference, "Somebody".to_owned(), raw))
            }
            _ => Ok(nothing()),
        }
    }

    fn exact_check(_: Context, _: Number) -> Result<lookup::Found, Failure> {
        Ok(nothing())
    }
}

impl creation::Guest for Naughty {
    fn create(_: Context, _: String, _: Draft) -> Result<creation::Made, Failure> {
        Err(unsupported())
    }
    fn find_created(_: Context, _: String, _: Draft, _: u64) -> Result<creation::LookedUp, Failure> {
        Ok(creation::LookedUp { entity: None, usage: no_usage(), extras: Vec::new() })
    }
}

impl journal::Guest for Naughty {
    // Of the other numbers fewer answers than questions.
    fn write(context: Context, items: Vec<journal::Item>) -> Result<journal::Written, Failure> {
        let outcomes = items.iter().filter_map(|item| written(&context, item)).collect();
        Ok(journal::Written { outcomes, usage: no_usage(), extras: Vec::new() })
    }
    fn find_written(_: Context, _: Vec<journal::Item>, _: u64) -> Result<journal::LookedUp, Failure> {
        Ok(journal::LookedUp { activities: Vec::new(), usage: Usage { spent: 100, ..no_usage() }, extras: Vec::new() })
    }
}

impl account::Guest for Naughty {
    fn verify(_: Context) -> Result<account::Account, Failure> {
        Err(unsupported())
    }
}

impl description::Guest for Naughty {
    fn describe() -> description::Description {
        description::Description {
            // The built-in address book serves it.
            id: "webhook".to_owned(),
            name: "Naughty".to_owned(),
            version: "0.0.0".to_owned(),
            kinds: vec![description::KindInfo {
                kind: "person".to_owned(),
                label: message("person"),
                role: Role::Person,
                can_create: true,
                page: Some("{base}/records/{id}".to_owned()),
                extras: Vec::new(),
            }],
            operations: vec![description::Operation {
                during: vec!["find".to_owned()],
                at: description::Place::FromSetting("address".to_owned()),
                methods: vec!["GET".to_owned()],
                paths: vec!["/records".to_owned()],
                reads_only: true,
                extras: Vec::new(),
            }],
            auth: description::Auth::None,
            page_hosts: Vec::new(),
            journals: true,
            find_batch: 1,
            write_batch: 40,
            amend_batch: 1,
            writes_once: false,
            parallel: 4,
            needs_administrator: false,
            extras: Vec::new(),
        }
    }
}

impl settings_page::Guest for Naughty {
    fn version() -> u32 {
        1
    }
    fn schema() -> Vec<settings_page::Field> {
        vec![settings_page::Field {
            key: "address".to_owned(),
            label: message("address"),
            help: None,
            kind: settings_page::FieldType::Address,
            default: SettingValue::Text(String::new()),
            only_if: None,
            needs: Vec::new(),
            group: "naughty".to_owned(),
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

impl texts::Guest for Naughty {
    fn languages() -> Vec<String> {
        vec!["en".to_owned()]
    }
    fn catalogue(_: String) -> Vec<(String, String)> {
        [("address", "Address"), ("person", "Person"), ("no", "this connector cannot do that"), ("locked", "somebody edits the record")]
            .map(|(id, text)| (id.to_owned(), text.to_owned()))
            .to_vec()
    }
}
