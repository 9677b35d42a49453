//! What came of a play, compared with what must come of it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use crm_fake::{Activity, Record};
use pbx_crm_host::core::io::{Line, Output, Told};
use toml::Spanned;

use super::Play;
use crate::scenario::time::Span;
use crate::scenario::{CardForm, CreatedForm, EntryForm, IgnoredForm, JournalForm, PopForm, ReasonForm, Scenario};

/// Something that came out otherwise than the scenario says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Line of the scenario; 0: none in particular.
    pub line: usize,
    /// What.
    pub what: String,
}

impl Difference {
    /// "file:line: what".
    #[must_use]
    pub fn show(&self, file: &Path) -> String {
        if self.line == 0 {
            format!("{}: {}", file.display(), self.what)
        } else {
            format!("{}:{}: {}", file.display(), self.line, self.what)
        }
    }
}

/// A page that opened.
#[derive(Debug, Clone)]
pub struct Pop {
    /// When.
    pub at: Span,
    /// For whom.
    pub extension: String,
    /// In which call.
    pub call: String,
    /// Its address.
    pub link: String,
}

/// Pages that opened, in order of time.
#[must_use]
pub fn pops(play: &Play) -> Vec<Pop> {
    play.outputs
        .iter()
        .filter_map(|(at, output)| match output {
            Output::OpenPage { extension, call, link, .. } => Some(Pop {
                at: Span { ms: at.saturating_sub(play.starts) },
                extension: extension.clone(),
                call: call.clone(),
                link: link.clone(),
            }),
            _ => None,
        })
        .collect()
}

/// Records that stand in the CRM and that nobody but us put there.
#[must_use]
pub fn created(play: &Play) -> Vec<&Record> {
    play.records.iter().filter(|record| !play.seeded.contains(&record.id)).collect()
}

/// All differences, in the order of the scenario's sections.
#[must_use]
pub fn check(scenario: &Scenario, text: &str, play: &Play) -> Vec<Difference> {
    let mut checker = Checker { text, play, found: Vec::new() };
    let expect = &scenario.expect;
    if let Some(wanted) = &expect.pops {
        let got = pops(play);
        checker.list(
            "pop",
            wanted,
            &got,
            |form, pop| checker_pop(play, form, pop),
            |pop| format!("{} {} in {}: {}", pop.at, pop.extension, pop.call, pop.link),
        );
    }
    if let Some(wanted) = &expect.cards {
        let got = cards(play);
        checker.list("card", wanted, &got, card_fits, |card| format!("{} {} in {}: “{}”", card.at, card.extension, card.call, card.title));
    }
    if let Some(wanted) = &expect.journal {
        checker.list(
            "journal entry",
            wanted,
            &play.activities,
            |form, entry| journal_fits(play, form, entry),
            |entry| {
                format!(
                    "record {}, user {:?}, {:?}, talked {:?} ms: {} | {}",
                    entry.record, entry.user, entry.outcome, entry.talked_ms, entry.subject, entry.body
                )
            },
        );
    }
    if let Some(wanted) = &expect.created {
        let got = created(play);
        checker.list("created record", wanted, &got, created_fits, |record| {
            format!("{:?} “{}” “{}” {:?}, owner {:?}", record.role, record.first_name, record.last_name, record.phones, record.owner)
        });
    }
    if let Some(wanted) = &expect.phonebook {
        checker.list("phonebook entry", wanted, &play.phonebook, entry_fits, |entry| {
            format!("{} {}: {:?}", entry.first_name, entry.last_name, entry.numbers)
        });
    }
    checker.requests(scenario);
    if let Some(wanted) = &expect.reasons {
        checker.reasons(&scenario.pbx.language, wanted);
    }
    if let Some(wanted) = &expect.ignored {
        let got: Vec<(String, &str, String)> = play
            .outputs
            .iter()
            .filter_map(|(_, output)| match output {
                Output::Told(Told::Ignored { call, event, why }) => Some((call.clone(), *event, why.to_string())),
                _ => None,
            })
            .collect();
        let fits = |form: &IgnoredForm, got: &(String, &str, String)| form.call == got.0 && form.event == got.1;
        checker.list("ignored event", wanted, &got, fits, |(call, event, why)| format!("{event} of {call}: {why}"));
    }
    // A hook that fails is a mistake of the component unless the scenario says that it is wanted.
    let failed = play.outputs.iter().filter(|(_, output)| matches!(output, Output::Told(Told::HookFailed { .. }))).count();
    checker.number("failed hooks", Some(expect.failed_hooks.unwrap_or(0)), failed);
    checker.number("waiting work", expect.waiting, play.unfinished.0 as usize);
    checker.number("dead work", expect.dead, play.unfinished.1 as usize);
    checker.found
}

