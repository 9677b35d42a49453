//! An org of any size, made from a number: the same number always makes the same org.
//!
//! Its people have names of several languages and phone numbers of several countries, typed in all the ways in which people type them.
//! All numbers lie in ranges that the countries' authorities keep free for fiction.

mod names;
mod numbers;

use crate::{id::Id, org::Org, value::Value};
use names::{COMPANIES, KINDS, Person, TITLES, person};
use numbers::{Country, Numbers};

/// How many rows of each object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Size {
    /// Users besides those that every org has.
    pub users: usize,
    /// Accounts.
    pub accounts: usize,
    /// Contacts; most belong to one of the accounts.
    pub contacts: usize,
    /// Leads; one in fifty is converted.
    pub leads: usize,
    /// Calls in the timelines of the first contacts.
    pub calls: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { users: 12, accounts: 5_000, contacts: 50_000, leads: 20_000, calls: 2_000 }
    }
}

impl Size {
    /// As many accounts, contacts and leads in all, in the same proportions as the default.
    #[must_use]
    pub fn of(rows: usize) -> Self {
        let accounts = rows / 15;
        let leads = rows.saturating_mul(4) / 15;
        Self { users: 12, accounts, contacts: rows.saturating_sub(accounts).saturating_sub(leads), leads, calls: rows / 30 }
    }
}

/// Names of the colleagues; the last one has left.
const COLLEAGUES: &[(&str, &str)] = &[
    ("Bea", "Baker"),
    ("Carl", "Cruz"),
    ("Dora", "Diaz"),
    ("Emil", "Engel"),
    ("Fay", "Fischer"),
    ("Gus", "Green"),
    ("Hana", "Hoshi"),
    ("Ivo", "Ivanov"),
    ("Joy", "Jansen"),
    ("Kim", "Kaya"),
    ("Lin", "Li"),
    ("Max", "Moreau"),
];

/// The org that a number makes.
#[must_use]
pub fn org(seed: u64, size: Size, now_ms: u64) -> Org {
    let mut org = Org::new(now_ms);
    // Everything is put into the fake's own schema; a refusal would be a mistake in here, which the tests beside it find by counting.
    let _ = Sower::new(seed, now_ms).sow(&mut org, size);
    org.settle();
    org
}

/// The state of sowing.
struct Sower {
    dice: Dice,
    numbers: Numbers,
    now_ms: u64,
    owners: Vec<Id>,
    accounts: Vec<Id>,
    contacts: Vec<Id>,
}

