//! Which objects an org has and what their fields may hold. The data of the standard objects stands in `schema/`.

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
}
