//! A play as a timeline that a person enjoys reading: who rang, what popped where, what was journalled on which record and
//! why, and how many requests it cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pbx_crm_host::bindings::crm::types::{About, Role};
use pbx_crm_host::bindings::hooks::calls::{Direction, LegState, Via};
use pbx_crm_host::core::io::{AskedResult, Line, Output, Told, Write};
use pbx_crm_host::event::{CallEvent, Happening, Moment};
use pbx_crm_host::pbx::wall_clock;

use crate::player::Play;
use crate::scenario::Scenario;

/// The whole timeline as text.
#[must_use]
pub fn render(scenario: &Scenario, play: &Play) -> String {
    let mut timeline = Timeline::new(scenario, play);
    for (at, output) in &play.outputs {
        timeline.output(*at, output);
    }
    timeline.summary();
    timeline.text
}

struct Timeline<'a> {
    scenario: &'a Scenario,
    play: &'a Play,
    /// Call ids to what a person calls them: the other side's name or number.
    callers: BTreeMap<String, String>,
    last: Option<(String, Option<String>)>,
    text: String,
}

impl<'a> Timeline<'a> {
    fn new(scenario: &'a Scenario, play: &'a Play) -> Self {
        let mut text = String::new();
        let _ = writeln!(text, "{}", scenario.title);
        if !scenario.about.is_empty() {
            let _ = writeln!(text, "{}", scenario.about.trim());
        }
        let people: Vec<String> =
            scenario.extensions.iter().map(|extension| format!("{} {}", extension.get_ref().id, extension.get_ref().name)).collect();
        if !people.is_empty() {
            let _ = writeln!(text, "On the PBX: {}.", people.join(", "));
        }
        if let Some(who) = &play.signed_in {
            let _ = writeln!(text, "Connected on the CRM's own sign-in page as {who}.");
        }
        Self { scenario, play, callers: BTreeMap::new(), last: None, text }
    }

    /// A line with the wall clock where it changes, and the call where another one is meant.
    fn line(&mut self, at: Moment, call: Option<&str>, mark: &str, words: &str) {
        let clock = wall_clock(self.scenario.pbx.time_zone.get_ref(), at);
        let time = format!("{:02}:{:02}:{:02}", clock.hour, clock.minute, clock.second);
        let place = (time.clone(), call.map(str::to_owned));
        let new_call = self.last.as_ref().is_none_or(|last| last.1 != place.1);
        let shown = if new_call || self.last.as_ref().is_none_or(|last| last.0 != place.0) { time } else { String::new() };
        if new_call && call.is_some() {
            self.text.push('\n');
        }
        let _ = writeln!(self.text, "{shown:>8}  {mark} {words}");
        self.last = Some(place);
    }

    fn output(&mut self, at: Moment, output: &Output) {
        match output {
            Output::Told(Told::Event { call, event }) => {
                let words = self.event(event);
                if !words.is_empty() {
                    self.line(at, Some(call), "☎", &words);
                }
            }
            Output::Told(Told::Ignored { call, event, why }) => {
                self.line(at, Some(call), "✗", &format!("the PBX told “{event}”, which was ignored: {why}"))
            }
            Output::Told(Told::Line { call, line, .. }) => self.explanation(at, call.as_deref(), line),
            Output::Told(Told::HookFailed { call, hook, why }) => {
                self.line(at, call.as_deref(), "✗", &format!("{hook} failed, nothing of it was kept: {why}"));
            }
            Output::Told(Told::Asked { connector, function, about, result, requests, .. }) => {
                let result = match result {
                    AskedResult::Answered(count) => answered(function, *count),
                    AskedResult::Failed(why) => format!("failed: {}", self.render(why)),
                };
                // Numbers are worth reading, keys are not.
                let about: Vec<&str> = about.iter().map(String::as_str).filter(|about| !about.starts_with("j-")).collect();
                let about = if about.is_empty() { String::new() } else { format!(" {}", about.join(", ")) };
                let plural = if *requests == 1 { "" } else { "s" };
                self.line(
                    at,
                    self.last_call().as_deref(),
                    "⇄",
                    &format!("{connector} {function}{about}: {result} ({requests} request{plural})"),
                );
            }
            Output::Told(Told::Denied { connector, why }) => self.line(at, None, "✗", &format!("{connector} was not let out: {why}")),
            Output::Told(Told::Waiting { call, task, why, again, .. }) => {
                let again = wall_clock(self.scenario.pbx.time_zone.get_ref(), *again);
                let words = format!("{task} waits until {:02}:{:02}:{:02}: {}", again.hour, again.minute, again.second, self.render(why));
                self.line(at, call.as_deref(), "…", &words);
            }
            Output::Told(Told::Dead { call, task, why, .. }) => {
                let words = format!("{task} is given up: {}", self.render(why));
                self.line(at, call.as_deref(), "✗", &words);
            }
            Output::Told(Told::Log { component, line }) if line.level == "error" || line.level == "warning" => {
                self.line(at, None, "!", &format!("{component}: {}", line.text));
            }
            _ => {}
        }
    }

