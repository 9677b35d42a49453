use pbx_connector_kit::types::{Entity, Role};

/// Records of several answers, each once.
#[derive(Default)]
pub struct Gathered {
    entities: Vec<Entity>,
    more: bool,
}

impl Gathered {
    /// Takes in the records of one answer. `asked`: how many of each kind it gave at most; that many of one kind mean that there are more.
    pub fn add(&mut self, entities: Vec<Entity>, asked: u32) {
        for kind in crate::kinds::ALL {
            let count = entities.iter().filter(|entity| entity.reference.kind == kind.name()).count();
            self.more |= count >= asked as usize;
        }
        for entity in entities {
            if !self.entities.iter().any(|known| known.reference.id == entity.reference.id) {
                self.entities.push(entity);
            }
        }
    }

    /// At most `limit` records, those first that `rank` puts first, and whether there were more.
    pub fn finish<K: Ord>(mut self, limit: u32, rank: impl Fn(&Entity) -> K) -> (Vec<Entity>, bool) {
        one_of_each_person(&mut self.entities);
        self.entities.sort_by_key(rank);
        let limit = limit as usize;
        let more = self.more || self.entities.len() > limit;
        self.entities.truncate(limit);
        (self.entities, more)
    }
}

/// A person account is one person with two rows: an account, and a contact of the same name at that account. The contact stays, since it
/// has all the numbers; a page of either leads to the same person.
fn one_of_each_person(entities: &mut Vec<Entity>) {
    let mut persons = Vec::new();
    for contact in entities.iter_mut().filter(|entity| entity.role == Role::Person) {
        let own_name = contact.company.as_deref() == Some(contact.name.as_str());
        if let Some(account) = contact.organisation.as_ref().filter(|_| own_name) {
            persons.push(account.id.clone());
            contact.company = None;
            contact.organisation = None;
        }
    }
    entities.retain(|entity| entity.role != Role::Organisation || !persons.contains(&entity.reference.id));
}

/// Has one of its numbers these digits in a row? Those that have are what was asked for; an index may give others that only end alike.
pub fn has_digits(entity: &Entity, forms: &[&str]) -> bool {
    entity.phones.iter().any(|(_, number)| {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        forms.iter().any(|form| !form.is_empty() && digits.contains(form))
    })
}
