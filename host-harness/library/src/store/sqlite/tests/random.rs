//! Random changes, against the store in memory as the model.

use std::sync::Arc;

use super::disk::Random;
use super::{Folder, opened};
use crate::store::check::{book, call, entry, failure, known, moved, put, put_known, reference, work};
use crate::store::memory::MemoryStore;
use crate::store::{AccountRef, AccountState, Change, EndedCall, Kind, Store, WorkItem, WorkState};

/// Few enough to meet again and again.
const NUMBERS: [&str; 4] = ["15550110", "15550111", "25550111", "15550112"];

/// The next order, and how much of the changes is in memory alone.
pub(super) struct Changes {
    pub(super) random: Random,
    pub(super) order: u64,
    pub(super) some_in_memory: bool,
}

impl Changes {
    pub(super) fn group(&mut self) -> Vec<Change> {
        (0..=self.random.below(4)).map(|_| self.change()).collect()
    }

    fn lasting(&mut self) -> bool {
        !self.some_in_memory || self.random.below(3) > 0
    }

    fn change(&mut self) -> Change {
        let digits = NUMBERS[self.random.below(4)];
        let at = self.random.below(1000) as u64;
        let any = 1 + self.random.below(self.order as usize + 2) as u64;
        match self.random.below(12) {
            0..3 => {
                self.order += 1 + self.random.below(2) as u64;
                let kind = [Kind::Match, Kind::Create, Kind::Journal, Kind::Amend][self.random.below(4)];
                let ended = (self.random.below(2) == 0).then(|| Box::new(EndedCall { call: call("c", digits, at), notes: Vec::new() }));
                let lasting = self.lasting();
                put(&WorkItem { lasting, ended, ..work(self.order, kind, digits, at) })
            }
            3..7 => {
                let state = match self.random.below(5) {
                    0 => WorkState::Pending(at),
                    1 => WorkState::Leased(at),
                    2 => WorkState::Dead(Box::new(failure("no"))),
                    3 => WorkState::Done((at > 500).then(|| reference("r"))),
                    _ => WorkState::Discarded("by Ann".to_owned()),
                };
                moved(any, state, at)
            }
            7 => {
                let id = self.random.below(6).to_string();
                let lasting = self.lasting();
                put_known(&known(&id, &[digits, NUMBERS[self.random.below(4)]], at), lasting)
            }
            8 => Change::ForgetKnown(reference(&self.random.below(6).to_string())),
            9 => Change::PutBook(book(&self.random.below(2).to_string(), digits)),
            10 => {
                let (book, key) = (self.random.below(2).to_string(), self.random.below(5).to_string());
                if at < 300 { Change::RemoveEntry { book, key } } else { Change::PutEntry { book, entry: entry(&key, &[digits]) } }
            }
            _ => Change::PutAccount(AccountState {
                account: AccountRef { connector: self.random.below(3).to_string(), organisation: digits.to_owned() },
                enabled: at < 500,
                crashed: (at > 700).then(|| "find".to_owned()).into_iter().collect(),
                spent: vec![(at, 1)],
            }),
        }
    }
}

/// Both say the same of everything.
pub(super) fn assert_same(store: &dyn Store, model: &dyn Store, orders: u64, seed: u64) {
    for order in 0..=orders + 1 {
        let (found, expected) = (store.work_at(order), model.work_at(order));
        assert_eq!(found, expected, "order {order}, seed {seed}");
        if let Some(item) = expected {
            assert_eq!(store.work(&item.key), found, "seed {seed}");
        }
    }
    for (after, limit) in [(0, 1000), (orders / 2, 3), (orders / 3, 1)] {
        assert_eq!(store.unfinished(after, limit), model.unfinished(after, limit), "seed {seed}");
        assert_eq!(store.dead(after, limit), model.dead(after, limit), "seed {seed}");
    }
    assert_eq!(store.counts(), model.counts(), "seed {seed}");
    for digits in ["5550110", "5550111", "5550112"] {
        assert_eq!(store.known_by_digits(digits), model.known_by_digits(digits), "seed {seed}");
        assert_eq!(store.entries_by_digits(digits), model.entries_by_digits(digits), "seed {seed}");
    }
    for id in 0..6 {
        assert_eq!(store.known(&reference(&id.to_string())), model.known(&reference(&id.to_string())), "seed {seed}");
    }
    assert_eq!(store.books(), model.books(), "seed {seed}");
    for book in ["0", "1"] {
        assert_eq!(store.entries(book), model.entries(book), "seed {seed}");
        assert_eq!(store.entry(book, "1"), model.entry(book, "1"), "seed {seed}");
    }
    assert_eq!(store.accounts(), model.accounts(), "seed {seed}");
}

fn run(seed: u64, some_in_memory: bool, reopens: bool) {
    let folder = Folder::new();
    let mut store = opened(&folder.file());
    let mut model = MemoryStore::default();
    let mut changes = Changes { random: Random(seed), order: 0, some_in_memory };
    for _ in 0..60 {
        let group = changes.group();
        store.commit(group.clone());
        model.commit(group);
        if changes.random.below(4) == 0 {
            assert_same(&store, &model, changes.order, seed);
        }
        if changes.random.below(3) == 0 {
            store.sync().unwrap();
        }
        if changes.random.below(8) == 0 {
            let same = |text: &str| text == NUMBERS[1];
            let digits = "5550111";
            assert_eq!(
                store.erase("+15550111", digits, &same, 1).unwrap(),
                model.erase("+15550111", digits, &same, 1).unwrap(),
                "seed {seed}"
            );
        }
        if reopens && changes.random.below(10) == 0 {
            store.sync().unwrap();
            drop(store);
            store = opened(&folder.file());
        }
    }
    assert_same(&store, &model, changes.order, seed);
    assert_eq!(store.last_order(), model.last_order(), "seed {seed}");
}

#[test]
fn random_changes_read_like_those_of_the_model_also_after_a_restart() {
    for seed in 0..40 {
        run(seed, false, true);
    }
}

#[test]
fn random_changes_of_which_some_stay_in_memory_read_like_those_of_the_model() {
    for seed in 100..140 {
        run(seed, true, false);
    }
}

#[test]
fn several_threads_may_share_the_file() {
    let folder = Folder::new();
    let store = opened(&folder.file());
    let database = Arc::clone(&store.database);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| database.read(|file| file.query_row("SELECT count(*) FROM work", [], |_| Ok(()))).unwrap());
        }
    });
}
