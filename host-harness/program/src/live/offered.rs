//! From a piece of JSON to an event of a call. Whoever carries such events to the host (a pipe, an HTTP request) shares this.

use pbx_crm_host::event::{CallEvent, Moment};
use pbx_crm_host::number::DialPlan;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Id;
use crate::player::cast::Calls;
use crate::scenario::{Event, Scenario};

/// Longest line that is read, in bytes.
pub const LINE_BYTES: usize = 64 * 1024;
/// Longest `id`, in bytes: it is kept until the event is answered.
const ID_BYTES: usize = 1024;
/// What can happen to a call.
const WORDS: [&str; 14] = [
    "start",
    "dial",
    "ring",
    "answer",
    "talk",
    "leave",
    "join",
    "party-leave",
    "transfer",
    "hold",
    "merge",
    "recording",
    "voicemail",
    "end",
];
/// How a call can come to a phone.
const VIAS: [&str; 6] = ["direct", "ring-group", "queue", "transfer", "forward", "pickup"];
/// The years 2000 to 9999, in milliseconds since 1970. Seconds, which are the usual mistake, lie before it.
const MOMENTS: std::ops::RangeInclusive<Moment> = 946_684_800_000..=253_402_300_799_999;

/// An event with the name by which its answer is known.
#[derive(Debug)]
pub struct Offered {
    /// As it was given.
    pub id: Id,
    /// For the host.
    pub event: CallEvent,
}

/// What was offered is no event of a call.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// As far as it could be read.
    pub id: Id,
    /// What is wrong, and what would be right.
    pub why: String,
}

/// Reads events. It remembers which phones have left which call: a phone that rings again has another leg.
#[derive(Debug)]
pub struct EventReader {
    calls: Calls,
}

impl EventReader {
    /// For the PBX of this setup, which reads numbers so.
    #[must_use]
    pub fn new(setup: &Scenario, numbers: DialPlan) -> Self {
        Self { calls: Calls::new(setup, numbers) }
    }

    /// Reads one event: a JSON object with the words of a scenario's events. `now`, in milliseconds since 1970, is its moment if it names none.
    ///
    /// # Errors
    /// It is none.
    pub fn read(&mut self, text: &[u8], now: Moment) -> Result<Offered, Wrong> {
        let nameless = |why: String| Wrong { id: Id::default(), why };
        let value =
            serde_json::from_slice(text).map_err(|why| nameless(format!("this is not JSON ({why}); write one object on one line")))?;
        let Value::Object(mut fields) = value else {
            return Err(nameless("an event is a JSON object, such as {\"what\": \"end\", \"call\": \"17\"}".to_owned()));
        };
        let id = take_id(&mut fields).map_err(nameless)?;
        match self.event(fields, now) {
            Ok(event) => Ok(Offered { id, event }),
            Err(why) => Err(Wrong { id, why }),
        }
    }

    fn event(&mut self, mut fields: Map<String, Value>, now: Moment) -> Result<CallEvent, String> {
        match fields.get("what").and_then(Value::as_str) {
            Some(word) if WORDS.contains(&word) => {}
            Some(word) => return Err(format!("`{word}` does not happen to a call; `what` is one of: {}", WORDS.join(", "))),
            None => return Err(format!("`what` is missing or no text; it is one of: {}", WORDS.join(", "))),
        }
        let at = take_moment(&mut fields, now)?;
        let resync = match fields.remove("resync") {
            None => false,
            Some(Value::Bool(resync)) => resync,
            Some(_) => return Err("`resync` is true or false".to_owned()),
        };
        // Scenarios count from their beginning; here a moment is one of the clock on the wall.
        fields.insert("at".to_owned(), Value::from("0s"));
        let event = Event::deserialize(Value::Object(fields)).map_err(|why| why.to_string())?;
        if let Event::Ring { via: Some(via), .. } | Event::Dial { via: Some(via), .. } = &event {
            check_via(via)?;
        }
        let read = self.calls.call_event(&event, at).ok_or("this does not happen to a call")?;
        if let Event::End { call, .. } = &event {
            self.calls.forget(call);
        }
        Ok(CallEvent { resync, ..read })
    }
}

fn take_id(fields: &mut Map<String, Value>) -> Result<Id, String> {
    match fields.remove("id") {
        None | Some(Value::Null) => Ok(Id::default()),
        Some(Value::String(text)) if text.len() <= ID_BYTES => Ok(Id::from(text)),
        Some(Value::String(_)) => Err(format!("`id` has more than {ID_BYTES} bytes")),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(Id::from(number)),
        Some(_) => Err("`id` is a text or a whole number".to_owned()),
    }
}

fn take_moment(fields: &mut Map<String, Value>, now: Moment) -> Result<Moment, String> {
    match fields.remove("at") {
        None => Ok(now),
        Some(given) => given.as_u64().filter(|at| MOMENTS.contains(at)).ok_or_else(|| {
            format!("`at` is {given}; write milliseconds since 1970 as a whole number, such as {now}, or leave it out for this moment")
        }),
    }
}

