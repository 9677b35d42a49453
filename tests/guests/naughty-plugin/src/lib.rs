//! A plugin that does its work halfway and then misbehaves, as its setting `behaviour` says: `none`, `error`, `panic`, `loop`,
//! `recursion`, `memory`, `flood`, `random`, `sleep`, `foreign-link`, `late`.

#![cfg(target_family = "wasm")]

wit_bindgen::generate!({
    path: [
        "../../../wit/wasi/io.wit", "../../../wit/wasi/clocks.wit", "../../../wit/wasi/random.wit", "../../../wit/wasi/filesystem.wit",
        "../../../wit/wasi/sockets.wit", "../../../wit/wasi/cli.wit", "../../../wit/wasi/http.wit", "../../../wit/base", "../../../wit/hooks",
        "../../../wit/crm",
    ],
    world: "pbx:crm/plugin",
    generate_all,
});

use exports::pbx::base::{settings_page, texts};
use exports::pbx::crm::{agent_questions, crm_answers};
use exports::pbx::hooks::call_events;
use pbx::base::types::{HookError, Message, SettingValue};
use pbx::crm::requests;
use pbx::hooks::clients::{self, Card, Lifetime};
use pbx::hooks::{log, notes, settings};

struct Naughty;
export!(Naughty);

fn message(id: &str) -> Message {
    Message { id: id.to_owned(), arguments: Vec::new(), verbatim: None }
}

fn misbehave() -> Result<(), HookError> {
    let Some(SettingValue::Text(behaviour)) = settings::get("behaviour") else { return Ok(()) };
    match behaviour.as_str() {
        "error" => return Err(HookError::Internal("told to fail for 15550100199".to_owned())),
        "panic" => panic!("told to panic about +15550100199"),
        "loop" => loop {
            std::hint::black_box(0);
        },
        "recursion" => {
            fn deeper(depth: u64) -> u64 {
                if depth == u64::MAX { 0 } else { std::hint::black_box(deeper(std::hint::black_box(depth + 1))) + 1 }
            }
            std::hint::black_box(deeper(0));
        }
        "memory" => {
            let mut all = Vec::new();
            loop {
                all.push(std::hint::black_box(vec![1_u8; 1 << 20]));
            }
        }
        "flood" => {
            for line in 0..100_000 {
                log::write(log::Level::Info, &format!("line {line}"), &[]);
            }
        }
        "sleep" => std::thread::sleep(std::time::Duration::from_secs(3600)),
        _ => {}
    }
    Ok(())
}

impl call_events::Guest for Naughty {
    fn on_start(_: call_events::Started) -> Result<(), HookError> {
        Ok(())
    }

    fn on_ring(event: call_events::Rang) -> Result<(), HookError> {
        let Some(leg) = event.call.legs.iter().find(|leg| leg.id == event.leg) else { return Ok(()) };
        let seen = notes::get(&event.call.id, "rings").map_or(0, |count| count.parse::<u32>().unwrap_or(0));
        notes::set(&event.call.id, "rings", &(seen + 1).to_string());
        log::reason(
            "rings-before",
            &Message { id: "rings".to_owned(), arguments: vec![("count".to_owned(), seen.to_string())], verbatim: None },
        );
        let card =
            Card { title: format!("ring {}", seen + 1), tag: None, lines: Vec::new(), actions: Vec::new(), link: None, extras: Vec::new() };
        let _ = clients::show_card(&leg.extension, &event.call.id, &card, &Lifetime::WhileInCall);
        if let Some(SettingValue::Text(behaviour)) = settings::get("behaviour") {
            if behaviour == "foreign-link" {
                let opened = clients::open_page(&leg.extension, &event.call.id, "https://evil.example/", "x", &Lifetime::WhileInCall);
                log::reason("foreign-link", &message(if opened.is_err() { "refused" } else { "taken" }));
            }
        }
        if let Some(party) = event.call.parties.first() {
            let _ = requests::match_number(&event.call.id, &party.number);
        }
        misbehave()
    }

    fn on_answer(_: call_events::Answered) -> Result<(), HookError> {
        Ok(())
    }
    fn on_end(_: call_events::Ended) -> Result<(), HookError> {
        Ok(())
    }
    fn on_merged(_: call_events::Merged) -> Result<(), HookError> {
        Ok(())
    }
}

impl crm_answers::Guest for Naughty {
    fn on_matched(_: crm_answers::Matched) -> Result<(), HookError> {
        Ok(())
    }
    fn on_searched(_: crm_answers::Searched) -> Result<(), HookError> {
        Ok(())
    }
    fn on_created(_: crm_answers::Created) -> Result<(), HookError> {
        Ok(())
    }
    fn on_journalled(_: crm_answers::Journalled) -> Result<(), HookError> {
        Ok(())
    }
    fn on_amended(_: crm_answers::Amended) -> Result<(), HookError> {
        Ok(())
    }
    fn on_refused(_: crm_answers::Refused) -> Result<(), HookError> {
        Ok(())
    }
}

impl agent_questions::Guest for Naughty {
    fn on_question(_: agent_questions::Asked) -> Result<(), HookError> {
        Ok(())
    }
}

impl settings_page::Guest for Naughty {
    fn version() -> u32 {
        1
    }
    fn schema() -> Vec<settings_page::Field> {
        vec![settings_page::Field {
            key: "behaviour".to_owned(),
            label: message("behaviour"),
            help: None,
            kind: settings_page::FieldType::Line(32),
            default: SettingValue::Text("none".to_owned()),
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
        [
            ("behaviour", "Behaviour"),
            ("rings", "{count} rings were noted before"),
            ("refused", "the link was refused"),
            ("taken", "the link was taken"),
        ]
        .map(|(id, text)| (id.to_owned(), text.to_owned()))
        .to_vec()
    }
}