struct Checker<'a> {
    text: &'a str,
    play: &'a Play,
    found: Vec<Difference>,
}

impl Checker<'_> {
    fn tell(&mut self, span: Option<std::ops::Range<usize>>, what: String) {
        let line = span.map_or(0, |span| self.text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
        self.found.push(Difference { line, what });
    }

    /// Exactly these, in this order.
    fn list<F, G>(&mut self, kind: &str, wanted: &[Spanned<F>], got: &[G], fits: impl Fn(&F, &G) -> bool, show: impl Fn(&G) -> String) {
        let mut left: Vec<&G> = got.iter().collect();
        for form in wanted {
            match left.iter().position(|got| fits(form.get_ref(), got)) {
                Some(0) => {
                    left.remove(0);
                }
                Some(index) => {
                    let before = left.first().map(|got| show(got)).unwrap_or_default();
                    self.tell(Some(form.span()), format!("this {kind} came, but after one that stands later or nowhere: {before}"));
                    left.remove(index);
                }
                None => {
                    let others: Vec<String> = left.iter().take(5).map(|got| show(got)).collect();
                    let others = if others.is_empty() { "none".to_owned() } else { others.join("; ") };
                    self.tell(Some(form.span()), format!("this {kind} did not come. Left are: {others}"));
                }
            }
        }
        for got in left {
            self.tell(None, format!("a {kind} came that is not expected: {}", show(got)));
        }
    }

    fn number<T: Into<u64> + Display + Copy>(&mut self, what: &str, wanted: Option<T>, got: usize) {
        if let Some(wanted) = wanted.filter(|wanted| (*wanted).into() != got as u64) {
            self.tell(None, format!("{what}: {wanted} expected, {got} came"));
        }
    }

    fn requests(&mut self, scenario: &Scenario) {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for request in &self.play.requests {
            let word = serde_json::to_value(request.operation).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default();
            *counts.entry(word).or_default() += 1;
        }
        // How often the CRM was asked: how many requests one asking takes is each vendor's own, and no matter of a scenario.
        let mut total = u32::try_from(self.play.requests.len()).unwrap_or(u32::MAX);
        for (function, further) in &self.play.further {
            total = total.saturating_sub(*further);
            if let Some(count) = counts.get_mut(*function) {
                *count = count.saturating_sub(*further);
            }
        }
        if let Some(wanted) = &scenario.expect.requests {
            for (operation, number) in wanted {
                let got = if operation == "total" { total } else { counts.get(operation).copied().unwrap_or(0) };
                if got != *number {
                    self.tell(None, format!("requests of `{operation}`: {number} expected, {got} came"));
                }
            }
        }
        if let Some(most) = scenario.expect.requests_at_most.filter(|most| total > *most) {
            self.tell(None, format!("requests: at most {most} expected, {total} came ({counts:?})"));
        }
    }

    fn reasons(&mut self, language: &str, wanted: &[Spanned<ReasonForm>]) {
        let told: Vec<(Option<String>, String, String)> = self
            .play
            .outputs
            .iter()
            .filter_map(|(_, output)| match output {
                Output::Told(Told::Line { call, line: Line::Reason { decision, why }, .. }) => {
                    Some((call.clone(), decision.clone(), self.play.texts.render(language, why)))
                }
                _ => None,
            })
            .collect();
        for form in wanted {
            let reason = form.get_ref();
            let fits = |(call, decision, text): &(Option<String>, String, String)| {
                reason.call.as_ref().is_none_or(|wanted| call.as_ref() == Some(wanted))
                    && reason.decision == *decision
                    && reason.contains.as_ref().is_none_or(|part| text.contains(part))
            };
            if !told.iter().any(fits) {
                let near: Vec<String> = told
                    .iter()
                    .filter(|(call, ..)| reason.call.is_none() || *call == reason.call)
                    .map(|(_, decision, text)| format!("{decision}: {text}"))
                    .collect();
                self.tell(Some(form.span()), format!("this reason was not given. Given were: {}", near.join("; ")));
            }
        }
    }
}

