//! What a PBX's adapter does: keeps every event until it is answered, and after a restart tells of what is open again.

use std::collections::{BTreeMap, BTreeSet};

use pbx_crm_host::host::now;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::office::Call;
use crate::process::Process;

/// Calls that live at once.
const LIVE: usize = 12;
/// Events without an answer.
const WINDOW: usize = 64;

/// How far the telling of a call has come.
struct Telling {
    call: Call,
    /// When each event happened; none: it has not yet.
    moments: Vec<Option<u64>>,
    /// The next event to be told.
    next: usize,
}

/// See the module.
pub struct Feeder {
    /// Calls to come, the next one last.
    to_come: Vec<Call>,
    live: BTreeMap<String, Telling>,
    /// Told and not answered: call and event.
    unanswered: BTreeSet<(String, usize)>,
    /// Calls whose end was acknowledged.
    pub kept: BTreeSet<String>,
    pub told: u64,
    pub told_again: u64,
    pub refused: u64,
    chance: Chance,
}

impl Feeder {
    pub fn new(mut calls: Vec<Call>, chance: Chance) -> Self {
        calls.reverse();
        Self {
            to_come: calls,
            live: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            kept: BTreeSet::new(),
            told: 0,
            told_again: 0,
            refused: 0,
            chance,
        }
    }

    /// All calls have ended, and all is acknowledged.
    pub fn is_done(&self) -> bool {
        self.to_come.is_empty() && self.live.is_empty()
    }

    /// The process has died: all calls that live are told of from their start.
    pub fn died(&mut self) {
        self.unanswered.clear();
        for telling in self.live.values_mut() {
            telling.next = 0;
        }
    }

    /// Tells of what has happened, as much as may be without an answer. No new call begins when `begun` calls have.
    pub fn tell(&mut self, process: &mut Process, begun: usize, of_all: usize) {
        while self.unanswered.len() < WINDOW {
            let may_begin = self.live.len() < LIVE && of_all - self.to_come.len() < begun;
            if may_begin && let Some(call) = self.to_come.pop() {
                let telling = Telling { moments: vec![None; call.events.len()], next: 0, call };
                self.live.insert(telling.call.id.clone(), telling);
            }
            let untold: Vec<String> = self
                .live
                .values()
                .filter(|telling| telling.next < telling.call.events.len())
                .map(|telling| telling.call.id.clone())
                .collect();
            if untold.is_empty() {
                break;
            }
            let id = self.chance.one_of(&untold).clone();
            let Some(telling) = self.live.get_mut(&id) else { break };
            let (index, at) = (telling.next, now());
            let again = telling.moments[index].is_some();
            let at = *telling.moments[index].get_or_insert(at);
            let mut event = telling.call.events[index].clone();
            event["id"] = json!(format!("{id}/{index}"));
            event["at"] = json!(at);
            if again {
                event["resync"] = json!(true);
                self.told_again += 1;
            }
            process.tell(&event);
            self.told += 1;
            telling.next += 1;
            self.unanswered.insert((id, index));
        }
        process.flush();
    }

    /// Takes in what the host answered.
    pub fn take(&mut self, answer: &Value) {
        let id = answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"));
        let (call, index) = id.split_once('/').unwrap();
        let index: usize = index.parse().unwrap();
        self.unanswered.remove(&(call.to_owned(), index));
        let Some(telling) = self.live.get_mut(call) else { return };
        if answer["again"].is_string() {
            // Later events may have been taken before this one: the whole call is told of again.
            self.refused += 1;
            telling.next = 0;
            return;
        }
        let known = ["told before", "the call has ended already", "no such leg"];
        let ignored = answer["ignored"].as_str();
        let fine = answer["taken"] == true || ignored.is_some_and(|why| known.iter().any(|known| why.starts_with(known)));
        assert!(fine, "{answer}");
        if index + 1 == telling.call.events.len() {
            self.kept.insert(call.to_owned());
            self.live.remove(call);
        }
    }
}
