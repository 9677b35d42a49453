//! What is asked of a record.

use crate::{complaint::Complaint, kinds::Kind};

/// Phone fields and the labels that they stand for; not every object has all of them.
pub const PHONES: [(&str, &str); 6] = [
    ("Phone", "business"),
    ("MobilePhone", "mobile"),
    ("HomePhone", "home"),
    ("OtherPhone", "other"),
    ("AssistantPhone", "other"),
    ("Fax", "fax"),
];

/// Phone fields of an object.
pub fn phones(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contact => &["Phone", "MobilePhone", "HomePhone", "OtherPhone", "AssistantPhone", "Fax"],
        Kind::Lead => &["Phone", "MobilePhone", "Fax"],
        Kind::Account => &["Phone", "Fax"],
    }
}

fn others(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contact => &["Id", "Name", "FirstName", "LastName", "Email", "AccountId", "Account.Name", "OwnerId", "LastModifiedDate"],
        Kind::Lead => {
            &["Id", "Name", "FirstName", "LastName", "Email", "Company", "OwnerId", "LastModifiedDate", "IsConverted", "ConvertedContactId"]
        }
        Kind::Account => &["Id", "Name", "OwnerId", "LastModifiedDate"],
    }
}

/// Most fields that are left out before a question is given up.
const MOST_HIDDEN: usize = 4;

/// Fields of the three objects, without those that the organisation hides from the connected user. There is no way to know them before:
/// nothing is remembered from one call to the next, and to ask costs as much as to try.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    hidden: Vec<(Kind, String)>,
}

impl Columns {
    /// All fields of a kind.
    pub fn of(&self, kind: Kind) -> Vec<&'static str> {
        others(kind).iter().chain(phones(kind)).copied().filter(|field| self.shows(kind, field)).collect()
    }

    /// The phone fields of a kind.
    pub fn phones_of(&self, kind: Kind) -> Vec<&'static str> {
        phones(kind).iter().copied().filter(|field| self.shows(kind, field)).collect()
    }

    fn shows(&self, kind: Kind, field: &str) -> bool {
        !self.hidden.iter().any(|(of, hidden)| *of == kind && hidden.eq_ignore_ascii_case(field))
    }

    /// Leaves out a field that Salesforce says is not there; false: it speaks of none that can be left out.
    pub fn hide(&mut self, complaint: &Complaint) -> bool {
        if complaint.code != "INVALID_FIELD" || self.hidden.len() >= MOST_HIDDEN {
            return false;
        }
        let before = self.hidden.len();
        let named = complaint.named_fields();
        for kind in crate::kinds::ALL {
            // "No such column 'Fax' on entity 'Lead'"
            if complaint.words.contains("entity '") && !complaint.words.contains(&format!("entity '{}'", kind.name())) {
                continue;
            }
            let there =
                self.of(kind).into_iter().filter(|field| *field != "Id" && named.iter().any(|name| name.eq_ignore_ascii_case(field)));
            let there: Vec<(Kind, String)> = there.map(|field| (kind, field.to_owned())).collect();
            self.hidden.extend(there);
        }
        self.hidden.len() > before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_field_is_left_out_of_its_own_object_alone() {
        let complaint = |words: &str| Complaint { code: "INVALID_FIELD".to_owned(), words: words.to_owned(), ..Complaint::default() };
        let mut columns = Columns::default();
        assert!(columns.hide(&complaint("No such column 'Fax' on entity 'Lead'. If you ...")));
        assert!(!columns.of(Kind::Lead).contains(&"Fax") && columns.of(Kind::Contact).contains(&"Fax"));
        assert_eq!(columns.phones_of(Kind::Lead), ["Phone", "MobilePhone"]);
        assert!(!columns.hide(&complaint("No such column 'Fax' on entity 'Lead'. If you ...")), "twice");
        assert!(!columns.hide(&complaint("No such column 'Id' on entity 'Lead'")));
        assert!(!columns.hide(&Complaint { code: "MALFORMED_QUERY".to_owned(), ..complaint("No such column 'Phone' on entity 'Lead'") }));
    }
}
