//! Somebody else changed the database: it is noticed, told, and never written over.

use super::*;

/// Two accounts and an approval.
fn filled() -> (Bench, SealedRows) {
    let bench = Bench::new();
    let store = bench.store();
    store.put(&main_row(), None, b"one").unwrap();
    store.put(&second_row(), None, b"two").unwrap();
    store.put(&Row::approval("salesforce", "main"), None, b"approved").unwrap();
    (bench, store)
}

#[test]
fn f51_a_row_in_another_ones_place_does_not_open() {
    let approval = Row::approval("salesforce", "main");
    let places = [main_row(), second_row(), approval, Row::connection("odoo", "main"), Row::connection("salesforce", "third")];
    for (from, place) in (0..3).flat_map(|from| (0..places.len()).map(move |place| (from, place))).filter(|(from, place)| from != place) {
        let (bench, store) = filled();
        let (_, all) = bench.everything();
        let record = |row: &Row| all.iter().find(|lying| lying.row().as_ref() == Some(row)).map(|lying| lying.record.clone());
        let (moved, here) = (record(&places[from]).unwrap(), record(&places[place]));
        // As it was, and under the version that is expected there.
        for version in [moved.version, here.map_or(1, |here| here.version)] {
            let row = table::Lying::new(&places[place], table::Record { version, ..moved.clone() });
            bench.database.write(|connection| table::put(connection, &row)).unwrap();
            assert_eq!(content(&store, &places[place]), Err(Kind::FileDamaged), "{from} in place of {place}");
            assert_eq!(content(&store, &places[from]), content(&filled().1, &places[from]), "the other one still opens");
        }
    }
}

#[test]
fn f51_two_rows_exchanged_do_not_open() {
    let (bench, store) = filled();
    let (_, all) = bench.everything();
    let record = |row: &Row| all.iter().find(|lying| lying.row().as_ref() == Some(row)).map(|lying| lying.record.clone()).unwrap();
    for exchange in [(main_row(), second_row()), (second_row(), main_row())] {
        let row = table::Lying::new(&exchange.0, record(&exchange.1));
        bench.database.write(|connection| table::put(connection, &row)).unwrap();
    }
    assert_eq!((content(&store, &main_row()), content(&store, &second_row())), (Err(Kind::FileDamaged), Err(Kind::FileDamaged)));
}

#[test]
fn a_flipped_bit_anywhere_in_a_row_is_noticed_and_the_others_still_open() {
    type Flip = fn(&mut table::Record);
    let flips: [(Kind, Flip); 5] = [
        (Kind::FileDamaged, |record| record.version += 1),
        (Kind::KeyWrong, |record| record.content.key_id.insert(0, '0')),
        (Kind::FileDamaged, |record| record.content.nonce[23] ^= 1),
        (Kind::FileDamaged, |record| record.content.sealed[0] ^= 1),
        (Kind::FileDamaged, |record| *record.content.sealed.last_mut().unwrap() ^= 0x80),
    ];
    for (kind, flip) in flips {
        let (bench, store) = filled();
        let (_, mut all) = bench.everything();
        let row = all.iter_mut().find(|lying| lying.row() == Some(main_row())).unwrap();
        flip(&mut row.record);
        bench.database.write(|connection| table::put(connection, row)).unwrap();
        assert_eq!(content(&store, &main_row()), Err(kind));
        assert_eq!(content(&store, &second_row()), Ok(Some(b"two".to_vec())));
        assert_eq!(content(&store, &Row::approval("salesforce", "main")), Ok(Some(b"approved".to_vec())));
        assert_eq!(store.rotate(&key()).err().map(|problem| problem.kind()), Some(kind), "what does not open is not lost by a new key");
        assert_eq!(bench.everything().1, all);
        // Others are changed as ever, and the damaged one is still there for whoever can repair it.
        let version = store.load(&second_row()).unwrap().unwrap().version;
        store.delete(&second_row(), version).unwrap();
        assert_eq!(content(&store, &main_row()), Err(kind));
    }
}