    fn last_call(&self) -> Option<String> {
        self.last.as_ref().and_then(|last| last.1.clone())
    }

    fn render(&self, message: &pbx_crm_host::bindings::base::types::Message) -> String {
        self.play.texts.render(&self.scenario.pbx.language, message)
    }

    fn person(&self, extension: &str) -> String {
        let name =
            self.scenario.extensions.iter().map(toml::Spanned::get_ref).find(|known| known.id == extension).map_or("", |known| &known.name);
        if name.is_empty() { extension.to_owned() } else { format!("{extension} {name}") }
    }

    fn group(&self, id: &str) -> String {
        let name = self.scenario.groups.iter().map(toml::Spanned::get_ref).find(|known| known.id == id).map_or("", |known| &known.name);
        if name.is_empty() { id.to_owned() } else { format!("{name} ({id})") }
    }

    fn via(&self, via: &Via) -> String {
        match via {
            Via::Direct | Via::Other(_) => String::new(),
            Via::RingGroup(group) => format!(" in ring group {}", self.group(group)),
            Via::Queue(group) => format!(" from queue {}", self.group(group)),
            Via::Transfer(by) => format!(", transferred by {}", self.person(by)),
            Via::Forward(by) => format!(", forwarded by {}", self.person(by)),
            Via::Pickup(by) => format!(", picking up for {}", self.person(by)),
        }
    }

    fn event(&mut self, event: &CallEvent) -> String {
        let call = event.call.as_str();
        let other = self.callers.get(call).cloned().unwrap_or_default();
        let extension_of = |leg: &str| leg.split('#').next().unwrap_or(leg).to_owned();
        match &event.happening {
            Happening::Started(start) => {
                let name = start.name.as_ref().map(|name| format!(" “{name}”")).unwrap_or_default();
                let (other, words) = match start.direction {
                    Direction::Inbound => (start.from.clone(), format!("{}{name} calls {}", shown(&start.from), start.to)),
                    Direction::Outbound => (start.to.clone(), format!("{} dials {}", self.person(&start.from), start.to)),
                    Direction::Internal => (start.to.clone(), format!("{} calls {}", self.person(&start.from), self.person(&start.to))),
                };
                self.callers.insert(call.to_owned(), other);
                format!("{words}  [{call}]")
            }
            Happening::Dialled { extension, via, .. } => format!("{} is called{}", self.person(extension), self.via(via)),
            Happening::Ringing { extension, via, .. } => format!("{} rings{}", self.person(extension), self.via(via)),
            Happening::Answered { leg, extension } => {
                format!("{} talks with {}", self.person(extension.as_deref().unwrap_or(&extension_of(leg))), shown(&other))
            }
            Happening::Left { leg, state } => {
                let how = match state {
                    Some(LegState::Busy) => " is busy",
                    Some(LegState::Declined) => " declines",
                    Some(LegState::Failed) => " cannot be reached",
                    _ => " is out of the call",
                };
                format!("{}{how}", self.person(&extension_of(leg)))
            }
            Happening::Joined { number, .. } => format!("{} joins", shown(number)),
            Happening::PartyLeft { party } => format!("{party} leaves"),
            Happening::Transferred { by, to, attended } => {
                let to = match to {
                    pbx_crm_host::bindings::hooks_exports::transfer_events::Destination::Extension(id) => self.person(id),
                    pbx_crm_host::bindings::hooks_exports::transfer_events::Destination::Outside(number) => number.raw.clone(),
                    pbx_crm_host::bindings::hooks_exports::transfer_events::Destination::Other(what) => what.clone(),
                };
                let how = if *attended { "after a word with them" } else { "without a word" };
                format!("{} transfers {} to {to}, {how}", self.person(by), shown(&other))
            }
            Happening::Merged { vanished } => format!("call {vanished} becomes part of {call}"),
            Happening::Voicemail { mailbox, .. } => format!("{} leaves a message for {}", shown(&other), self.person(mailbox)),
            Happening::Ended { .. } => format!("the call with {} is over", shown(&other)),
            Happening::Held { .. } | Happening::Talking { .. } | Happening::Recorded { .. } => String::new(),
        }
    }

