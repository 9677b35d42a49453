//! What the hooks of a call remember through its notes: a note and two sets of things done for each outside number, and a
//! set for the call. Kept apart by number, since of two calls that become one the host keeps only one note of each key.

use crate::contract::pbx::base::types::Message;
use crate::contract::pbx::crm::types::{Entity, RecordRef};
use crate::contract::pbx::hooks::calls::Call;
use crate::contract::pbx::hooks::log::Level;
use crate::keys::digest;
use crate::outside::Outside;
use crate::wording::cut;
use crate::world::World;

/// Most bytes of a note's value.
const NOTE_BYTES: usize = 4096;
/// Hexadecimal digits for an item of a set: a note holds 512 of them, two for each of the most legs that a call can have.
const ITEM_DIGITS: usize = 8;
/// Names are kept for cards and texts only; a note has room for this much of them, twice, even if all is escaped.
const NAME_BYTES: usize = 512;

/// How far the search for a record has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was decided yet.
    Fresh,
    /// Never to be looked up.
    LeftAlone,
    /// The CRM was asked.
    Asked,
    /// The record is known.
    Found,
    /// There is no record, and none will be made.
    Unknown,
    /// A record was asked for.
    Creating,
}

/// A record as far as later hooks of the call need it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Which.
    pub reference: RecordRef,
    /// To show.
    pub name: String,
    /// To show; "" if there is none.
    pub company: String,
}

impl From<&Entity> for Seen {
    fn from(entity: &Entity) -> Self {
        Self {
            reference: entity.reference.clone(),
            name: cut(&entity.name, NAME_BYTES).to_owned(),
            company: cut(entity.company.as_deref().unwrap_or_default(), NAME_BYTES).to_owned(),
        }
    }
}

/// What is known and done about an outside number in this call.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// How far the search has come.
    pub stage: Stage,
    /// True: the entries of this call were asked for.
    pub journalled: bool,
    /// Connector and work key of the creation that was asked for.
    pub creation: Option<(String, String)>,
    /// The record, once it is known.
    pub record: Option<Seen>,
}

impl Memory {
    const NONE: Self = Self { stage: Stage::Fresh, journalled: false, creation: None, record: None };

    /// What the notes say; nothing if there are none (the number is new, or the notes were lost).
    pub fn load(world: &impl World, call: &Call, outside: &Outside<'_>) -> Self {
        world.note(&call.id, &note_key("party", outside)).and_then(|text| Self::decode(&text)).unwrap_or(Self::NONE)
    }

    /// Keeps it for the next hook.
    pub fn save(&self, world: &mut impl World, call: &Call, outside: &Outside<'_>) {
        if !world.set_note(&call.id, &note_key("party", outside), &self.encode()) {
            world.log(Level::Warning, "no room for a note of the call: work may be asked for again under the same key");
        }
    }

    fn encode(&self) -> String {
        let stage = match self.stage {
            Stage::Fresh => "fresh",
            Stage::LeftAlone => "left-alone",
            Stage::Asked => "asked",
            Stage::Found => "found",
            Stage::Unknown => "unknown",
            Stage::Creating => "creating",
        };
        let mut fields = vec![stage, if self.journalled { "1" } else { "0" }];
        match &self.creation {
            Some((connector, key)) => fields.extend([connector.as_str(), key.as_str()]),
            None => fields.extend(["", ""]),
        }
        if let Some(seen) = &self.record {
            let at = &seen.reference;
            fields.extend([&at.connector, &at.kind, &at.id, &seen.name, &seen.company].map(String::as_str));
        }
        fields.iter().map(|field| escape(field)).collect::<Vec<_>>().join("\t")
    }

    fn decode(text: &str) -> Option<Self> {
        let mut fields = text.split('\t').map(unescape);
        let stage = match fields.next()?.as_str() {
            "left-alone" => Stage::LeftAlone,
            "asked" => Stage::Asked,
            "found" => Stage::Found,
            "unknown" => Stage::Unknown,
            "creating" => Stage::Creating,
            _ => Stage::Fresh,
        };
        let journalled = fields.next()? == "1";
        let creation = Some((fields.next()?, fields.next()?)).filter(|(_, key)| !key.is_empty());
        let record = fields.next().and_then(|connector| {
            Some(Seen {
                reference: RecordRef { connector, kind: fields.next()?, id: fields.next()? },
                name: fields.next()?,
                company: fields.next()?,
            })
        });
        Some(Self { stage, journalled, creation, record })
    }
}

/// A set of things done in this call.
#[derive(Clone, Copy)]
pub enum Done<'a> {
    /// (extension, record) whose page was opened for this number.
    Pops(&'a Outside<'a>),
    /// (extension, content) of cards shown.
    Cards,
    /// Message ids of reasons about this number that stay true from hook to hook.
    Told(&'a Outside<'a>),
}

/// Is it in the set?
pub fn is_done(world: &impl World, call: &Call, set: Done<'_>, item: &[&str]) -> bool {
    contains(&world.note(&call.id, &set.key()).unwrap_or_default(), &digest(item, ITEM_DIGITS))
}

/// Puts it into the set; false if it was there.
pub fn mark_done(world: &mut impl World, call: &Call, set: Done<'_>, item: &[&str]) -> bool {
    let mut items = world.note(&call.id, &set.key()).unwrap_or_default();
    let item = digest(item, ITEM_DIGITS);
    if contains(&items, &item) {
        return false;
    }
    // A full set forgets nothing and learns nothing; the host does nothing twice for one page or key either.
    if items.len() + item.len() <= NOTE_BYTES {
        items.push_str(&item);
        world.set_note(&call.id, &set.key(), &items);
    }
    true
}

/// Gives a reason that stays true from hook to hook, only the first time.
pub fn tell_once(world: &mut impl World, call: &Call, outside: &Outside<'_>, decision: &str, why: &Message) {
    if mark_done(world, call, Done::Told(outside), &[&why.id]) {
        world.reason(decision, why);
    }
}

impl Done<'_> {
    fn key(self) -> String {
        match self {
            Done::Pops(outside) => note_key("pops", outside),
            Done::Cards => "cards".to_owned(),
            Done::Told(outside) => note_key("told", outside),
        }
    }
}

fn contains(items: &str, item: &str) -> bool {
    items.as_bytes().chunks(ITEM_DIGITS).any(|one| one == item.as_bytes())
}

fn note_key(what: &str, outside: &Outside<'_>) -> String {
    format!("{what}-{}", digest(&[&outside.first.id], 32))
}

fn escape(field: &str) -> String {
    field.replace('\\', "\\\\").replace('\t', "\\t")
}

fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut rest = field.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' => match rest.next() {
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_gives_back_what_was_kept() {
        let memory = Memory {
            stage: Stage::Found,
            journalled: true,
            creation: Some(("crm".into(), "c-1".into())),
            record: Some(Seen {
                reference: RecordRef { connector: "crm".into(), kind: "Person".into(), id: "\\t7\t\\".into() },
                name: "Ada\tLovelace\\".into(),
                company: String::new(),
            }),
        };
        assert_eq!(Memory::decode(&memory.encode()), Some(memory));
        let asked = Memory { stage: Stage::Asked, ..Memory::NONE };
        assert_eq!(Memory::decode(&asked.encode()), Some(asked));
        assert_eq!(Memory::decode(""), None);
    }
}
