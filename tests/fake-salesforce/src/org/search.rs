//! The search index of one object, which lags behind the rows as Salesforce's does.
//!
//! Each state of a row's texts is a document with a moment of writing and perhaps one of removal. Whether a search sees it follows
//! from the lag at the time of the search, so nothing has to run in the background.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    PhoneSearch, Row, SearchGroup, Term,
    ordered::Ordered,
    tokens::{self, Kind},
};
use crate::{
    id::Id,
    schema::{FieldKind, ObjectType},
};

/// A row's texts as they were for a while.
#[derive(Debug)]
struct Document {
    row: Id,
    written: i64,
    removed: i64,
}

/// Where a word stands: document, field and place in the field, in one number so that the next word's is the next number.
#[derive(Clone, Copy, Debug)]
struct Posting(u64);

/// Place of the digits of a whole number, far from those of words.
const WHOLE_NUMBER: usize = 0xfff0;
/// Not removed.
const NEVER: i64 = i64::MAX;
/// Documents that were replaced so long ago that no lag reaches back to them.
const FORGOTTEN_AFTER_MS: i64 = 86_400_000;

impl Posting {
    fn new(document: u32, field: u8, place: usize) -> Self {
        Self(u64::from(document) << 24 | u64::from(field) << 16 | place.min(0xffff) as u64)
    }

    fn document(self) -> u32 {
        u32::try_from(self.0 >> 24).unwrap_or(u32::MAX)
    }

    fn is_whole_number(self) -> bool {
        self.0 & 0xffff == WHOLE_NUMBER as u64
    }

    fn field(self) -> usize {
        usize::try_from(self.0 >> 16 & 0xff).unwrap_or_default()
    }
}

/// Numbers of the documents that a change of a row replaced, for undoing it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reindexed {
    old: Option<u32>,
    new: Option<u32>,
    changed: bool,
}

/// The search index of one object.
#[derive(Debug, Default)]
pub(super) struct SearchIndex {
    /// For each field the groups it belongs to, 0 where it is not searched.
    groups: Vec<u8>,
    phones: Vec<bool>,
    documents: Vec<Document>,
    /// The document of a row as it is now.
    current: HashMap<Id, u32>,
    words: HashMap<Box<str>, Vec<Posting>>,
    /// The same words in order, for wildcards.
    sorted: Ordered,
    /// Digits of whole phone fields, backwards, for those who search by their end.
    backwards: Ordered,
    replaced: usize,
}

fn bit(group: SearchGroup) -> u8 {
    match group {
        SearchGroup::All => 1,
        SearchGroup::Name => 2,
        SearchGroup::Phone => 4,
        SearchGroup::Email => 8,
        SearchGroup::Sidebar => 16,
    }
}

impl SearchIndex {
    /// Finds out which fields are searched.
    pub fn learn_fields(&mut self, object: &ObjectType) {
        if !object.searchable {
            return;
        }
        self.phones = object.fields.iter().map(|field| field.kind == FieldKind::Phone).collect();
        self.groups = object
            .fields
            .iter()
            .map(|field| match field.kind {
                _ if field.name_field => 1 | 2 | 16,
                // The whole name is searched, not its parts as well.
                _ if field.part_of.is_some() => 0,
                FieldKind::Phone => 1 | 4 | 16,
                FieldKind::Email => 1 | 8 | 16,
                FieldKind::String | FieldKind::Url | FieldKind::TextArea | FieldKind::Combobox => 1,
                _ => 0,
            })
            .collect();
    }

    /// Takes a row's new state in; None: the row is gone. `written`: when, `i64::MIN` for what was always there.
    pub fn reindex(&mut self, id: Id, before: Option<&Row>, after: Option<&Row>, written: i64) -> Reindexed {
        let same = |before: &Row, after: &Row| {
            self.groups.iter().enumerate().all(|(place, group)| *group == 0 || before.get(place) == after.get(place))
        };
        match (before, after) {
            (Some(before), Some(after)) if self.current.contains_key(&id) && same(before, after) => return Reindexed::default(),
            _ => {}
        }
        let old = self.current.remove(&id);
        if let Some(document) = old.and_then(|at| self.documents.get_mut(at as usize)) {
            document.removed = written;
            self.replaced += 1;
        }
        let new = after.and_then(|row| self.add(row, written));
        if self.replaced > 10_000 && self.replaced > self.documents.len() / 2 {
            self.tidy(written);
        }
        Reindexed { old, new, changed: true }
    }