    fn explanation(&mut self, at: Moment, call: Option<&str>, line: &Line) {
        match line {
            Line::Reason { why, .. } => {
                let words = self.render(why);
                self.line(at, call, "·", &words);
            }
            Line::Write(Write::OpenPage { extension, link, title, .. }) => {
                let words = format!("POP for {}: {title}  {link}", self.person(extension));
                self.line(at, call, "▶", &words);
            }
            Line::Write(Write::ShowCard { extension, card, .. }) => {
                let words = format!("card for {}: {}", self.person(extension), card.title);
                self.line(at, call, "▢", &words);
            }
            Line::Write(Write::Create { draft, .. }) => {
                let kind = match &draft.role {
                    Role::Person => "person",
                    Role::Prospect => "prospect",
                    Role::Organisation => "organisation",
                    Role::Other(other) => other,
                };
                let words = format!("NEW {kind}: {} {}", draft.first_name, draft.last_name);
                self.line(at, call, "+", &words);
            }
            Line::Write(Write::Journal { about, entry, .. }) => {
                let record = match about {
                    About::Existing(record) => self.record(&record.id),
                    About::CreatedBy(_) | About::Other(_) => "the new record".to_owned(),
                };
                let words = format!("JOURNAL on {record}: {} | {}", entry.subject, entry.body);
                self.line(at, call, "✎", &words);
            }
            Line::Write(Write::PutEntry { book, entry }) => {
                let words = format!("PHONEBOOK {book}: {} {}", entry.first_name, entry.last_name);
                self.line(at, call, "▤", &words);
            }
            Line::Write(_) => {}
        }
    }

    fn record(&self, id: &str) -> String {
        self.play.record(id).map_or_else(|| id.to_owned(), |record| format!("{} ({id})", record.name))
    }

    fn summary(&mut self) {
        let pops = crate::player::check::pops(self.play).len();
        let created = crate::player::check::created(self.play).len();
        let (waiting, dead) = self.play.unfinished;
        let _ = writeln!(
            self.text,
            "\n{} calls, {pops} pops, {} journal entries, {created} new records; {} requests to the CRM.{}",
            self.callers.len(),
            self.play.activities.len(),
            self.play.requests.len(),
            if waiting + dead == 0 { String::new() } else { format!(" {waiting} pieces of work wait, {dead} were given up.") }
        );
    }
}

/// What a connector's function came to, in words.
fn answered(function: &str, count: usize) -> String {
    let (one, many) = match function {
        "write" => ("entry written", "entries written"),
        "amend" => ("entry changed", "entries changed"),
        "find-written" => ("entry found", "entries found"),
        "create" => ("record made", "records made"),
        _ => ("record found", "records found"),
    };
    match count {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

fn shown(number: &str) -> &str {
    if number.trim().is_empty() { "a hidden number" } else { number }
}
