//! From a scenario's words to the host's: PBX, numbers, settings, bindings, phonebooks, events.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pbx_crm_host::binding::{Binding, Bindings};
use pbx_crm_host::bindings::crm::connections::User;
use pbx_crm_host::bindings::crm::types::UserRef;
use pbx_crm_host::bindings::hooks::calls::{Direction, LegState, Outcome, Via};
use pbx_crm_host::bindings::hooks::directory::{Group, GroupKind};
use pbx_crm_host::bindings::hooks::host::HostFacts;
use pbx_crm_host::bindings::hooks::phonebook::{Book, Entry};
use pbx_crm_host::bindings::hooks_exports::transfer_events::Destination;
use pbx_crm_host::component::PreparedPlugin;
use pbx_crm_host::event::{CallEvent, Happening, Moment, Start};
use pbx_crm_host::number::DialPlan;
use pbx_crm_host::pbx::{Pbx, StaticPbx};
use pbx_crm_host::settings::Settings;
use pbx_crm_host::store::{Change, Store};

use super::PlayError;
use crate::scenario::{DirectionWord, EntryForm, Event, GroupKind as GroupWord, OutcomeWord, Scenario, StateWord};

pub(crate) fn pbx(scenario: &Scenario) -> (StaticPbx, HostFacts) {
    let form = &scenario.pbx;
    let mut pbx = StaticPbx::new(form.country.get_ref(), form.time_zone.get_ref()).with_facts(|facts| {
        facts.pbx.clone_from(&form.product);
        facts.pbx_version.clone_from(&form.firmware);
        facts.language.clone_from(&form.language);
        facts.public_address.clone_from(&form.public_address);
        facts.licences.clone_from(&form.licences);
        facts.abilities.clone_from(&form.abilities);
    });
    for extension in &scenario.extensions {
        let form = extension.get_ref();
        pbx = pbx.with_extension(&form.id, &form.name, form.email.as_deref());
    }
    for group in &scenario.groups {
        let form = group.get_ref();
        let kind = match form.kind {
            GroupWord::RingGroup => GroupKind::RingGroup,
            GroupWord::Queue => GroupKind::Queue,
            GroupWord::ExtensionGroup => GroupKind::ExtensionGroup,
        };
        pbx =
            pbx.with_group(Group { id: form.id.clone(), name: form.name.clone(), kind, members: form.members.clone(), extras: Vec::new() });
    }
    let facts = pbx.facts();
    (pbx, facts)
}

pub(crate) fn numbers(scenario: &Scenario) -> Result<DialPlan, String> {
    let extensions = scenario.extensions.iter().map(|extension| extension.get_ref().id.clone());
    let plan = DialPlan::new(scenario.pbx.country.get_ref(), extensions).map_err(|why| why.to_string())?;
    Ok(plan.with_emergency(scenario.pbx.emergency.iter().cloned()))
}

pub(crate) fn plugin_settings(
    plugin: &PreparedPlugin,
    facts: &HostFacts,
    scenario: &Scenario,
    wrong: &dyn Fn(Range<usize>, String) -> PlayError,
) -> Result<Settings, PlayError> {
    let mut settings = Settings::new(plugin.schema().to_vec());
    for (key, value) in &scenario.settings {
        let json = serde_json::to_value(value.get_ref()).map_err(|why| wrong(value.span(), why.to_string()))?;
        settings.set_json(key.get_ref(), &json).map_err(|why| wrong(key.span(), why.to_string()))?;
    }
    if let Some(problem) = plugin.check(facts, &settings.all())?.into_iter().find(|problem| problem.prevents_saving) {
        let span = scenario.settings.iter().find(|(key, _)| *key.get_ref() == problem.key).map_or(0..0, |(_, value)| value.span());
        let what = plugin.catalogue().render("en", &problem.message);
        let place =
            if problem.line > 0 { format!(" (line {}, column {} of the text)", problem.line, problem.column) } else { String::new() };
        return Err(wrong(span, format!("setting `{}`: {what}{place}", problem.key)));
    }
    Ok(settings)
}

/// `own_id` gives the CRM's own id of what the scenario calls so.
pub(crate) fn bindings(
    scenario: &Scenario,
    connector: &str,
    own_id: &dyn Fn(&str) -> String,
    wrong: &dyn Fn(Range<usize>, String) -> PlayError,
) -> Result<Bindings, PlayError> {
    let mut bindings = Bindings::default();
    for (span, bound) in each_binding(scenario, connector, own_id) {
        bindings.bind(bound).map_err(|why| wrong(span, why.to_string()))?;
    }
    Ok(bindings)
}