fn check_via(via: &str) -> Result<(), String> {
    let (word, target) = via.split_once(' ').unwrap_or((via, ""));
    if VIAS.contains(&word) && (word == "direct") == target.trim().is_empty() {
        return Ok(());
    }
    Err(format!("via = \"{via}\" is not known; write direct, ring-group ID, queue ID, transfer EXT, forward EXT or pickup EXT"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pbx_crm_host::event::Happening;

    use super::*;
    use crate::player::cast;

    const NOW: Moment = 1_795_000_000_000;

    fn reader() -> EventReader {
        let text = "title = \"\"\n[[extension]]\nid = \"1001\"\n[[extension]]\nid = \"1002\"\n";
        let setup = crate::scenario::parse(Path::new("setup.toml"), text).unwrap();
        let numbers = cast::numbers(&setup).unwrap();
        EventReader::new(&setup, numbers)
    }

    fn read(text: &str) -> Result<Offered, Wrong> {
        reader().read(text.as_bytes(), NOW)
    }

    fn leg(reader: &mut EventReader, text: &str) -> String {
        match reader.read(text.as_bytes(), NOW).unwrap().event.happening {
            Happening::Ringing { leg, .. } | Happening::Left { leg, .. } => leg,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_has_the_words_of_scenarios_and_keeps_its_name_moment_and_mark() {
        let text = r#"{"id": 7, "what": "start", "call": "c", "direction": "inbound", "from": "+15550100142", "to": "100", "node": "b", "at": 1795000000001, "resync": true}"#;
        let offered = read(text).unwrap();
        assert_eq!(offered.id.to_string(), "7");
        assert_eq!((offered.event.at, offered.event.resync, offered.event.node.as_str()), (1_795_000_000_001, true, "b"));
        assert!(matches!(offered.event.happening, Happening::Started(_)));
        let plain = read(r#"{"what": "leave", "call": "c", "extension": "1001", "resync": true}"#).unwrap();
        assert_eq!((plain.id.to_string().as_str(), plain.event.at, plain.event.resync), ("null", NOW, true));
    }

    #[test]
    fn a_phone_that_rings_again_has_another_leg_until_its_call_has_ended() {
        let mut reader = reader();
        let ring = r#"{"what": "ring", "call": "c", "extension": "1001"}"#;
        let leave = r#"{"what": "leave", "call": "c", "extension": "1001"}"#;
        assert_eq!(leg(&mut reader, ring), "1001");
        assert_eq!(leg(&mut reader, leave), "1001");
        // Offered again, since it was not taken: the same leg.
        assert_eq!(leg(&mut reader, leave), "1001");
        assert_eq!((leg(&mut reader, ring), leg(&mut reader, ring)), ("1001#2".to_owned(), "1001#2".to_owned()));
        reader.read(br#"{"what": "end", "call": "c"}"#, NOW).unwrap();
        assert_eq!(leg(&mut reader, ring), "1001", "a call that has ended is forgotten");
    }

    #[test]
    fn what_is_wrong_is_told_with_the_name_and_what_would_be_right() {
        for (text, id, wanted) in [
            ("hello", "null", "not JSON"),
            ("[1]", "null", "JSON object"),
            ("{}", "null", "`what` is missing"),
            (r#"{"id": 1.5, "what": "end"}"#, "null", "`id` is a text or a whole number"),
            (r#"{"id": "a", "what": "fault", "fault": {"what": "garbled"}}"#, "\"a\"", "`fault` does not happen to a call"),
            (r#"{"id": "a", "what": "end"}"#, "\"a\"", "missing field `call`"),
            (r#"{"id": "a", "what": "end", "call": "c", "colour": 1}"#, "\"a\"", "unknown field `colour`"),
            (r#"{"id": "a", "what": "end", "call": "c", "at": 1795000000}"#, "\"a\"", "milliseconds since 1970"),
            (r#"{"id": "a", "what": "end", "call": "c", "at": "1s"}"#, "\"a\"", "milliseconds since 1970"),
            (r#"{"id": "a", "what": "end", "call": "c", "resync": 1}"#, "\"a\"", "`resync` is true or false"),
            (r#"{"id": -3, "what": "ring", "call": "c", "extension": "1001", "via": "queue"}"#, "-3", "queue ID"),
            (r#"{"id": -3, "what": "ring", "call": "c", "extension": "1001", "via": "smoke 3"}"#, "-3", "ring-group ID"),
        ] {
            let wrong = read(text).unwrap_err();
            assert!(wrong.why.contains(wanted), "{text}: {}", wrong.why);
            assert_eq!(wrong.id.to_string(), id, "{text}");
        }
        let long = format!("{{\"id\": \"{}\"}}", "x".repeat(ID_BYTES + 1));
        assert!(read(&long).unwrap_err().why.contains("1024 bytes"));
    }
}