/// What each row gets by itself.
type Filled = Vec<(&'static str, Value)>;

impl Sower {
    fn new(seed: u64, now_ms: u64) -> Self {
        let mut dice = Dice(seed);
        let numbers = Numbers::new(dice.next());
        Self { dice, numbers, now_ms, owners: Vec::new(), accounts: Vec::new(), contacts: Vec::new() }
    }

    fn sow(&mut self, org: &mut Org, size: Size) -> Result<(), String> {
        self.users(org, size.users)?;
        for serial in 0..size.accounts {
            let row = self.account(serial);
            self.accounts.push(org.put(self.now_ms, "Account", &row, None, true)?);
        }
        for serial in 0..size.contacts {
            let row = self.contact(serial);
            self.contacts.push(org.put(self.now_ms, "Contact", &row, None, true)?);
        }
        for serial in 0..size.leads {
            let row = self.lead(serial);
            org.put(self.now_ms, "Lead", &row, None, true)?;
        }
        for serial in 0..size.calls {
            let row = self.call(serial);
            org.put(self.now_ms, "Task", &row, None, true)?;
        }
        Ok(())
    }

    fn users(&mut self, org: &mut Org, count: usize) -> Result<(), String> {
        self.owners.push(org.administrator());
        for (serial, (first, last)) in COLLEAGUES.iter().cycle().take(count).enumerate() {
            let round = serial / COLLEAGUES.len();
            let again = if round == 0 { String::new() } else { round.to_string() };
            let username = format!("{}.{}{again}@fake.example", first.to_lowercase(), last.to_lowercase());
            let user = org.put_user(self.now_ms, first, &format!("{last}{again}"), &username, Some("Standard User"), None)?;
            let left = serial + 1 == count && count > 1;
            let phone = self.numbers.next(Country::America, &mut self.dice);
            let extension = (100 + serial).to_string();
            let more = [("IsActive", Value::Boolean(!left)), ("Extension", Value::text(&extension)), ("Phone", Value::text(&phone))];
            org.amend(self.now_ms, user, &more)?;
            if !left {
                self.owners.push(user);
            }
        }
        Ok(())
    }

    fn account(&mut self, serial: usize) -> Filled {
        let country = Country::any(&mut self.dice);
        let name = self.company(serial);
        let mut row = self.standing(serial);
        row.push(("Name", Value::text(&name)));
        row.push(("Phone", self.number(country)));
        row.push(("BillingCountry", Value::text(country.name())));
        row.push(("Website", Value::text(&format!("https://www.company{serial}.example"))));
        if self.dice.one_in(4) {
            row.push(("Fax", self.number(country)));
        }
        row
    }

    fn contact(&mut self, serial: usize) -> Filled {
        let (country, mut row) = self.somebody(serial, "contact");
        if !self.accounts.is_empty() && !self.dice.one_in(8) {
            let account = self.dice.pick(&self.accounts).copied();
            row.extend(account.map(|account| ("AccountId", Value::Reference(account))));
        }
        row.push(("Phone", self.number(country)));
        for (field, one_in) in [("MobilePhone", 3), ("HomePhone", 20), ("OtherPhone", 40), ("AssistantPhone", 50), ("Fax", 50)] {
            if self.dice.one_in(one_in) {
                row.push((field, self.number(country)));
            }
        }
        row
    }

    fn lead(&mut self, serial: usize) -> Filled {
        let (country, mut row) = self.somebody(serial, "lead");
        let company = self.company(serial);
        row.push(("Company", Value::text(&company)));
        row.push(("Phone", self.number(country)));
        if self.dice.one_in(8) {
            row.push(("MobilePhone", self.number(country)));
        }
        if self.dice.one_in(50)
            && let Some(contact) = self.dice.pick(&self.contacts)
        {
            row.push(("IsConverted", Value::Boolean(true)));
            row.push(("Status", Value::text("Closed - Converted")));
            row.push(("ConvertedContactId", Value::Reference(*contact)));
        }
        row
    }

    fn call(&mut self, serial: usize) -> Filled {
        let mut row = self.standing(serial);
        let inbound = self.dice.one_in(2);
        let length = self.dice.below(900);
        let (kind, subject) = if inbound { ("Inbound", "Inbound call") } else { ("Outbound", "Outbound call") };
        // Timelines with several calls each look like those of people.
        let contact = self.contacts.get(serial / 4).copied();
        row.extend(contact.map(|contact| ("WhoId", Value::Reference(contact))));
        row.push(("Subject", Value::text(subject)));
        row.push(("CallType", Value::text(kind)));
        row.push(("TaskSubtype", Value::text("Call")));
        row.push(("Status", Value::text("Completed")));
        row.push(("CallDurationInSeconds", Value::Integer(i64::try_from(length).unwrap_or_default())));
        row.push(("CallDisposition", Value::text(if length == 0 { "No answer" } else { "Answered" })));
        row.push(("CallObject", Value::text(&format!("seed-{serial}"))));
        let day = self.past().and_then(chrono::DateTime::from_timestamp_millis).map(|moment| moment.date_naive());
        row.extend(day.map(|day| ("ActivityDate", Value::Date(day))));
        row
    }

    /// Name, title and address of a person, and the country.
    fn somebody(&mut self, serial: usize, object: &str) -> (Country, Filled) {
        let Person { first, last, latin } = person(&mut self.dice);
        let country = Country::any(&mut self.dice);
        let mut row = self.standing(serial);
        row.push(("FirstName", Value::text(first)));
        row.push(("LastName", Value::text(last)));
        if !self.dice.one_in(5) {
            let local = if latin { first.to_lowercase() } else { object.to_owned() };
            let local: String = local.chars().filter(char::is_ascii_alphanumeric).collect();
            let domain = if object == "lead" { "prospect" } else { "customer" };
            row.push(("Email", Value::text(&format!("{local}{serial}@{domain}.example"))));
        }
        row.extend(self.dice.pick(TITLES).map(|title| ("Title", Value::text(title))));
        (country, row)
    }

    /// Owner and dates.
    fn standing(&mut self, serial: usize) -> Filled {
        let owner = self.owners.get(serial % self.owners.len().max(1)).copied();
        let mut row: Filled = Vec::with_capacity(16);
        row.extend(owner.map(|owner| ("OwnerId", Value::Reference(owner))));
        if let Some(moment) = self.past() {
            for field in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] {
                row.push((field, Value::DateTime(moment)));
            }
        }
        row
    }

    /// A whole second in the last three years.
    fn past(&mut self) -> Option<i64> {
        let ago = 1 + self.dice.below(3 * 365 * 86_400);
        i64::try_from((self.now_ms / 1000).saturating_sub(ago)).ok().map(|seconds| seconds * 1000)
    }

    fn number(&mut self, country: Country) -> Value {
        Value::text(&self.numbers.next(country, &mut self.dice))
    }

    fn company(&mut self, serial: usize) -> String {
        let name = self.dice.pick(COMPANIES).copied().unwrap_or_default();
        let kind = self.dice.pick(KINDS).copied().unwrap_or_default();
        format!("{name} {kind} {serial}")
    }
}

/// Numbers that follow from a number (the generator SplitMix64).
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let at = self.below(u64::try_from(from.len()).unwrap_or(1));
        usize::try_from(at).ok().and_then(|at| from.get(at))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]
mod tests {
    use std::collections::HashSet;

    use super::{Size, org};
    use crate::{
        org::{Org, SearchGroup, Term},
        schema::FieldKind,
        value::Value,
    };