    /// Takes back what [`SearchIndex::reindex`] did.
    pub fn undo(&mut self, id: Id, done: Reindexed) {
        if !done.changed {
            return;
        }
        if let Some(document) = done.new.and_then(|at| self.documents.get_mut(at as usize)) {
            document.written = NEVER;
            document.removed = i64::MIN;
        }
        self.current.remove(&id);
        if let Some(at) = done.old
            && let Some(document) = self.documents.get_mut(at as usize)
        {
            document.removed = NEVER;
            self.current.insert(id, at);
        }
    }

    /// A deleted row that does not linger is gone at once.
    pub fn forget(&mut self, done: Reindexed) {
        if let Some(document) = done.old.and_then(|at| self.documents.get_mut(at as usize)) {
            document.removed = i64::MIN;
        }
    }

    fn add(&mut self, row: &Row, written: i64) -> Option<u32> {
        let at = u32::try_from(self.documents.len()).ok()?;
        let mut any = false;
        // What was always there comes from a seed, with many others.
        let many = written == i64::MIN;
        for (place, group) in self.groups.iter().enumerate() {
            let Some(text) = row.get(place).as_text() else { continue };
            if *group == 0 {
                continue;
            }
            any = true;
            let field = u8::try_from(place).unwrap_or(u8::MAX);
            let (words, sorted) = (&mut self.words, &mut self.sorted);
            let mut note = |word: &str, place: usize| {
                let posting = Posting::new(at, field, place);
                if let Some(there) = words.get_mut(word) {
                    there.push(posting);
                } else {
                    words.insert(word.into(), vec![posting]);
                    sorted.push(word, many);
                }
            };
            if !self.phones.get(place).copied().unwrap_or_default() {
                tokens::words(text, note);
                continue;
            }
            let digits = tokens::digits(text);
            if digits != text {
                tokens::words(text, &mut note);
            }
            if !digits.is_empty() {
                note(&digits, WHOLE_NUMBER);
                let backwards: String = digits.chars().rev().collect();
                self.backwards.push(&backwards, many);
            }
        }
        self.documents.push(Document { row: row.id, written, removed: NEVER });
        if any {
            self.current.insert(row.id, at);
        }
        any.then_some(at)
    }

    /// Makes searches by beginnings and ends fast after many rows were added.
    pub fn settle(&mut self) {
        self.sorted.settle();
        self.backwards.settle();
    }

    /// Throws away postings of documents that were replaced long ago.
    fn tidy(&mut self, now: i64) {
        let documents = &self.documents;
        let live = |posting: &Posting| {
            documents
                .get(posting.document() as usize)
                .is_some_and(|document| document.removed == NEVER || document.removed.saturating_add(FORGOTTEN_AFTER_MS) > now)
        };
        self.words.retain(|_, postings| {
            postings.retain(live);
            !postings.is_empty()
        });
        let words = &self.words;
        self.sorted.retain(|word| words.contains_key(word));
        self.backwards.retain(|word| words.contains_key(word.chars().rev().collect::<String>().as_str()));
        self.replaced = 0;
    }

    /// Rows that the index has for the term.
    pub fn search(&self, now: i64, lag: i64, phones: PhoneSearch, group: SearchGroup, term: &Term) -> BTreeSet<Id> {
        let patterns = patterns(term);
        let seen = |posting: &Posting| {
            self.groups.get(posting.field()).is_some_and(|groups| groups & bit(group) != 0)
                && self.documents.get(posting.document() as usize).is_some_and(|document| {
                    document.written.saturating_add(lag) <= now && (document.removed == NEVER || now < document.removed.saturating_add(lag))
                })
        };
        let mut found: Vec<Posting> = Vec::new();
        for (at, pattern) in patterns.iter().enumerate() {
            let mut here = Vec::new();
            self.postings(pattern, |posting| {
                if seen(&posting) {
                    here.push(posting);
                }
            });
            if at == 0 {
                found = here;
            } else {
                let before: HashSet<u64> = found.iter().map(|posting| posting.0 + 1).collect();
                here.retain(|posting| before.contains(&posting.0));
                found = here;
            }
            if found.is_empty() {
                break;
            }
        }
        if let ([pattern], PhoneSearch::Lenient) = (patterns.as_slice(), phones)
            && pattern.rest.is_empty()
            && pattern.start.len() >= 7
            && pattern.start.bytes().all(|character| character.is_ascii_digit())
        {
            let backwards: String = pattern.start.chars().rev().collect();
            for number in self.backwards.starting(&backwards) {
                found.extend(self.whole_numbers(number).filter(|posting| seen(posting)));
            }
        }
        found.iter().filter_map(|posting| self.documents.get(posting.document() as usize)).map(|document| document.row).collect()
    }

