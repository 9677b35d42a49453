//! What every store must do, as one test that is given the store.

mod samples;

pub(crate) use samples::*;

use super::{AccountRef, AccountState, Change, Kind, Progress, Store, WorkItem, WorkState};

/// What every store must do. The store is empty.
pub(crate) fn check_a_store(store: &mut dyn Store) {
    work_is_found_and_moves_on(store);
    what_is_in_memory_alone_is_read_like_the_rest(store);
    records_are_found_by_their_digits(store);
    phonebooks_and_accounts_are_kept(store);
    a_number_can_be_erased(store);
}

fn orders(items: &[WorkItem]) -> Vec<u64> {
    items.iter().map(|item| item.order).collect()
}

fn work_is_found_and_moves_on(store: &mut dyn Store) {
    assert_eq!((store.last_order(), store.counts(), store.work("nothing")), (0, super::Counts::default(), None));
    let items: Vec<WorkItem> = [Kind::Match, Kind::Create, Kind::Journal, Kind::Amend]
        .into_iter()
        .zip(1..)
        .map(|(kind, order)| work(order, kind, "15550101", 1000 + order))
        .collect();
    store.commit(items.iter().map(put).collect());
    for item in &items {
        assert_eq!(store.work(&item.key).as_ref(), Some(item));
        assert_eq!(store.work_at(item.order).as_ref(), Some(item));
    }
    assert_eq!(store.last_order(), 4);
    assert_eq!(orders(&store.unfinished(0, 10)), [1, 2, 3, 4]);
    assert_eq!(orders(&store.unfinished(1, 2)), [2, 3]);
    assert_eq!(store.counts().oldest, Some(1001));
    store.sync().unwrap();
    assert!(!store.unsynced());
    assert_eq!(orders(&store.unfinished(1, 2)), [2, 3]);
    let full = Progress {
        tries: 7,
        strikes: 2,
        first_tried: Some(1500),
        unclear: true,
        looked_up: 3,
        told_waiting: true,
        last: Some(Box::new(failure("busy"))),
        ..progress(WorkState::Leased(2000), 2000)
    };
    let changes = vec![
        Change::Progress { order: 1, progress: Box::new(full.clone()) },
        moved(2, WorkState::Dead(Box::new(failure("no"))), 2001),
        moved(3, WorkState::Done(Some(reference("00T1"))), 2002),
        moved(4, WorkState::Discarded("by Ann".to_owned()), 2003),
        moved(77, WorkState::Pending(1), 1),
    ];
    store.commit(changes);
    for synced in [false, true] {
        if synced {
            store.sync().unwrap();
        }
        assert_eq!(store.work_at(1).unwrap(), WorkItem { progress: full.clone(), ..items[0].clone() });
        assert_eq!(store.work_at(2).unwrap().progress.state, WorkState::Dead(Box::new(failure("no"))));
        assert_eq!(store.work(&items[2].key).unwrap().progress.state, WorkState::Done(Some(reference("00T1"))));
        assert_eq!(store.work(&items[3].key).unwrap().progress, progress(WorkState::Discarded("by Ann".to_owned()), 2003));
        assert_eq!((orders(&store.unfinished(0, 10)), orders(&store.dead(0, 10)), orders(&store.dead(2, 10))), (vec![1], vec![2], vec![]));
        let counts = store.counts();
        assert_eq!((counts.pending, counts.leased, counts.dead, counts.done, counts.discarded, counts.oldest), (0, 1, 1, 1, 1, None));
        assert_eq!(store.work_at(77), None);
    }
    // Replayed, and given to the next account.
    let next = WorkItem {
        account: AccountRef { connector: "odoo".to_owned(), organisation: String::new() },
        ended: None,
        progress: progress(WorkState::Pending(3000), 3000),
        ..items[0].clone()
    };
    store.commit(vec![put(&next), moved(2, WorkState::Pending(3000), 3000)]);
    assert_eq!(orders(&store.unfinished(0, 10)), [1, 2]);
    store.sync().unwrap();
    assert_eq!(orders(&store.unfinished(0, 10)), [1, 2]);
    assert_eq!(store.work_at(1), Some(next));
    store.commit(vec![moved(1, WorkState::Done(None), 4000), moved(2, WorkState::Done(None), 4000)]);
    store.sync().unwrap();
    assert_eq!(store.work_at(1).unwrap().progress.state, WorkState::Done(None));
    assert_eq!((store.counts().done, store.counts().pending), (3, 0));
}

fn what_is_in_memory_alone_is_read_like_the_rest(store: &mut dyn Store) {
    let item = WorkItem { lasting: false, ..work(10, Kind::Match, "15550102", 5000) };
    store.commit(vec![put(&item), put(&work(11, Kind::Create, "15550102", 5000))]);
    store.commit(vec![moved(10, WorkState::Leased(5001), 5001)]);
    store.sync().unwrap();
    assert_eq!(store.work(&item.key).unwrap().progress.state, WorkState::Leased(5001));
    assert_eq!(
        (orders(&store.unfinished(0, 10)), orders(&store.unfinished(10, 10)), orders(&store.unfinished(0, 1))),
        (vec![10, 11], vec![11], vec![10])
    );
    assert_eq!((store.counts().leased, store.counts().pending, store.last_order()), (1, 1, 11));
    let ended = WorkItem { lasting: true, ..item };
    store.commit(vec![put(&ended)]);
    store.sync().unwrap();
    assert_eq!(store.work_at(10), Some(ended));
    store.commit(vec![moved(10, WorkState::Done(None), 5002), moved(11, WorkState::Done(None), 5002)]);
    store.sync().unwrap();
    assert!(store.unfinished(0, 10).is_empty());
}