#[test]
fn a_row_taken_out_or_put_back_from_an_older_copy_is_noticed() {
    let (bench, store) = filled();
    bench.sql("CREATE TABLE older AS SELECT * FROM credential");
    store.put(&main_row(), Some(1), b"newer").unwrap();
    bench.sql("DELETE FROM credential WHERE account = 'main' AND part = 'connection'");
    assert_eq!(content(&store, &main_row()), Err(Kind::FileDamaged));
    assert_eq!(put_kind(store.put(&main_row(), None, b"x")), Some(Kind::FileDamaged), "it is not absent");
    bench.sql("INSERT INTO credential SELECT * FROM older WHERE account = 'main' AND part = 'connection'");
    assert_eq!(content(&store, &main_row()), Err(Kind::FileDamaged));
    assert_eq!(put_kind(store.put(&main_row(), Some(1), b"x")), Some(Kind::FileDamaged));
    assert_eq!(content(&store, &second_row()), Ok(Some(b"two".to_vec())));
    // Deleted, and put back.
    let version = store.load(&second_row()).unwrap().unwrap().version;
    store.delete(&second_row(), version).unwrap();
    bench.sql("INSERT INTO credential SELECT * FROM older WHERE account = 'second'");
    assert_eq!(content(&store, &second_row()), Err(Kind::FileDamaged));
}

#[test]
fn a_list_that_is_damaged_gone_or_old_is_noticed() {
    let changes = [
        "UPDATE credential_list SET last_version = last_version - 1",
        "UPDATE credential_list SET sealed = X'00'",
        "UPDATE credential_list SET nonce = X'00'",
        "DELETE FROM credential_list",
    ];
    for change in changes {
        let (bench, store) = filled();
        bench.sql(change);
        let before = bench.everything();
        assert_eq!(content(&store, &main_row()), Err(Kind::FileDamaged), "{change}");
        assert_eq!(content(&store, &Row::connection("odoo", "none")), Err(Kind::FileDamaged), "{change}");
        assert_eq!(put_kind(store.put(&main_row(), Some(1), b"x")), Some(Kind::FileDamaged), "{change}");
        assert_eq!(put_kind(store.put(&Row::connection("odoo", "none"), None, b"x")), Some(Kind::FileDamaged), "{change}");
        assert!(store.delete(&main_row(), 1).is_err() && store.rotate(&key()).is_err());
        assert_eq!(bench.everything(), before, "it is never overwritten");
        let problem = store.load(&main_row()).err().unwrap();
        assert_eq!(problem.arguments(), [("file".to_owned(), bench.file().display().to_string())], "the file is named");
    }
    let (bench, store) = filled();
    bench.sql("CREATE TABLE older AS SELECT * FROM credential_list");
    store.put(&main_row(), Some(1), b"newer").unwrap();
    bench.sql("DELETE FROM credential_list; INSERT INTO credential_list SELECT * FROM older");
    assert_eq!(content(&store, &main_row()), Err(Kind::FileDamaged));
}

#[test]
fn what_a_later_release_wrote_is_refused_by_its_number() {
    let (bench, store) = filled();
    bench.sql("UPDATE credential_list SET form = 2");
    let before = bench.everything();
    let problem = store.load(&main_row()).err().unwrap();
    assert_eq!((problem.kind(), problem.arguments()[0].1.as_str()), (Kind::FileVersion, "2"));
    assert_eq!(put_kind(store.put(&main_row(), Some(1), b"x")), Some(Kind::FileVersion));
    assert_eq!(store.forget_unreadable().err().map(|problem| problem.kind()), Some(Kind::FileVersion), "that release can read it");
    assert_eq!(bench.everything(), before);
}

#[test]
fn what_is_damaged_can_be_forgotten_and_the_rest_is_kept() {
    let (bench, store) = filled();
    bench.sql("UPDATE credential SET sealed = X'00' WHERE account = 'second'");
    assert_eq!(store.forget_unreadable(), Ok(1));
    assert_eq!(content(&store, &main_row()), Ok(Some(b"one".to_vec())));
    assert_eq!(content(&store, &second_row()), Ok(None));
    assert!(store.put(&second_row(), None, b"anew").unwrap() > 3);
    // Without the list nobody can say what is true.
    bench.sql("UPDATE credential_list SET sealed = X'00', last_version = 9223372036854775807");
    assert_eq!(store.forget_unreadable(), Ok(3));
    assert!(store.put(&main_row(), None, b"anew").unwrap() > 4);
    assert_eq!(content(&store, &main_row()), Ok(Some(b"anew".to_vec())));
}
