use crm_fake::{ControlError, SeedRecord};

use crate::{call, record};

/// Everything that the service knows.
#[derive(Default)]
pub struct Store {
    records: Vec<record::Stored>,
    calls: Vec<call::Stored>,
    last_record: u64,
    last_call: u64,
}

impl Store {
    /// Oldest first.
    pub fn records(&self) -> &[record::Stored] {
        &self.records
    }

    /// Oldest first.
    pub fn calls(&self) -> &[call::Stored] {
        &self.calls
    }

    /// The record with this id.
    pub fn record(&self, id: &str) -> Option<&record::Stored> {
        self.records.iter().find(|stored| stored.record().id == id)
    }

    /// The record made with this key.
    pub fn record_by_key(&self, key: &str) -> Option<&record::Stored> {
        self.records.iter().find(|stored| stored.record().key.as_deref() == Some(key))
    }

    /// The call written with this key.
    pub fn call_by_key(&self, key: &str) -> Option<&call::Stored> {
        self.calls.iter().find(|stored| stored.key() == key)
    }

    /// The call with this id, to change it.
    pub fn call_mut(&mut self, id: &str) -> Option<&mut call::Stored> {
        self.calls.iter_mut().find(|stored| stored.id == id)
    }

    /// Adds a record; gives its id.
    pub fn create(&mut self, key: String, new: record::New, now_ms: u64) -> String {
        let id = self.next_record();
        self.records.push(new.store(id.clone(), key, now_ms));
        id
    }

    /// Adds a call; gives its id.
    ///
    /// # Errors
    /// What is wrong with its content.
    pub fn write(&mut self, new: call::New) -> Result<String, String> {
        let id = (self.last_call + 1).to_string();
        self.calls.push(new.store(id.clone())?);
        self.last_call += 1;
        Ok(id)
    }

    /// Adds records of a test; all or none.
    ///
    /// # Errors
    /// An id is taken or cannot be one.
    pub fn seed(&mut self, now_ms: u64, seeds: Vec<SeedRecord>) -> Result<Vec<String>, ControlError> {
        let given: Vec<&str> = seeds.iter().filter_map(|seed| seed.id.as_deref()).collect();
        for (index, id) in given.iter().enumerate() {
            let sound = (1..=128).contains(&id.len()) && id.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"-_.".contains(&sign));
            if !sound {
                return Err(ControlError::Invalid(format!("`{id}` cannot be an id")));
            }
            if self.record(id).is_some() || given.iter().take(index).any(|earlier| earlier == id) {
                return Err(ControlError::Invalid(format!("the id `{id}` is taken")));
            }
        }
        // A counted id must not take one that a later seed brings.
        let taken: Vec<String> = given.into_iter().map(str::to_owned).collect();
        let mut ids = Vec::new();
        for mut seed in seeds {
            let id = seed.id.take().unwrap_or_else(|| {
                loop {
                    let id = self.next_record();
                    if !taken.contains(&id) {
                        break id;
                    }
                }
            });
            ids.push(id.clone());
            self.records.push(record::Stored::seeded(id, seed, now_ms));
        }
        Ok(ids)
    }

    fn next_record(&mut self) -> String {
        loop {
            self.last_record += 1;
            let id = self.last_record.to_string();
            if self.record(&id).is_none() {
                return id;
            }
        }
    }
}
