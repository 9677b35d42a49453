//! What an administrator has set up in the org, and what goes wrong in it: everything that a test turns.

use crate::id::Id;

use super::PhoneSearch;

/// Everything that can be turned. All of it is public: set it through [`super::Org::knobs`].
#[derive(Clone, Debug)]
pub struct OrgKnobs {
    /// How long a new or changed row stays unknown to searches. Salesforce: mostly 1 to 3 minutes, at times 10.
    pub index_lag_ms: u64,
    /// Are deleted rows found by searches until the lag is over? Not documented.
    pub deleted_rows_linger: bool,
    /// How phone numbers are found. Not documented.
    pub phone_search: PhoneSearch,
    /// Duplicate rules, in the order in which they are asked.
    pub duplicate_rules: Vec<DuplicateRule>,
    /// Spells the key of a refused duplicate `duplicateResult`; Salesforce spells it `duplicateResut`.
    pub duplicate_key_spelt_right: bool,
    /// Validation rules, in the order in which they are asked.
    pub validation_rules: Vec<ValidationRule>,
    /// Rows that somebody else has locked.
    pub row_locks: Vec<Fault>,
    /// Triggers that fail.
    pub trigger_failures: Vec<Fault>,
    /// No storage left: nothing can be created.
    pub storage_full: bool,
    /// Salesforce is being maintained: nothing can be written.
    pub maintenance: bool,
    /// Objects that users may not see or not change.
    pub object_access: Vec<ObjectAccess>,
    /// Fields that field-level security hides.
    pub hidden_fields: Vec<HiddenField>,
    /// Objects whose rows are seen by their owners and by administrators only.
    pub private_objects: Vec<String>,
    /// Are contacts without an account seen by their owners and by administrators only? Salesforce: yes.
    pub contacts_without_account_are_private: bool,
    /// A lead assignment rule: who gets new leads, unless the request says no.
    pub leads_assigned_to: Option<Id>,
}

impl Default for OrgKnobs {
    fn default() -> Self {
        Self {
            index_lag_ms: 0,
            deleted_rows_linger: false,
            phone_search: PhoneSearch::Strict,
            duplicate_rules: Vec::new(),
            duplicate_key_spelt_right: false,
            validation_rules: Vec::new(),
            row_locks: Vec::new(),
            trigger_failures: Vec::new(),
            storage_full: false,
            maintenance: false,
            object_access: Vec::new(),
            hidden_fields: Vec::new(),
            private_objects: Vec::new(),
            contacts_without_account_are_private: true,
            leads_assigned_to: None,
        }
    }
}

/// What a duplicate rule compares.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DuplicateKey {
    /// The digits of any phone field.
    Phone,
    /// The e-mail address, whatever the case.
    Email,
    /// The whole name, whatever the case.
    Name,
}

/// What a duplicate rule does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DuplicateMode {
    /// Nothing.
    #[default]
    Off,
    /// Refuses, unless the request says `allowSave=true`.
    Alert,
    /// Refuses always.
    Block,
}

/// A duplicate rule with its matching rule.
#[derive(Clone, Debug)]
pub struct DuplicateRule {
    /// Object whose new rows are looked at.
    pub object: String,
    /// Objects among whose rows duplicates are looked for.
    pub among: Vec<String>,
    /// A row is a duplicate when any of these is alike.
    pub by: Vec<DuplicateKey>,
    /// What happens then.
    pub mode: DuplicateMode,
    /// `duplicateRule`.
    pub name: String,
    /// `rule`: name of the matching rule.
    pub matching_rule: String,
    /// `matchEngine`.
    pub engine: String,
    /// What the user reads.
    pub message: String,
}

impl DuplicateRule {
    /// Salesforce's standard rule of an object, by these keys.
    #[must_use]
    pub fn standard(object: &str, mode: DuplicateMode, by: &[DuplicateKey]) -> Self {
        Self {
            object: object.to_owned(),
            among: vec![object.to_owned()],
            by: by.to_vec(),
            mode,
            name: format!("Standard_{object}_Duplicate_Rule"),
            matching_rule: format!("Standard_{object}_Match_Rule_v1_1"),
            engine: "ExactMatchEngine".to_owned(),
            message: "Use one of these records?".to_owned(),
        }
    }
}

/// When a validation rule refuses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Condition {
    /// Always.
    Always,
    /// The field holds this text somewhere, case as it stands.
    Contains(String),
    /// The field is empty.
    Empty,
    /// The field's text is longer than this many characters.
    LongerThan(usize),
}

/// A validation rule.
#[derive(Clone, Debug)]
pub struct ValidationRule {
    /// Its object.
    pub object: String,
    /// The field that it looks at, and at which the message is shown.
    pub field: Option<String>,
    /// When it refuses.
    pub condition: Condition,
    /// The administrator's own words.
    pub message: String,
}

/// Something that goes wrong for the next writes.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Writes of this object; None: of any.
    pub object: Option<String>,
    /// How many writes it still hits; None: all.
    pub left: Option<u32>,
    /// What the error says, where the fault has words of its own (a trigger's).
    pub message: Option<String>,
}

impl Fault {
    /// One that hits the next `count` writes of an object, or of any.
    #[must_use]
    pub fn next(count: u32, object: Option<&str>) -> Self {
        Self { object: object.map(str::to_owned), left: Some(count), message: None }
    }
}

/// How much of an object a user has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Nothing: as if the object did not exist.
    None,
    /// Reading.
    Read,
}

/// What a user, or everybody, may not do with an object.
#[derive(Clone, Debug)]
pub struct ObjectAccess {
    /// The object.
    pub object: String,
    /// Whom it concerns; None: all users, administrators too.
    pub user: Option<Id>,
    /// What is left to them.
    pub access: Access,
}

/// A field that a user does not see.
#[derive(Clone, Debug)]
pub struct HiddenField {
    /// The object.
    pub object: String,
    /// The field.
    pub field: String,
    /// Whom it concerns; None: all users.
    pub user: Option<Id>,
}
