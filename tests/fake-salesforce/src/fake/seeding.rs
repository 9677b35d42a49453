//! Vendor-neutral seeds become rows: a person a contact, a prospect a lead, an organisation an account.

use crm_fake::{ControlError, Phone, Role, SeedRecord, SeedUser};

use super::{FakeSalesforce, neutral::NO_COMPANY};
use crate::{id::Id, org::Context, value::Value};

/// Phone fields that each label may go to, the nearest first.
const CONTACT: [(&str, &[&str]); 5] = [
    ("business", &["Phone", "OtherPhone", "AssistantPhone"]),
    ("mobile", &["MobilePhone", "OtherPhone", "AssistantPhone"]),
    ("home", &["HomePhone", "OtherPhone", "AssistantPhone"]),
    ("other", &["OtherPhone", "AssistantPhone", "HomePhone"]),
    ("fax", &["Fax"]),
];
const LEAD: [(&str, &[&str]); 5] = [
    ("business", &["Phone", "MobilePhone"]),
    ("mobile", &["MobilePhone", "Phone"]),
    ("home", &["Phone", "MobilePhone"]),
    ("other", &["Phone", "MobilePhone"]),
    ("fax", &["Fax"]),
];
const ACCOUNT: [(&str, &[&str]); 5] =
    [("business", &["Phone"]), ("mobile", &["Phone"]), ("home", &["Phone"]), ("other", &["Phone"]), ("fax", &["Fax"])];

