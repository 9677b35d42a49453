//! Commands of an administrator, beside a running host.

use std::collections::BTreeSet;

use super::{Folder, opened};
use crate::store::check::{failure, moved, put, work};
use crate::store::sqlite::{Database, ListFilter, OpenError, State, order};
use crate::store::{Change, Kind, Order, Store, WorkState};

#[test]
fn orders_left_by_a_command_are_handed_over_once_and_their_results_are_kept() {
    let folder = Folder::new();
    let mut store = opened(&folder.file());
    assert!(store.orders().is_empty());
    let wanted = [
        Order::Replay { item: 3 },
        Order::Discard { item: 4 },
        Order::Enable { connector: "odoo".to_owned() },
        Order::Disable { connector: "odoo".to_owned() },
        Order::Forget { connector: "odoo".to_owned() },
        Order::Erase { number: "+15550170".to_owned() },
    ];
    // The host has changes that it has not synced yet: nobody waits for them.
    store.commit(vec![put(&work(1, Kind::Match, "15550170", 1))]);
    let ids: Vec<u64> = wanted.iter().map(|wanted| order(&folder.file(), wanted, "ann", 5).unwrap()).collect();
    let orders = store.orders();
    assert_eq!(orders.iter().map(|order| order.id).collect::<Vec<_>>(), ids);
    assert_eq!(orders.iter().map(|order| order.order.clone()).collect::<Vec<_>>(), wanted);
    assert_eq!((orders[0].by.as_str(), orders[0].at), ("ann", 5));
    store.commit(vec![Change::OrderDone { id: ids[0], at: 6, result: "replayed".to_owned() }]);
    assert_eq!(store.orders().len(), 5, "also before it is synced");
    store.sync().unwrap();
    drop(store);
    let store = opened(&folder.file());
    assert_eq!(store.orders().len(), 5);
    let done = store.database.orders_done(10).unwrap();
    assert_eq!((done.len(), done[0].at, done[0].result.as_str(), &done[0].ordered.order), (1, 6, "replayed", &wanted[0]));
}

#[test]
fn work_is_listed_by_state_kind_number_and_account_while_the_host_runs() {
    let folder = Folder::new();
    let mut store = opened(&folder.file());
    let kinds = [Kind::Match, Kind::Create, Kind::Journal, Kind::Amend];
    let mut changes: Vec<Change> =
        (1..=8).map(|order| put(&work(order, kinds[order as usize % 4], if order < 5 { "15550171" } else { "15550172" }, 1))).collect();
    changes.extend([
        moved(2, WorkState::Leased(2), 2),
        moved(3, WorkState::Dead(Box::new(failure("no"))), 2),
        moved(4, WorkState::Done(None), 2),
        moved(5, WorkState::Discarded("by Ann".to_owned()), 2),
    ]);
    store.commit(changes);
    store.sync().unwrap();
    let look = Database::look(&folder.file()).unwrap();
    let listed = |filter: ListFilter, after: u64, limit: usize| -> Vec<u64> {
        let found = look.list(&filter, after, limit).unwrap();
        assert_eq!(found, store.database.list(&filter, after, limit).unwrap());
        for item in &found {
            assert_eq!(store.work_at(item.order).as_ref(), Some(item));
        }
        found.iter().map(|item| item.order).collect()
    };
    let all = ListFilter::default;
    assert_eq!(listed(all(), 0, 100), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(listed(all(), 3, 3), [4, 5, 6]);
    for (states, expected) in [
        (vec![State::Pending], vec![1, 6, 7, 8]),
        (vec![State::Leased, State::Done], vec![2, 4]),
        (vec![State::Dead], vec![3]),
        (vec![State::Discarded], vec![5]),
    ] {
        assert_eq!(listed(ListFilter { states: BTreeSet::from_iter(states), ..all() }, 0, 100), expected);
    }
    assert_eq!(listed(ListFilter { kinds: BTreeSet::from([Kind::Create]), ..all() }, 0, 100), [1, 5]);
    assert_eq!(listed(ListFilter { lane: Some("+15550172".to_owned()), ..all() }, 0, 100), [5, 6, 7, 8]);
    assert_eq!(listed(ListFilter { connector: Some("odoo".to_owned()), ..all() }, 0, 100), [] as [u64; 0]);
    assert_eq!(look.counts().unwrap(), store.counts());
    assert!(look.read(|file| file.execute("DELETE FROM work", [])).is_err(), "it only reads");
    // Also while no host runs, and after it: the next host finds all as it was.
    drop(store);
    assert_eq!(Database::look(&folder.file()).unwrap().list(&all(), 0, 100).unwrap().len(), 8);
    order(&folder.file(), &Order::Replay { item: 3 }, "ann", 5).unwrap();
    assert_eq!(opened(&folder.file()).orders().len(), 1);
}

#[test]
fn looking_where_nothing_is_makes_nothing() {
    let folder = Folder::new();
    let refused = Database::look(&folder.file()).unwrap_err();
    assert!(matches!(refused, OpenError::Missing(_)), "{refused}");
    assert!(matches!(order(&folder.file(), &Order::Replay { item: 1 }, "ann", 5), Err(OpenError::Missing(_))));
    assert!(folder.named("").is_empty());
}
