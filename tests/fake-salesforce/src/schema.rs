//! Which objects an org has and what their fields may hold. The data of the standard objects stands in `schema/`.
//!
//! Names, types, lengths and properties follow Salesforce's object reference and recorded describes; of the many objects of a
//! real org only those stand here that telephony clients touch.

mod account;
mod administration;
mod contact;
mod describe;
mod fields;
mod lead;
mod task;
mod user;

pub use describe::{describe, describe_brief};

/// An object (table) of the org.
#[derive(Clone, Debug)]
pub struct ObjectType {
    /// API name, such as "Contact".
    pub name: &'static str,
    /// For people, such as "Contact".
    pub label: &'static str,
    /// For people, such as "Contacts".
    pub label_plural: &'static str,
    /// First three characters of its ids.
    pub prefix: &'static str,
    /// May the API create and change rows of it?
    pub writable: bool,
    /// May the API delete rows of it?
    pub deletable: bool,
    /// Can SOSL find it?
    pub searchable: bool,
    /// Its fields; the first is `Id`.
    pub fields: Vec<Field>,
}

/// A field (column) of an object.
#[derive(Clone, Debug)]
pub struct Field {
    /// API name, such as "MobilePhone".
    pub name: &'static str,
    /// For people, such as "Mobile Phone".
    pub label: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Longest text, in characters; 0 where the kind has no length.
    pub length: usize,
    /// May it be empty? A field that may not, is created and has no default is required.
    pub nillable: bool,
    /// Does the org fill it in when it is not given?
    pub defaulted: bool,
    /// May it be given at creation?
    pub createable: bool,
    /// May it be changed?
    pub updateable: bool,
    /// May it stand in WHERE?
    pub filterable: bool,
    /// May it stand in ORDER BY?
    pub sortable: bool,
    /// Can a row be addressed by it (`/sobjects/Contact/Email/...`)?
    pub id_lookup: bool,
    /// Values of a picklist, as (value, is it the default); empty for other kinds.
    pub picklist: Vec<(&'static str, bool)>,
    /// Objects that a reference may point to; empty for other kinds.
    pub reference_to: Vec<&'static str>,
    /// Name of the relationship in SOQL ("Owner" for `OwnerId`), for references that have one.
    pub relationship: Option<&'static str>,
    /// The field that this one is a part of ("Name" for `LastName`).
    pub part_of: Option<&'static str>,
    /// Most digits of a whole number; 0 where that is not limited.
    pub digits: u32,
    /// Is it the name of the record?
    pub name_field: bool,
    /// Did an administrator add it?
    pub custom: bool,
    /// Is it a key of another system, unique among the rows?
    pub external_id: bool,
}

/// Kinds of field, as `describe` names them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FieldKind {
    /// `id`
    Id,
    /// `string`
    String,
    /// `phone`: found by SOSL's phone fields.
    Phone,
    /// `email`
    Email,
    /// `url`
    Url,
    /// `textarea`
    TextArea,
    /// `picklist`; `restricted`: values outside the list are refused.
    Picklist {
        /// Are values outside the list refused?
        restricted: bool,
    },
    /// `combobox`: free text with suggestions.
    Combobox,
    /// `boolean`
    Boolean,
    /// `int`
    Int,
    /// `double` or `currency`
    Double,
    /// `date`
    Date,
    /// `datetime`
    DateTime,
    /// `reference`
    Reference,
}

/// Relationships from a row to those that point to it: (parent, name, child, its reference). Names as in the objects' describe.
pub const CHILD_RELATIONSHIPS: [(&str, &str, &str, &str); 6] = [
    ("Account", "ChildAccounts", "Account", "ParentId"),
    ("Account", "Contacts", "Contact", "AccountId"),
    ("Account", "Tasks", "Task", "WhatId"),
    ("Contact", "Tasks", "Task", "WhoId"),
    ("Lead", "Tasks", "Task", "WhoId"),
    ("Profile", "Users", "User", "ProfileId"),
];

impl ObjectType {
    /// A field by its API name, whatever the case, and its place in a row.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name.eq_ignore_ascii_case(name))
    }

    /// The reference field behind a relationship's name ("Owner"), whatever the case, and its place in a row.
    #[must_use]
    pub fn relationship(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.relationship.is_some_and(|given| given.eq_ignore_ascii_case(name)))
    }

    /// The field that names a record: `Name`, or `Subject` of a task.
    #[must_use]
    pub fn name_field(&self) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name_field)
    }
}

impl Field {
    /// Must a request that creates a row give it?
    #[must_use]
    pub fn required(&self) -> bool {
        self.createable && !self.nillable && !self.defaulted
    }

    /// May it stand in GROUP BY?
    #[must_use]
    pub fn groupable(&self) -> bool {
        self.filterable && !matches!(self.kind, FieldKind::DateTime | FieldKind::Double)
    }
}

/// The objects of an org, without the fields of person accounts.
#[must_use]
pub fn standard_objects() -> Vec<ObjectType> {
    let mut objects = administration::objects();
    objects.extend([account::object(), contact::object(), lead::object(), task::object(), user::object()]);
    objects.sort_by_key(|object| object.name);
    objects
}

/// A text field that an administrator adds; its name ends in `__c`. `external_id`: rows can be addressed by it, and it is unique.
#[must_use]
pub fn custom_text(name: &'static str, label: &'static str, length: usize, external_id: bool) -> Field {
    Field { custom: true, external_id, id_lookup: external_id, ..fields::text(name, label, length) }
}

/// What the feature person accounts adds, as (object, fields).
#[must_use]
pub fn person_account_fields() -> Vec<(&'static str, Vec<Field>)> {
    vec![("Account", account::person_fields()), ("Contact", contact::person_fields())]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]
mod tests {
    use super::{FieldKind, standard_objects};

    #[test]
    fn phone_fields_are_forty_characters_long_everywhere() {
        let mut seen = 0;
        for object in standard_objects() {
            for field in object.fields.iter().filter(|field| field.kind == FieldKind::Phone) {
                assert_eq!(field.length, 40, "{}.{}", object.name, field.name);
                seen += 1;
            }
        }
        assert!(seen >= 14, "{seen} phone fields");
    }

    #[test]
    fn ids_of_two_objects_never_begin_alike_and_names_of_fields_are_unique() {
        let objects = standard_objects();
        for (at, object) in objects.iter().enumerate() {
            assert!(objects.iter().skip(at + 1).all(|other| other.prefix != object.prefix), "{}", object.name);
            assert_eq!(object.fields[0].name, "Id");
            for (at, field) in object.fields.iter().enumerate() {
                assert_eq!(object.field(&field.name.to_lowercase()).map(|(place, _)| place), Some(at), "{}.{}", object.name, field.name);
            }
        }
    }

    #[test]
    fn every_reference_points_to_an_object_that_exists() {
        let objects = standard_objects();
        for object in &objects {
            for target in object.fields.iter().flat_map(|field| &field.reference_to) {
                assert!(objects.iter().any(|object| object.name == *target), "{}: {target}", object.name);
            }
        }
    }
}