type Fields = Vec<(&'static str, Value)>;

/// Puts all records in, or none.
pub(super) fn records(fake: &mut FakeSalesforce, now_ms: u64, seeds: &[SeedRecord]) -> Result<Vec<String>, ControlError> {
    let savepoint = fake.org.savepoint();
    let mut made: Vec<(Id, Option<String>)> = Vec::new();
    let mut implied: Vec<Id> = Vec::new();
    for seed in seeds {
        let taken =
            seed.id.as_ref().is_some_and(|id| fake.names.ids.contains_key(id) || made.iter().any(|(_, name)| name.as_ref() == Some(id)));
        let done = if taken {
            Err(format!("the id {} is taken", seed.id.as_deref().unwrap_or_default()))
        } else {
            put(fake, now_ms, seed, &mut implied)
        };
        match done {
            Ok(id) => made.push((id, seed.id.clone().filter(|name| Id::parse(name).is_none()))),
            Err(why) => {
                fake.org.roll_back(savepoint);
                return Err(ControlError::Invalid(why));
            }
        }
    }
    fake.names.implied.extend(implied);
    Ok(made.into_iter().map(|(id, name)| fake.names.learn(id, name)).collect())
}

fn put(fake: &mut FakeSalesforce, now_ms: u64, seed: &SeedRecord, implied: &mut Vec<Id>) -> Result<Id, String> {
    let at_ms = seed.changed_at.unwrap_or(now_ms);
    let (object, mut fields) = match seed.role {
        Role::Person => ("Contact", person(seed)?),
        Role::Prospect => ("Lead", prospect(seed)?),
        Role::Organisation => ("Account", organisation(seed)?),
    };
    if let (Role::Person, Some(company)) = (seed.role, seed.company.as_ref().filter(|company| !company.is_empty())) {
        fields.push(("AccountId", Value::Reference(account(fake, at_ms, company, implied)?)));
    }
    if let Some(owner) = &seed.owner {
        let owner = fake.user_of(owner).ok_or_else(|| format!("there is no user {owner}"))?;
        fields.push(("OwnerId", Value::Reference(owner)));
    }
    if seed.retired && seed.role == Role::Prospect {
        fields.push(("IsConverted", Value::Boolean(true)));
    }
    let id = seed.id.as_deref().and_then(Id::parse);
    let id = fake.org.put(at_ms, object, &fields, id, !seed.new)?;
    if seed.retired && seed.role != Role::Prospect {
        // Merged into another one: the row that lost is in the recycle bin.
        let user = fake.org.administrator();
        let context = Context { now_ms: at_ms, user, allow_save: true, include_record_details: false, auto_assign: false };
        fake.org.delete(&context, object, id).map_err(|why| why.message)?;
    }
    Ok(id)
}

/// The account of this name, made if there is none.
fn account(fake: &mut FakeSalesforce, at_ms: u64, company: &str, implied: &mut Vec<Id>) -> Result<Id, String> {
    let object = fake.org.object("Account").ok_or("there are no accounts")?;
    let same = |row: &&crate::org::Row| !row.is_deleted && row.named(object, "Name").as_text() == Some(company);
    if let Some(row) = fake.org.rows(object).find(same) {
        return Ok(row.id);
    }
    let id = fake.org.put(at_ms, "Account", &[("Name", Value::text(company))], None, true)?;
    implied.push(id);
    Ok(id)
}

fn person(seed: &SeedRecord) -> Result<Fields, String> {
    let mut fields = names(seed)?;
    fields.extend(email(seed)?);
    fields.extend(phones(&seed.phones, &CONTACT)?);
    Ok(fields)
}

fn prospect(seed: &SeedRecord) -> Result<Fields, String> {
    let mut fields = person_without_phones(seed)?;
    let company = seed.company.as_deref().filter(|company| !company.is_empty()).unwrap_or(NO_COMPANY);
    fields.push(("Company", Value::text(company)));
    fields.extend(phones(&seed.phones, &LEAD)?);
    Ok(fields)
}

fn person_without_phones(seed: &SeedRecord) -> Result<Fields, String> {
    let mut fields = names(seed)?;
    fields.extend(email(seed)?);
    Ok(fields)
}

fn organisation(seed: &SeedRecord) -> Result<Fields, String> {
    let name = seed.name.as_ref().or(seed.company.as_ref()).filter(|name| !name.is_empty());
    let name = name.ok_or("an organisation needs a `name` or a `company`")?;
    if !seed.emails.is_empty() {
        return Err("an account has no e-mail address".to_owned());
    }
    let mut fields = vec![("Name", Value::text(name))];
    fields.extend(phones(&seed.phones, &ACCOUNT)?);
    Ok(fields)
}

/// The parts of a person's name: Salesforce must have a last one.
fn names(seed: &SeedRecord) -> Result<Fields, String> {
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    let (mut first, mut last) = (given(&seed.first_name), given(&seed.last_name));
    if first.is_empty() && last.is_empty() {
        let whole = given(&seed.name);
        (first, last) = whole.rsplit_once(' ').map_or((String::new(), whole.clone()), |(first, last)| (first.to_owned(), last.to_owned()));
    }
    if last.is_empty() {
        last = std::mem::take(&mut first);
    }
    if last.is_empty() {
        last = given(&seed.company);
    }
    if last.is_empty() {
        return Err("a person needs a name".to_owned());
    }
    Ok(vec![("FirstName", Value::text(&first)), ("LastName", Value::text(&last))])
}

fn email(seed: &SeedRecord) -> Result<Option<(&'static str, Value)>, String> {
    match seed.emails.as_slice() {
        [] => Ok(None),
        [email] => Ok(Some(("Email", Value::text(email)))),
        _ => Err("Salesforce keeps one e-mail address of a person".to_owned()),
    }
}

fn phones(phones: &[Phone], places: &[(&str, &[&'static str])]) -> Result<Fields, String> {
    let mut fields: Fields = Vec::new();
    for phone in phones {
        let (_, candidates) = places
            .iter()
            .find(|(label, _)| *label == phone.label)
            .ok_or_else(|| format!("there is no place for a number with the label `{}`", phone.label))?;
        let free = candidates.iter().find(|field| fields.iter().all(|(taken, _)| taken != *field));
        let free = free.ok_or_else(|| format!("there is no place left for the number {}", phone.number))?;
        fields.push((free, Value::text(&phone.number)));
    }
    Ok(fields)
}

/// Puts users in, or none.
pub(super) fn users(fake: &mut FakeSalesforce, now_ms: u64, seeds: &[SeedUser]) -> Result<Vec<String>, ControlError> {
    let savepoint = fake.org.savepoint();
    let mut made: Vec<(Id, Option<String>)> = Vec::new();
    for seed in seeds {
        match user(fake, now_ms, seed, &made) {
            Ok(id) => made.push((id, seed.id.clone().filter(|name| Id::parse(name).is_none()))),
            Err(why) => {
                fake.org.roll_back(savepoint);
                return Err(ControlError::Invalid(why));
            }
        }
    }
    Ok(made.into_iter().map(|(id, name)| fake.names.learn(id, name)).collect())
}

fn user(fake: &mut FakeSalesforce, now_ms: u64, seed: &SeedUser, made: &[(Id, Option<String>)]) -> Result<Id, String> {
    if let Some(name) = &seed.id
        && (fake.user_of(name).is_some() || made.iter().any(|(_, known)| known.as_ref() == Some(name)))
    {
        return Err(format!("the id {name} is taken"));
    }
    let (first, last) = seed.name.rsplit_once(' ').unwrap_or(("", &seed.name));
    if last.is_empty() {
        return Err("a user needs a `name`".to_owned());
    }
    // Salesforce wants an address of everybody; a test that needs none gives none.
    let nobody = || format!("{}@users.example", seed.name.to_lowercase().split_whitespace().collect::<Vec<_>>().join("."));
    let email = if seed.email.is_empty() { nobody() } else { seed.email.clone() };
    // Several users may share an address; user names are unique.
    let mut username = email.clone();
    let mut count = 1;
    while fake.user_of(&username).is_some() {
        count += 1;
        username = format!("{email}.{count}");
    }
    let id = seed.id.as_deref().and_then(Id::parse);
    let id = fake.org.put_user(now_ms, first, last, &username, Some("Standard User"), id)?;
    fake.org.amend(now_ms, id, &[("Email", Value::text(&email)), ("IsActive", Value::Boolean(seed.active))])?;
    Ok(id)
}

impl super::Names {
    /// Remembers how the test calls a row; gives the name by which the control side shows it.
    fn learn(&mut self, id: Id, name: Option<String>) -> String {
        let order = self.order.len();
        self.order.insert(id, order);
        if let Some(name) = name {
            self.ids.insert(name.clone(), id);
            self.names.insert(id, name);
        }
        self.shown(id)
    }
}
