//! What is deleted, or was never to be legible, is in no file.

use std::collections::BTreeSet;

use super::*;

const CANARY: &[u8] = b"00D5g00000canary!AQMAQ";

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn no_file_holds_what_was_sealed() {
    let bench = Bench::new();
    let store = bench.store();
    let version = store.put(&main_row(), None, CANARY).unwrap();
    store.put(&main_row(), Some(version), CANARY).unwrap();
    let bytes = bench.bytes();
    assert!(bytes.len() > 4096 && !holds(&bytes, CANARY));
}

type Trace = [u8; 16];

/// Pieces of all that is sealed of a row: if a cell was cut in two, some piece is whole.
fn pieces(bench: &Bench, of: &Row) -> BTreeSet<Trace> {
    let (_, all) = bench.everything();
    let row = all.into_iter().find(|lying| lying.row().as_ref() == Some(of)).unwrap().record.content;
    row.sealed.chunks_exact(16).chain(row.nonce.chunks_exact(16)).map(|piece| piece.try_into().unwrap()).collect()
}

/// How many of the pieces are in some file.
fn found(bench: &Bench, traces: &BTreeSet<Trace>) -> usize {
    let bytes = bench.bytes();
    bytes.windows(16).filter(|window| <&Trace>::try_from(*window).is_ok_and(|window| traces.contains(window))).count()
}

#[test]
fn f52_after_disconnecting_nothing_of_a_row_is_left_not_even_sealed() {
    for size in [300, 1_500, 20_000] {
        let bench = Bench::new();
        let store = bench.store();
        let mut traces = BTreeSet::new();
        let mut version = None;
        // Tokens of a whole life, among neighbours that grow: pages are split, cells are moved about.
        for turn in 0..12 {
            version = Some(store.put(&main_row(), version, &vec![turn; size]).unwrap());
            traces.extend(pieces(&bench, &main_row()));
            for neighbour in ["a", "z"] {
                store.put(&Row::connection("salesforce", &format!("{neighbour}{turn}")), None, &vec![turn; size / 2]).unwrap();
            }
        }
        assert!(found(&bench, &traces) > 0, "the search finds what is there");
        store.delete(&main_row(), version.unwrap()).unwrap();
        assert_eq!(found(&bench, &traces), 0, "{size}");
        assert_eq!(content(&store, &Row::connection("salesforce", "z11")), Ok(Some(vec![11; size / 2])));
        let log = std::fs::metadata(bench.folder.path().join("pbx-crm.db-wal"));
        assert!(log.is_ok_and(|log| log.len() == 0), "the log is empty");
    }
}

#[test]
fn what_the_log_still_held_is_gone_with_the_next_change() {
    let bench = Bench::new();
    let store = bench.store();
    let version = store.put(&main_row(), None, &[7; 500]).unwrap();
    let traces = pieces(&bench, &main_row());
    // Another program reads: the log cannot be cut off under its eyes.
    let reader = Connection::open(bench.file()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM credential;").unwrap();
    bench.database.read(|connection| connection.busy_timeout(std::time::Duration::ZERO)).unwrap();
    store.delete(&main_row(), version).unwrap();
    assert!(found(&bench, &traces) > 0, "else this test shows nothing");
    reader.execute_batch("COMMIT").unwrap();
    store.put(&second_row(), None, b"x").unwrap();
    assert_eq!(found(&bench, &traces), 0);
}

#[test]
fn after_a_rotation_nothing_is_left_that_the_old_key_opens() {
    let bench = Bench::new();
    let store = bench.store();
    for turn in 0..20 {
        store.put(&Row::connection("salesforce", &format!("a{turn}")), None, &vec![turn; 700]).unwrap();
    }
    let rows = (0..20).map(|turn| Row::connection("salesforce", &format!("a{turn}")));
    let traces = rows.flat_map(|row| pieces(&bench, &row)).collect();
    assert!(found(&bench, &traces) > 0, "the search finds what is there");
    assert_eq!(store.rotate(&key()), Ok(20));
    assert_eq!(found(&bench, &traces), 0);
}
