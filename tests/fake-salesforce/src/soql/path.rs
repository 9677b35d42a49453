//! Names of fields and of relationships, looked up in the schema, and the values at their ends.

use std::borrow::Cow;

use crate::{
    id::Id,
    org::{Org, Row},
    schema::{Field, FieldKind, ObjectType},
    value::Value,
};

use super::{
    ast::Name,
    refusal::{Parsed, Refusal},
};

/// The way from a row to a field: through its parents.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Relationships, outermost first.
    pub steps: Vec<Step>,
    /// The field at the end.
    pub leaf: Leaf,
}

/// From a row to its parent.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Place of the reference in the row.
    pub place: usize,
    /// Name of the relationship, as the schema writes it.
    pub name: &'static str,
    /// The parent's object; None: one of several, shown as `Name`.
    pub target: Option<&'static str>,
}

/// A field, with what comparisons need to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Where its value is.
    pub source: Source,
    /// Its name, as the schema writes it.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// May it stand in WHERE?
    pub filterable: bool,
    /// May it stand in ORDER BY?
    pub sortable: bool,
    /// May it stand in GROUP BY?
    pub groupable: bool,
}

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// At this place of the row.
    Place(usize),
    /// The row's own id.
    Id,
    /// Is the row in the recycle bin?
    Deleted,
    /// In the field of this name, if the row's object has it (`Who.Name`).
    Named(&'static str),
    /// The name of the row's object (`Who.Type`).
    Type,
}

/// Fields of `Name`, which stands for a parent that may be of several objects.
const NAME_FIELDS: [(&str, FieldKind); 11] = [
    ("Id", FieldKind::Id),
    ("Name", FieldKind::String),
    ("FirstName", FieldKind::String),
    ("LastName", FieldKind::String),
    ("Type", FieldKind::Picklist { restricted: true }),
    ("Alias", FieldKind::String),
    ("Email", FieldKind::Email),
    ("IsActive", FieldKind::Boolean),
    ("Phone", FieldKind::Phone),
    ("Title", FieldKind::String),
    ("Username", FieldKind::String),
];

/// How many parents a path may pass.
const MOST_STEPS: usize = 5;

impl Path {
    /// Looks up a name; `known_as`: how the object itself may be called in it (its alias, its own name); `user`: to whom hidden
    /// fields and objects do not exist.
    ///
    /// # Errors
    /// `INVALID_FIELD`
    pub fn resolve(org: &Org, user: Option<Id>, object: &ObjectType, known_as: &[&str], name: &Name) -> Parsed<Self> {
        let mut segments: Vec<&str> = name.text.split('.').collect();
        let leaf = segments.pop().unwrap_or_default();
        if segments
            .first()
            .is_some_and(|first| known_as.iter().any(|known| known.eq_ignore_ascii_case(first)) && object.relationship(first).is_none())
        {
            segments.remove(0);
        }
        if segments.len() > MOST_STEPS {
            return Err(Refusal::malformed(
                name.at,
                format!("SOQL relationship paths may have at most {MOST_STEPS} levels: {}", name.text),
            ));
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut at = Some(object);
        for segment in segments {
            let lost = || Refusal::no_relationship(name.at, segment, "field path");
            let (place, field) =
                at.and_then(|object| object.relationship(segment).filter(|(_, field)| seen(org, user, object, field))).ok_or_else(lost)?;
            let target = match field.reference_to.as_slice() {
                [only] => Some(readable(org, user, only).ok_or_else(lost)?),
                _ => None,
            };
            steps.push(Step { place, name: field.relationship.unwrap_or(field.name), target: target.map(|target| target.name) });
            at = target;
        }
        let leaf = match at {
            Some(object) => Leaf::seen(org, user, object, leaf).ok_or_else(|| Refusal::no_column(name.at, leaf, object.name))?,
            None => Leaf::of_name(leaf).ok_or_else(|| Refusal::no_column(name.at, leaf, "Name"))?,
        };
        Ok(Self { steps, leaf })
    }
}

/// An object, if the user may read it.
#[must_use]
pub fn readable<'o>(org: &'o Org, user: Option<Id>, name: &str) -> Option<&'o ObjectType> {
    org.object(name).filter(|object| user.is_none_or(|user| org.may_read(user, object)))
}

fn seen(org: &Org, user: Option<Id>, object: &ObjectType, field: &Field) -> bool {
    user.is_none_or(|user| org.may_see(user, object, field))
}

impl Leaf {
    /// A field of an object, if the user may see it.
    #[must_use]
    pub fn seen(org: &Org, user: Option<Id>, object: &ObjectType, name: &str) -> Option<Self> {
        object.field(name).filter(|(_, field)| seen(org, user, object, field))?;
        Self::of(object, name)
    }

    /// A field of an object.
    #[must_use]
    pub fn of(object: &ObjectType, name: &str) -> Option<Self> {
        let (place, field) = object.field(name)?;
        let source = match field.name {
            "Id" => Source::Id,
            "IsDeleted" => Source::Deleted,
            _ => Source::Place(place),
        };
        Some(Self {
            source,
            name: field.name,
            kind: field.kind,
            filterable: field.filterable,
            sortable: field.sortable,
            groupable: field.groupable(),
        })
    }

    fn of_name(name: &str) -> Option<Self> {
        let (name, kind) = NAME_FIELDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        let source = match *name {
            "Id" => Source::Id,
            "Type" => Source::Type,
            name => Source::Named(name),
        };
        Some(Self { source, name, kind: *kind, filterable: true, sortable: true, groupable: true })
    }
}

/// The org as one user sees it.
#[derive(Clone, Copy, Debug)]
pub struct View<'o> {
    /// The org.
    pub org: &'o Org,
    /// Who looks.
    pub user: Id,
    /// Are deleted rows seen?
    pub all: bool,
    /// When, in milliseconds since 1970.
    pub now_ms: u64,
}

impl<'o> View<'o> {
    /// May this row be in the answer?
    #[must_use]
    pub fn sees(&self, row: &Row) -> bool {
        (self.all || !row.is_deleted) && self.org.visible(self.user, row)
    }

    /// The parent of a row, if there is one that may be seen.
    #[must_use]
    pub fn parent(&self, row: &Row, step: &Step) -> Option<&'o Row> {
        self.org.row(row.get(step.place).as_id()?).filter(|parent| self.sees(parent))
    }

    /// The value at the end of a path.
    #[must_use]
    pub fn value<'r>(&self, row: &'r Row, path: &Path) -> Cow<'r, Value>
    where
        'o: 'r,
    {
        let mut row = row;
        for step in &path.steps {
            match self.parent(row, step) {
                Some(parent) => row = parent,
                None => return Cow::Owned(Value::Null),
            }
        }
        self.leaf(row, &path.leaf)
    }

    /// The value of a field.
    #[must_use]
    pub fn leaf<'r>(&self, row: &'r Row, leaf: &Leaf) -> Cow<'r, Value> {
        match leaf.source {
            Source::Place(place) => Cow::Borrowed(row.get(place)),
            Source::Id => Cow::Owned(Value::Reference(row.id)),
            Source::Deleted => Cow::Owned(Value::Boolean(row.is_deleted)),
            Source::Type => Cow::Owned(self.org.object_of(row.id).map_or(Value::Null, |object| Value::text(object.name))),
            Source::Named(name) => match self.org.object_of(row.id).and_then(|object| object.field(name)) {
                Some((place, _)) => Cow::Borrowed(row.get(place)),
                None => Cow::Owned(Value::Null),
            },
        }
    }
}
