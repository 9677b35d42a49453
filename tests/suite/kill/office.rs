//! A day at an office: calls of known and unknown numbers, answered and missed, several at once.

use serde_json::{Value, json};

use crate::chance::Chance;

/// Extensions, each of a CRM user of its own.
pub const EXTENSIONS: [&str; 4] = ["1001", "1002", "1003", "1004"];
/// Numbers that the CRM knows.
pub const KNOWN: u64 = 40;
/// The next number is in use by no caller that the CRM knows.
const FIRST_UNKNOWN: u64 = 100;

/// A call, and all that the PBX tells of it.
pub struct Call {
    pub id: String,
    /// Of the party outside.
    pub number: String,
    /// Whose it is: the entry belongs to that extension's user.
    pub extension: &'static str,
    /// In order; the last one is the end. Without `id`, `at` and `resync`, which belong to the telling.
    pub events: Vec<Value>,
}

/// Number `index` of the office's callers.
pub fn number(index: u64) -> String {
    format!("+155501{index:05}")
}

/// As many calls as wanted, the same for the same seed. Of a hundred calls thirty are of numbers that the CRM does not know at first.
pub fn day(calls: usize, chance: &mut Chance) -> Vec<Call> {
    let mut unknown = 0;
    (0..calls)
        .map(|index| {
            let caller = if !chance.percent(30) {
                chance.below(KNOWN)
            } else if unknown > 0 && chance.percent(25) {
                // Again, while the record may still be in the making.
                FIRST_UNKNOWN + unknown - 1 - chance.below(unknown.min(3))
            } else {
                unknown += 1;
                FIRST_UNKNOWN + unknown - 1
            };
            call(index, number(caller), chance)
        })
        .collect()
}

fn call(index: usize, number: String, chance: &mut Chance) -> Call {
    let id = format!("call-{index}");
    let extension = *chance.one_of(&EXTENSIONS);
    let office = "+15550199999";
    let event = |what: &str| json!({ "what": what, "call": id, "extension": extension });
    let mut events = Vec::new();
    if chance.percent(85) {
        events.push(json!({ "what": "start", "call": id, "direction": "inbound", "from": number, "to": office }));
        events.push(event("ring"));
    } else {
        events.push(json!({ "what": "start", "call": id, "direction": "outbound", "from": extension, "to": number }));
    }
    if chance.percent(70) {
        events.push(event("answer"));
    }
    events.push(json!({ "what": "end", "call": id }));
    Call { id, number, extension, events }
}