fn records_are_found_by_their_digits(store: &mut dyn Store) {
    let (old, new) = (known("003A", &["+1 (555) 0103", "+15550104"], 100), known("003B", &["15550103"], 200));
    let passing = known("003C", &["15550103"], 150);
    store.commit(vec![put_known(&old, true), put_known(&new, true), put_known(&passing, false)]);
    for _ in 0..2 {
        assert_eq!(store.known_by_digits("5550103"), [new.clone(), passing.clone(), old.clone()]);
        assert_eq!(store.known_by_digits("5550104"), std::slice::from_ref(&old));
        assert_eq!(store.known(&reference("003A")).as_ref(), Some(&old));
        store.sync().unwrap();
    }
    // Its other number is gone.
    let changed = known("003A", &["15550103"], 300);
    store.commit(vec![put_known(&changed, true), Change::ForgetKnown(reference("003B"))]);
    for _ in 0..2 {
        assert_eq!(store.known_by_digits("5550103"), [changed.clone(), passing.clone()]);
        assert_eq!((store.known_by_digits("5550104"), store.known(&reference("003B"))), (vec![], None));
        store.sync().unwrap();
    }
    let many: Vec<Change> = (0..60).map(|n| put_known(&known(&format!("many-{n}"), &["15550105"], n), true)).collect();
    store.commit(many);
    for _ in 0..2 {
        let found = store.known_by_digits("5550105");
        assert_eq!((found.len(), found[0].seen_at, found[49].seen_at), (50, 59, 10));
        store.sync().unwrap();
    }
}

fn phonebooks_and_accounts_are_kept(store: &mut dyn Store) {
    let put = |key: &str, numbers: &[&str]| Change::PutEntry { book: "b2".to_owned(), entry: entry(key, numbers) };
    store.commit(vec![
        Change::PutBook(book("b1", "Suppliers")),
        Change::PutBook(book("b2", "Customers")),
        put("2", &["+15550106"]),
        put("1", &["+15550106", "15550107"]),
    ]);
    for _ in 0..2 {
        let books = store.books();
        assert_eq!(books.iter().map(|book| (book.name.as_str(), book.entries)).collect::<Vec<_>>(), [("Customers", 2), ("Suppliers", 0)]);
        assert_eq!(store.entries("b2").iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(store.entries_by_digits("5550106").len(), 2);
        assert_eq!(store.entry("b2", "1"), Some(entry("1", &["+15550106", "15550107"])));
        store.sync().unwrap();
    }
    store.commit(vec![put("1", &["+15550106"]), Change::RemoveEntry { book: "b2".to_owned(), key: "2".to_owned() }]);
    for _ in 0..2 {
        assert_eq!(store.entries_by_digits("5550106"), [("b2".to_owned(), entry("1", &["+15550106"]))]);
        assert!(store.entries_by_digits("5550107").is_empty());
        assert_eq!((store.entry("b2", "2"), store.books()[0].entries), (None, 1));
        store.sync().unwrap();
    }
    let account = |connector: &str, enabled| AccountState {
        account: AccountRef { connector: connector.to_owned(), organisation: "o".to_owned() },
        enabled,
        crashed: if enabled { Vec::new() } else { vec!["write".to_owned()] },
        spent: if enabled { vec![(500_000, 3), (500_001, 4)] } else { Vec::new() },
    };
    store.commit(vec![Change::PutAccount(account("z", true)), Change::PutAccount(account("a", true))]);
    store.sync().unwrap();
    store.commit(vec![Change::PutAccount(account("z", false))]);
    assert_eq!(store.accounts(), [account("a", true), account("z", false)]);
    store.sync().unwrap();
    assert_eq!(store.accounts(), [account("a", true), account("z", false)]);
    assert!(store.orders().is_empty());
}

fn a_number_can_be_erased(store: &mut dyn Store) {
    let digits = "15550198";
    let same = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>() == digits;
    let (done, dead) = (work(20, Kind::Create, digits, 9000), work(21, Kind::Journal, digits, 9000));
    let other = work(22, Kind::Journal, "25550198", 9000);
    let passing = WorkItem { lasting: false, progress: progress(WorkState::Done(None), 9001), ..work(23, Kind::Match, digits, 9000) };
    let others_record = known("other", &["25550198"], 1);
    let mut changes: Vec<Change> = [&done, &dead, &other, &passing].into_iter().map(put).collect();
    changes.extend([
        moved(20, WorkState::Done(Some(reference("made"))), 9001),
        moved(21, WorkState::Dead(Box::new(failure("no"))), 9001),
        moved(22, WorkState::Done(None), 9001),
        put_known(&known("made", &["+15550198"], 1), true),
        put_known(&known("passing", &["+15550198"], 1), false),
        put_known(&others_record, true),
        Change::PutEntry { book: "b2".to_owned(), entry: entry("e", &["+1 555 0198"]) },
    ]);
    store.commit(changes);
    let before = store.counts();
    assert_eq!(store.erase("+15550198", "5550198", &same, 9002).unwrap(), 6);
    for gone in [&done, &dead, &passing] {
        assert_eq!((store.work(&gone.key), store.work_at(gone.order)), (None, None));
    }
    assert!(store.work_at(22).is_some());
    assert_eq!(store.known_by_digits("5550198"), [others_record]);
    assert_eq!((store.entry("b2", "e"), store.last_order()), (None, 23));
    assert_eq!((store.counts().done, store.counts().dead), (before.done - 2, before.dead - 1));
    assert_eq!(store.erase("+15550198", "5550198", &same, 9003).unwrap(), 0);
}

mod tests {
    use super::super::memory::MemoryStore;

    #[test]
    fn a_store_in_memory_does_what_every_store_must() {
        super::check_a_store(&mut MemoryStore::default());
    }
}