/// Each with its place in the file.
pub(crate) fn each_binding(scenario: &Scenario, connector: &str, own_id: &dyn Fn(&str) -> String) -> Vec<(Range<usize>, Binding)> {
    let users = || scenario.crm.users.iter().map(toml::Spanned::get_ref);
    let bound = scenario.bindings.iter().filter_map(|binding| {
        let form = binding.get_ref();
        let user = users().find(|user| user.id == form.user)?;
        let user = User {
            reference: UserRef { connector: connector.to_owned(), id: own_id(&user.id) },
            name: user.name.clone(),
            email: user.email.clone(),
            active: user.active,
            extras: Vec::new(),
        };
        Some((binding.span(), Binding { user, extensions: form.extensions.clone(), groups: form.groups.clone() }))
    });
    bound.collect()
}

/// Puts the scenario's phonebooks into a store.
pub(crate) fn fill(store: &mut dyn Store, scenario: &Scenario) {
    for book in &scenario.phonebooks {
        let form = book.get_ref();
        let kept_by = form.kept_by_crm.then(|| "CRM".to_owned());
        let mut changes =
            vec![Change::PutBook(Book { id: form.id.clone(), name: form.name.clone(), entries: 0, kept_by, extras: Vec::new() })];
        for (index, entry) in form.entries.iter().enumerate() {
            changes.push(Change::PutEntry { book: form.id.clone(), entry: phonebook_entry(&format!("written-{index}"), entry) });
        }
        // An empty store takes everything.
        store.commit(changes);
    }
}

fn phonebook_entry(key: &str, form: &EntryForm) -> Entry {
    Entry {
        key: key.to_owned(),
        first_name: form.first_name.clone(),
        last_name: form.last_name.clone(),
        company: form.company.clone(),
        email: String::new(),
        numbers: form.numbers.iter().map(|number| ("business".to_owned(), number.clone())).collect(),
        extras: Vec::new(),
    }
}

/// More phones that have left a call which goes on are not remembered: nobody has so many calls.
const MOST_LATEST: usize = 100_000;

/// Events of calls, from a scenario's words to the host's. A leg is an extension's latest one in a call, unless the scenario names another.
#[derive(Debug)]
pub(crate) struct Calls {
    /// Extensions and groups: what a transfer can reach inside.
    inside: BTreeSet<String>,
    numbers: DialPlan,
    /// By (call, extension), for those that have left: how many legs it has had, and whether the last one has left.
    latest: BTreeMap<(String, String), (u32, bool)>,
}

impl Calls {
    pub(crate) fn new(scenario: &Scenario, numbers: DialPlan) -> Self {
        let extensions = scenario.extensions.iter().map(|extension| extension.get_ref().id.clone());
        let groups = scenario.groups.iter().map(|group| group.get_ref().id.clone());
        Self { inside: extensions.chain(groups).collect(), numbers, latest: BTreeMap::new() }
    }

    fn current(&self, call: &str, extension: &str) -> String {
        let count = self.latest.get(&(call.to_owned(), extension.to_owned())).map_or(1, |(count, _)| *count);
        if count <= 1 { extension.to_owned() } else { format!("{extension}#{count}") }
    }

    /// For a ring or answer: a new leg if the last one has left.
    fn coming(&mut self, call: &str, extension: &str) -> String {
        if let Some(latest) = self.latest.get_mut(&(call.to_owned(), extension.to_owned()))
            && latest.1
        {
            *latest = (latest.0 + 1, false);
        }
        self.current(call, extension)
    }

    fn leaving(&mut self, call: &str, extension: &str) -> String {
        let leg = self.current(call, extension);
        self.latest.entry((call.to_owned(), extension.to_owned())).or_insert((1, false)).1 = true;
        if self.latest.len() > MOST_LATEST {
            self.latest.pop_first();
        }
        leg
    }

    /// The call has ended: what is known of its legs is wanted no more.
    pub(crate) fn forget(&mut self, call: &str) {
        self.latest.retain(|(of, _), _| of != call);
    }