/// Is the link that of the record, which the scenario names by id or by name?
fn checker_pop(play: &Play, form: &PopForm, pop: &Pop) -> bool {
    let record = play.records.iter().find(|record| play.links.get(&record.id) == Some(&pop.link));
    form.extension == pop.extension
        && record.is_some_and(|record| record.id == form.record || record.name == form.record)
        && form.call.as_ref().is_none_or(|call| *call == pop.call)
        && form.at.is_none_or(|at| at == pop.at)
}

struct Card {
    at: Span,
    extension: String,
    call: String,
    title: String,
}

/// Cards as shown last, at the moment when they were shown first.
fn cards(play: &Play) -> Vec<Card> {
    let mut cards: Vec<Card> = Vec::new();
    for (at, output) in &play.outputs {
        let Output::ShowCard { extension, call, card } = output else { continue };
        match cards.iter_mut().find(|known| known.extension == *extension && known.call == *call) {
            Some(known) => known.title.clone_from(&card.title),
            None => cards.push(Card {
                at: Span { ms: at.saturating_sub(play.starts) },
                extension: extension.clone(),
                call: call.clone(),
                title: card.title.clone(),
            }),
        }
    }
    cards
}

fn card_fits(form: &CardForm, card: &Card) -> bool {
    form.extension == card.extension
        && form.call.as_ref().is_none_or(|call| *call == card.call)
        && form.title.as_ref().is_none_or(|title| *title == card.title)
        && form.at.is_none_or(|at| at == card.at)
}

fn journal_fits(play: &Play, form: &JournalForm, entry: &Activity) -> bool {
    let record = play.records.iter().find(|record| record.id == entry.record);
    record.is_some_and(|record| record.id == form.record || record.name == form.record)
        && form.user.as_ref().is_none_or(|user| entry.user.as_deref().unwrap_or("") == user)
        && form.subject.as_ref().is_none_or(|subject| *subject == entry.subject)
        && form.body.as_ref().is_none_or(|body| *body == entry.body)
        && form.body_contains.as_ref().is_none_or(|part| entry.body.contains(part))
        && form.outcome.as_ref().is_none_or(|outcome| entry.outcome.as_ref() == Some(outcome))
        && form.talked.is_none_or(|talked| entry.talked_ms == Some(talked.ms))
}

fn created_fits(form: &CreatedForm, record: &&Record) -> bool {
    form.role.is_none_or(|role| role == record.role)
        && name_fits(form, record)
        && form.number.as_ref().is_none_or(|number| record.phones.iter().any(|phone| phone.number == *number))
        && form.owner.as_ref().is_none_or(|owner| record.owner.as_deref().unwrap_or("") == owner)
}

/// A CRM that keeps a name in one piece has the parts joined by a blank.
fn name_fits(form: &CreatedForm, record: &Record) -> bool {
    let whole = record.first_name.is_empty() && record.last_name.is_empty();
    match (&form.first_name, &form.last_name) {
        (Some(first), Some(last)) if whole => format!("{first} {last}").trim() == record.name,
        (first, last) => {
            first.as_ref().is_none_or(|name| *name == record.first_name) && last.as_ref().is_none_or(|name| *name == record.last_name)
        }
    }
}

fn entry_fits(form: &EntryForm, entry: &pbx_crm_host::bindings::hooks::phonebook::Entry) -> bool {
    let numbers: Vec<&String> = entry.numbers.iter().map(|(_, number)| number).collect();
    form.first_name == entry.first_name
        && form.last_name == entry.last_name
        && form.company == entry.company
        && form.numbers.iter().collect::<Vec<_>>() == numbers
}