    fn postings(&self, pattern: &Pattern, mut take: impl FnMut(Posting)) {
        if pattern.rest.is_empty() {
            if let Some(postings) = self.words.get(pattern.start.as_str()) {
                postings.iter().copied().for_each(take);
            }
            return;
        }
        // A wildcard that nothing stands before is none (SOQL and SOSL Reference, FIND).
        if pattern.start.is_empty() {
            return;
        }
        for word in self.sorted.starting(&pattern.start) {
            let rest: Vec<char> = word.chars().skip(pattern.start.chars().count()).collect();
            if fits(&pattern.rest, &rest)
                && let Some(postings) = self.words.get(word)
            {
                postings.iter().copied().for_each(&mut take);
            }
        }
    }

    /// Phone fields with these digits, which are given backwards.
    fn whole_numbers(&self, backwards: &str) -> impl Iterator<Item = Posting> {
        let digits: String = backwards.chars().rev().collect();
        let postings = self.words.get(digits.as_str()).map(Vec::as_slice).unwrap_or_default();
        postings.iter().copied().filter(|posting| posting.is_whole_number())
    }

    /// Rows that have a phone field with exactly these digits now, whatever the index lags; for duplicate rules.
    pub fn with_number(&self, digits: &str) -> BTreeSet<Id> {
        let postings = self.words.get(digits).map(Vec::as_slice).unwrap_or_default().iter().filter(|posting| posting.is_whole_number());
        let documents = postings.filter_map(|posting| self.documents.get(posting.document() as usize));
        documents.filter(|document| document.removed == NEVER).map(|document| document.row).collect()
    }
}

/// A word of a search: how it begins, and what follows from its first wildcard on.
#[derive(Debug, Default)]
struct Pattern {
    start: String,
    rest: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece {
    Character(char),
    One,
    Any,
}

/// Cuts a term as texts are cut; a wildcard belongs to the word before it and takes its kind.
fn patterns(term: &Term) -> Vec<Pattern> {
    let mut all: Vec<Pattern> = Vec::new();
    let mut last = Kind::Gap;
    for (at, character) in term.text.chars().enumerate() {
        let wildcard = match character {
            '*' if term.wildcards.contains(&at) => Some(Piece::Any),
            '?' if term.wildcards.contains(&at) => Some(Piece::One),
            _ => None,
        };
        if let Some(wildcard) = wildcard {
            if last == Kind::Gap {
                all.push(Pattern::default());
                last = Kind::Letter;
            }
            if let Some(pattern) = all.last_mut() {
                pattern.rest.push(wildcard);
            }
            continue;
        }
        let now = tokens::kind(character);
        if now != Kind::Gap && (now != last || now == Kind::Ideograph) {
            all.push(Pattern::default());
        }
        last = now;
        if now == Kind::Gap {
            continue;
        }
        if let Some(pattern) = all.last_mut() {
            if pattern.rest.is_empty() {
                pattern.start.extend(character.to_lowercase());
            } else {
                pattern.rest.extend(character.to_lowercase().map(Piece::Character));
            }
        }
    }
    all
}

/// Does the text fit the pattern? Goes back to the last `*` only, so it takes at most the product of both lengths.
fn fits(pattern: &[Piece], text: &[char]) -> bool {
    let (mut at, mut place, mut back) = (0, 0, None);
    loop {
        match (pattern.get(at), text.get(place)) {
            (Some(Piece::Any), _) => {
                back = Some((at, place));
                at += 1;
            }
            (Some(Piece::One), Some(_)) => (at, place) = (at + 1, place + 1),
            (Some(Piece::Character(wanted)), Some(there)) if wanted == there => (at, place) = (at + 1, place + 1),
            (None, None) => return true,
            _ => match back {
                Some((star, from)) if from < text.len() => {
                    back = Some((star, from + 1));
                    (at, place) = (star + 1, from + 1);
                }
                _ => return false,
            },
        }
    }
}