    /// None: it is no event of a call.
    pub(crate) fn call_event(&mut self, event: &Event, at: Moment) -> Option<CallEvent> {
        let call = event.call()?.to_owned();
        let mut again = false;
        let mut machine = String::new();
        let happening = match event {
            Event::Start { direction, from, to, name, trunk, node, extras, resync, .. } => {
                again = *resync;
                machine = node.clone().unwrap_or_default();
                let direction = match direction {
                    DirectionWord::Inbound => Direction::Inbound,
                    DirectionWord::Outbound => Direction::Outbound,
                    DirectionWord::Internal => Direction::Internal,
                };
                let mut start = Start::new(direction, from.clone(), to.clone());
                start.leg.clone_from(from);
                start.name.clone_from(name);
                start.trunk.clone_from(trunk);
                start.extras = extras.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                if matches!(direction, Direction::Inbound) {
                    "from".clone_into(&mut start.leg);
                }
                Happening::Started(start)
            }
            Event::Dial { extension, via, leg, .. } => {
                let leg = leg.clone().unwrap_or_else(|| self.coming(&call, extension));
                Happening::Dialled { leg, extension: extension.clone(), via: self::via(via.as_deref()) }
            }
            Event::Ring { extension, via, leg, resync, .. } => {
                again = *resync;
                let leg = leg.clone().unwrap_or_else(|| self.coming(&call, extension));
                Happening::Ringing { leg, extension: extension.clone(), via: self::via(via.as_deref()) }
            }
            Event::Answer { extension, leg, resync, .. } => {
                again = *resync;
                let leg = leg.clone().unwrap_or_else(|| self.coming(&call, extension));
                Happening::Answered { leg, extension: Some(extension.clone()) }
            }
            Event::Leave { extension, leg, state, .. } => {
                let leg = leg.clone().unwrap_or_else(|| self.leaving(&call, extension));
                let state = state.map(|state| match state {
                    StateWord::Missed => LegState::Missed,
                    StateWord::AnsweredElsewhere => LegState::AnsweredElsewhere,
                    StateWord::Busy => LegState::Busy,
                    StateWord::Declined => LegState::Declined,
                    StateWord::Failed => LegState::Failed,
                });
                Happening::Left { leg, state }
            }
            Event::Join { party, number, name, .. } => {
                Happening::Joined { party: party.clone(), number: number.clone(), name: name.clone() }
            }
            Event::PartyLeave { party, .. } => Happening::PartyLeft { party: party.clone() },
            Event::Talk { extension, parties, .. } => Happening::Talking { leg: self.current(&call, extension), parties: parties.clone() },
            Event::Transfer { by, to, attended, .. } => {
                let to = if self.inside.contains(to) {
                    Destination::Extension(to.clone())
                } else {
                    Destination::Outside(self.numbers.parse(to))
                };
                Happening::Transferred { by: by.clone(), to, attended: *attended }
            }
            Event::Hold { extension, holding, .. } => Happening::Held { leg: self.current(&call, extension), holding: *holding },
            Event::Merge { vanished, .. } => Happening::Merged { vanished: vanished.clone() },
            Event::Recording { link, length, .. } => Happening::Recorded { link: link.clone(), length: length.ms },
            Event::Voicemail { mailbox, length, link, .. } => {
                Happening::Voicemail { mailbox: mailbox.clone(), link: link.clone(), length: length.ms }
            }
            Event::End { outcome, resync, .. } => {
                again = *resync;
                Happening::Ended { outcome: outcome.map(self::outcome) }
            }
            Event::Fault { .. }
            | Event::ClearFaults { .. }
            | Event::Restart { .. }
            | Event::Order { .. }
            | Event::Knob { .. }
            | Event::Seed { .. } => return None,
        };
        Some(CallEvent { call, node: machine, at, resync: again, happening })
    }
}

fn via(text: Option<&str>) -> Via {
    let (word, target) = text.and_then(|text| text.split_once(' ')).unwrap_or(("direct", ""));
    let target = target.trim().to_owned();
    match word {
        "ring-group" => Via::RingGroup(target),
        "queue" => Via::Queue(target),
        "transfer" => Via::Transfer(target),
        "forward" => Via::Forward(target),
        "pickup" => Via::Pickup(target),
        _ => Via::Direct,
    }
}

fn outcome(word: OutcomeWord) -> Outcome {
    match word {
        OutcomeWord::Answered => Outcome::Answered,
        OutcomeWord::Missed => Outcome::Missed,
        OutcomeWord::Voicemail => Outcome::Voicemail,
        OutcomeWord::NoAnswer => Outcome::NoAnswer,
        OutcomeWord::Busy => Outcome::Busy,
        OutcomeWord::Failed => Outcome::Failed,
        OutcomeWord::Forwarded => Outcome::Forwarded,
        OutcomeWord::Lost => Outcome::Lost,
    }
}
