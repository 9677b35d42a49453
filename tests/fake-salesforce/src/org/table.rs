//! The rows of one object, and the indexes by which SOQL and the rules find them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Row, search::SearchIndex};
use crate::{
    id::Id,
    schema::{Field, FieldKind, ObjectType},
    value::Value,
};

/// What an indexed field holds; texts in lower case, since SOQL compares them so.
#[derive(Debug, Eq, Hash, PartialEq)]
enum Key {
    Text(Box<str>),
    Row(Id),
}

/// Where the fields lie that the org itself writes; None where the object has none of that name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Places {
    pub owner: Option<usize>,
    pub created: Option<usize>,
    pub created_by: Option<usize>,
    pub modified: Option<usize>,
    pub modified_by: Option<usize>,
    pub modstamp: Option<usize>,
}

/// The rows of one object.
#[derive(Debug)]
pub(super) struct Table {
    pub object: Arc<ObjectType>,
    pub rows: BTreeMap<Id, Row>,
    pub places: Places,
    pub search: SearchIndex,
    /// Serial of the next row; never used twice, whatever is undone.
    next: u64,
    indexes: Vec<(usize, HashMap<Key, Vec<Id>>)>,
}

impl Table {
    pub fn new(object: ObjectType) -> Self {
        let mut table = Self {
            object: Arc::new(object),
            rows: BTreeMap::new(),
            places: Places::default(),
            search: SearchIndex::default(),
            next: 1,
            indexes: Vec::new(),
        };
        table.learn_fields();
        table
    }

    /// Fields that a feature brings; rows that are there get empty (check boxes: unticked) values.
    pub fn add_fields(&mut self, fields: Vec<Field>) {
        for row in self.rows.values_mut() {
            row.values.extend(fields.iter().map(blank));
        }
        Arc::make_mut(&mut self.object).fields.extend(fields);
        self.learn_fields();
    }

    fn learn_fields(&mut self) {
        let object = &self.object;
        let place = |name: &str| object.field(name).map(|(place, _)| place);
        self.places = Places {
            owner: place("OwnerId"),
            created: place("CreatedDate"),
            created_by: place("CreatedById"),
            modified: place("LastModifiedDate"),
            modified_by: place("LastModifiedById"),
            modstamp: place("SystemModstamp"),
        };
        for (place, field) in object.fields.iter().enumerate() {
            if indexed(object, field) && !self.indexes.iter().any(|(there, _)| *there == place) {
                self.indexes.push((place, HashMap::new()));
            }
        }
        self.search.learn_fields(object);
    }

    /// Changes what is known about a field.
    pub fn change_field(&mut self, name: &str, change: impl FnOnce(&mut Field)) -> bool {
        let Some((place, _)) = self.object.field(name) else { return false };
        let Some(field) = Arc::make_mut(&mut self.object).fields.get_mut(place) else { return false };
        change(field);
        true
    }

    /// An empty row.
    pub fn blank(&self, id: Id) -> Row {
        let mut values: Vec<Value> = self.object.fields.iter().map(blank).collect();
        if let Some(first) = values.first_mut() {
            *first = Value::Reference(id);
        }
        Row { id, values, is_deleted: false }
    }

    /// The next id.
    pub fn next_id(&mut self) -> Id {
        loop {
            let id = Id::new(self.object.prefix, self.next);
            self.next += 1;
            if !self.rows.contains_key(&id) {
                return id;
            }
        }
    }

    /// Puts a row in its place, or takes it out, and gives back what was there. The search index is the caller's concern.
    pub fn replace(&mut self, id: Id, row: Option<Row>) -> Option<Row> {
        let before = self.rows.remove(&id);
        for (place, index) in &mut self.indexes {
            let old = before.as_ref().map_or(&Value::Null, |row| row.get(*place));
            let new = row.as_ref().map_or(&Value::Null, |row| row.get(*place));
            if old == new {
                continue;
            }
            if let Some(key) = key(old)
                && let Some(ids) = index.get_mut(&key)
            {
                // Rows that go are mostly young ones: look from the end.
                if let Some(at) = ids.iter().rposition(|other| *other == id) {
                    ids.remove(at);
                }
                if ids.is_empty() {
                    index.remove(&key);
                }
            }
            if let Some(key) = key(new) {
                index.entry(key).or_default().push(id);
            }
        }
        if let Some(row) = row {
            self.rows.insert(id, row);
        }
        before
    }

    /// Ids of rows whose field at `place` holds the value; None where there is no index.
    pub fn lookup(&self, place: usize, value: &Value) -> Option<Vec<Id>> {
        if place == 0 {
            let id = match value {
                Value::Reference(id) => Some(*id),
                Value::Text(text) => Id::parse(text),
                _ => None,
            };
            return Some(id.filter(|id| self.rows.contains_key(id)).into_iter().collect());
        }
        let (_, index) = self.indexes.iter().find(|(there, _)| *there == place)?;
        let reference = self.object.fields.get(place).is_some_and(|field| field.kind == FieldKind::Reference);
        let key = match value {
            Value::Text(text) if reference => Id::parse(text).map(Key::Row),
            value => key(value),
        };
        // Empty values are not in the index.
        if value.is_null() {
            return None;
        }
        let mut ids = key.and_then(|key| index.get(&key)).cloned().unwrap_or_default();
        ids.sort_unstable();
        Some(ids)
    }
}

fn key(value: &Value) -> Option<Key> {
    match value {
        Value::Text(text) => Some(Key::Text(text.to_lowercase().into())),
        Value::Reference(id) => Some(Key::Row(*id)),
        _ => None,
    }
}

/// Fields by which rows are looked for often. Who changed a row is not worth an index that each change would touch.
fn indexed(object: &ObjectType, field: &Field) -> bool {
    match field.kind {
        FieldKind::Reference => !matches!(field.name, "CreatedById" | "LastModifiedById"),
        FieldKind::Phone | FieldKind::Email => true,
        _ => field.external_id || matches!(field.name, "CallObject" | "Username") || (field.name_field && object.name != "Task"),
    }
}

fn blank(field: &Field) -> Value {
    if field.kind == FieldKind::Boolean { Value::Boolean(false) } else { Value::Null }
}
