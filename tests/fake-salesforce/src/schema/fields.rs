//! How the fields of the standard objects are written down.

use super::{Field, FieldKind};

/// A field that may be written, filtered, sorted and left empty.
pub(super) fn plain(name: &'static str, label: &'static str, kind: FieldKind, length: usize) -> Field {
    Field {
        name,
        label,
        kind,
        length,
        nillable: true,
        defaulted: false,
        createable: true,
        updateable: true,
        filterable: true,
        sortable: true,
        id_lookup: false,
        picklist: Vec::new(),
        reference_to: Vec::new(),
        relationship: None,
        part_of: None,
        digits: 0,
        name_field: false,
        custom: false,
        external_id: false,
    }
}

pub(super) fn text(name: &'static str, label: &'static str, length: usize) -> Field {
    plain(name, label, FieldKind::String, length)
}

pub(super) fn phone(name: &'static str, label: &'static str) -> Field {
    plain(name, label, FieldKind::Phone, 40)
}

pub(super) fn email(name: &'static str, label: &'static str, length: usize) -> Field {
    plain(name, label, FieldKind::Email, length)
}

pub(super) fn url(name: &'static str, label: &'static str) -> Field {
    plain(name, label, FieldKind::Url, 255)
}

/// Long texts can neither be filtered nor sorted by.
pub(super) fn long_text(name: &'static str, label: &'static str) -> Field {
    Field { filterable: false, sortable: false, ..plain(name, label, FieldKind::TextArea, 32_000) }
}

/// Streets are text areas too, but short enough to be filtered by.
pub(super) fn street(name: &'static str, label: &'static str) -> Field {
    plain(name, label, FieldKind::TextArea, 255)
}

/// Check boxes are never empty.
pub(super) fn check_box(name: &'static str, label: &'static str) -> Field {
    plain(name, label, FieldKind::Boolean, 0).defaulted()
}

pub(super) fn whole(name: &'static str, label: &'static str, digits: u32) -> Field {
    Field { digits, ..plain(name, label, FieldKind::Int, 0) }
}

pub(super) fn number(name: &'static str, label: &'static str) -> Field {
    plain(name, label, FieldKind::Double, 0)
}

pub(super) fn date(name: &'static str, label: &'static str) -> Field {
    plain(name, label, FieldKind::Date, 0)
}

pub(super) fn moment(name: &'static str, label: &'static str) -> Field {
    plain(name, label, FieldKind::DateTime, 0)
}

/// A picklist that takes values outside its list too, as most do over the API. A `*` before a value marks the default.
pub(super) fn picklist(name: &'static str, label: &'static str, length: usize, values: &[&'static str]) -> Field {
    let picklist = values.iter().map(|value| value.strip_prefix('*').map_or((*value, false), |value| (value, true))).collect();
    Field { picklist, ..plain(name, label, FieldKind::Picklist { restricted: false }, length) }
}

pub(super) fn reference(name: &'static str, label: &'static str, to: &[&'static str], relationship: Option<&'static str>) -> Field {
    Field { reference_to: to.to_vec(), relationship, ..plain(name, label, FieldKind::Reference, 18) }
}

/// The five parts of an address, `prefix` being "Mailing" and the like. Names of fields are literals, hence the macro.
macro_rules! address {
    ($prefix:literal) => {
        [
            crate::schema::fields::street(concat!($prefix, "Street"), concat!($prefix, " Street")),
            crate::schema::fields::text(concat!($prefix, "City"), concat!($prefix, " City"), 40),
            crate::schema::fields::text(concat!($prefix, "State"), concat!($prefix, " State/Province"), 80),
            crate::schema::fields::text(concat!($prefix, "PostalCode"), concat!($prefix, " Zip/Postal Code"), 20),
            crate::schema::fields::text(concat!($prefix, "Country"), concat!($prefix, " Country"), 80),
        ]
    };
}
pub(super) use address;

/// `Id` and `IsDeleted`, with which objects begin.
pub(super) fn head(id_label: &'static str) -> Vec<Field> {
    let id = Field { id_lookup: true, ..plain("Id", id_label, FieldKind::Id, 18) };
    vec![id.read_only().defaulted(), check_box("IsDeleted", "Deleted").read_only()]
}

/// Who made and changed a row, and when.
pub(super) fn tail() -> [Field; 5] {
    [
        moment("CreatedDate", "Created Date").read_only().defaulted(),
        reference("CreatedById", "Created By ID", &["User"], Some("CreatedBy")).read_only().defaulted(),
        moment("LastModifiedDate", "Last Modified Date").read_only().defaulted(),
        reference("LastModifiedById", "Last Modified By ID", &["User"], Some("LastModifiedBy")).read_only().defaulted(),
        moment("SystemModstamp", "System Modstamp").read_only().defaulted(),
    ]
}

impl Field {
    /// It may not be empty, and nobody fills it in but the request.
    pub(super) fn needed(self) -> Self {
        Self { nillable: false, defaulted: false, ..self }
    }

    /// It is never empty: the org fills it in.
    pub(super) fn defaulted(self) -> Self {
        Self { nillable: false, defaulted: true, ..self }
    }

    /// The org alone writes it.
    pub(super) fn read_only(self) -> Self {
        Self { createable: false, updateable: false, ..self }
    }

    /// It can be given at creation and not changed later.
    pub(super) fn once(self) -> Self {
        Self { updateable: false, ..self }
    }

    /// Values outside the picklist are refused.
    pub(super) fn restricted(self) -> Self {
        Self { kind: FieldKind::Picklist { restricted: true }, ..self }
    }

    /// Rows can be addressed by it.
    pub(super) fn id_lookup(self) -> Self {
        Self { id_lookup: true, ..self }
    }

    /// It names the record.
    pub(super) fn names(self) -> Self {
        Self { name_field: true, ..self }
    }

    /// A part of a name put together.
    pub(super) fn part_of_name(self) -> Self {
        Self { part_of: Some("Name"), ..self }
    }
}