    const NOW: u64 = 1_795_000_000_000;

    fn count(org: &Org, object: &str) -> usize {
        org.rows(org.object(object).unwrap()).count()
    }

    fn numbers(org: &Org) -> Vec<String> {
        let mut all = Vec::new();
        for name in ["Contact", "Lead", "Account"] {
            let object = org.object(name).unwrap();
            let places: Vec<usize> = (0..object.fields.len()).filter(|place| object.fields[*place].kind == FieldKind::Phone).collect();
            for row in org.rows(object) {
                all.extend(places.iter().filter_map(|place| row.get(*place).as_text()).map(str::to_owned));
            }
        }
        all
    }

    #[test]
    fn the_default_org_has_as_many_rows_as_promised_and_hardly_a_number_twice() {
        let org = org(7, Size::default(), NOW);
        assert_eq!((count(&org, "Contact"), count(&org, "Lead"), count(&org, "Account")), (50_000, 20_000, 5_000));
        assert_eq!((count(&org, "Task"), count(&org, "User")), (2_000, 7 + 12));
        let numbers = numbers(&org);
        let digits: HashSet<String> = numbers.iter().map(|number| number.chars().filter(char::is_ascii_digit).collect()).collect();
        assert!(digits.len() * 100 > numbers.len() * 95, "{} of {}", digits.len(), numbers.len());
        let lead = org.object("Lead").unwrap();
        let converted = org.rows(lead).filter(|row| row.named(lead, "IsConverted") == &Value::Boolean(true)).count();
        assert!((200..800).contains(&converted), "{converted} converted leads");
    }

    #[test]
    fn numbers_are_typed_in_all_the_ways_in_which_people_type() {
        let numbers = numbers(&org(7, Size::of(3_000), NOW));
        let plain = |text: &str| text.bytes().all(|character| character.is_ascii_digit());
        type Way = (&'static str, fn(&str) -> bool);
        let ways: [Way; 11] = [
            ("E.164", |number| number.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|character| character.is_ascii_digit()))),
            ("(555) 555-0123", |number| number.len() == 14 && number.starts_with('(') && number[4..6] == *") "),
            ("dots", |number| number.contains('.') && !number.contains("ext")),
            ("dashes", |number| number.matches('-').count() >= 2),
            ("extension", |number| number.contains(" x")),
            ("ext.", |number| number.contains(" ext. ")),
            ("leading 00", |number| number.starts_with("00")),
            ("trunk 0 in brackets", |number| number.contains("(0)")),
            ("national only", |number| number.starts_with('0') && !number.starts_with("00")),
            ("slash", |number| number.contains('/')),
            ("international with blanks", |number| number.starts_with('+') && number.matches(' ').count() >= 2),
        ];
        for (name, typed) in ways {
            let found = numbers.iter().filter(|number| typed(number)).count();
            assert!(found > 20, "{name}: {found} of {}", numbers.len());
        }
        assert!(numbers.iter().filter(|number| plain(number)).count() > 20, "digits only");
        for number in &numbers {
            assert!(number.chars().count() <= 40, "{number}");
        }
    }

    #[test]
    fn american_numbers_lie_in_the_range_for_fiction() {
        for number in numbers(&org(3, Size::of(3_000), NOW)) {
            let number = number.split(['x', 'e']).next().unwrap();
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            if let Some(national) = number.starts_with("+1").then(|| &digits[1..]) {
                assert_eq!((national.len(), &national[3..8]), (10, "55501"), "{number}");
            }
        }
    }

    #[test]
    fn the_same_number_makes_the_same_org_and_another_makes_another() {
        let made = |seed: u64| {
            let org = org(seed, Size::of(600), NOW);
            let rows: Vec<_> = org.objects().flat_map(|object| org.rows(object)).map(|row| (row.id, row.values.clone())).collect();
            rows
        };
        let first = made(1);
        assert_eq!(first, made(1));
        assert_ne!(first, made(2));
    }

    #[test]
    fn seeded_rows_are_found_at_once_whatever_the_lag() {
        let mut org = org(7, Size::of(600), NOW);
        org.knobs.index_lag_ms = 600_000;
        let contact = org.object("Contact").unwrap();
        let row = org.rows(contact).next().unwrap();
        let number = row.named(contact, "Phone").as_text().unwrap();
        let term = Term { text: number.chars().filter(char::is_ascii_digit).collect(), wildcards: Vec::new(), phrase: false };
        assert!(org.search(NOW, contact, SearchGroup::Phone, &term).contains(&row.id), "{number}");
    }

    #[test]
    fn some_names_are_chinese() {
        let org = org(7, Size::of(600), NOW);
        let contact = org.object("Contact").unwrap();
        let chinese = |row: &&crate::org::Row| {
            row.named(contact, "Name")
                .as_text()
                .unwrap()
                .chars()
                .all(|character| character == ' ' || ('\u{4e00}'..='\u{9fff}').contains(&character))
        };
        assert!(org.rows(contact).filter(chinese).count() > 5);
    }
}
