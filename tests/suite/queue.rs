//! `pbx-crm queue` and `pbx-crm doctor` as people call them: the built program beside a store in a file, with and without a running host.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    reason = "a test may stop"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use pbx_crm_host::bindings::base::types::{Message, Number};
use pbx_crm_host::bindings::crm::types::{About, Detail, Draft, Failure, JournalEntry, Pause, RecordRef, Role};
use pbx_crm_host::bindings::hooks::calls::{Direction, Outcome};
use pbx_crm_host::bindings::hooks::clients::{Card, Lifetime};
use pbx_crm_host::component::Source;
use pbx_crm_host::core::io::Reply;
use pbx_crm_host::host::{Clients, Host, Texts, now};
use pbx_crm_host::number::DialPlan;
use pbx_crm_host::pbx::StaticPbx;
use pbx_crm_host::store::sqlite::{Database, OpenError, SqliteStore};
use pbx_crm_host::store::{AccountRef, AccountState, Change, Order, Progress, Store, Task, WorkItem, WorkState};

const NUMBER: &str = "+15550100199";
const MINUTE: u64 = 60_000;

/// A folder with a store in it.
struct Scene {
    folder: PathBuf,
    now: u64,
}

impl Scene {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("queue-{name}"));
        let _left_by_an_earlier_run = std::fs::remove_dir_all(&folder);
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).unwrap();
        Self { folder, now: now() }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("pbx-crm.db")
    }

    fn store(&self) -> SqliteStore {
        // A program that another test starts just now has the lock of a store that was closed here, until it has begun to run.
        let begun = std::time::Instant::now();
        let opened = loop {
            match Database::open(&self.file(), self.now) {
                Err(OpenError::InUse(_)) if begun.elapsed().as_secs() < 10 => std::thread::yield_now(),
                opened => break opened.unwrap(),
            }
        };
        SqliteStore::new(Arc::new(opened.database)).unwrap()
    }

    fn with(self, items: Vec<WorkItem>) -> Self {
        let mut store = self.store();
        store.commit(items.into_iter().map(|item| Change::PutWork(Box::new(item))).collect());
        store.sync().unwrap();
        drop(store);
        self
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_pbx-crm"))
            .args(arguments)
            .arg("--state-dir")
            .arg(&self.folder)
            .stdin(Stdio::null())
            .output()
            .expect("the program starts");
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!text.contains("panicked"), "{text}");
        (output.status.code(), text)
    }

    fn item(&self, order: u64, key: &str, task: Task, progress: Progress) -> WorkItem {
        WorkItem {
            key: key.to_owned(),
            order,
            account: AccountRef { connector: "salesforce".to_owned(), organisation: "00D000000000001AAA".to_owned() },
            lane: "15550100199".to_owned(),
            call: Some("call-1".to_owned()),
            ended: None,
            task,
            asked_at: self.now - 20 * MINUTE,
            lasting: true,
            progress,
        }
    }

    /// 1: a match that waits. 2: a creation that is dead. 3: an entry that waits for it. 4: an entry that is done. 5: one that was discarded.
    fn furnished(name: &str) -> Self {
        let scene = Self::new(name);
        let now = scene.now;
        let progress = |state: WorkState| Progress { state, since: now - 5 * MINUTE, ..Progress::new(now) };
        let busy = Failure::Quota(Pause { wait: None, detail: detail("salesforce.quota", None, Some(403)) });
        let refused = Failure::Forbidden(detail("salesforce.no-access", Some("insufficient access for +1 555 010 0199"), Some(403)));
        let waiting = Progress {
            tries: 2,
            first_tried: Some(now - 9 * MINUTE),
            last: Some(Box::new(busy)),
            ..progress(WorkState::Pending(now + 15 * MINUTE))
        };
        let dead = Progress { tries: 1, strikes: 1, ..progress(WorkState::Dead(Box::new(refused))) };
        let made = RecordRef { connector: "salesforce".to_owned(), kind: "Task".to_owned(), id: "00T000000000004AAA".to_owned() };
        let journal = |about| Task::Journal { about, entry: Box::new(entry()) };
        let record = RecordRef { connector: "salesforce".to_owned(), kind: "Contact".to_owned(), id: "003000000000001AAA".to_owned() };
        let items = vec![
            scene.item(1, "match call-1 15550100199", Task::Match(number()), waiting),
            scene.item(2, "c-2", Task::Create(Box::new(draft())), dead),
            scene.item(3, "j-3", journal(About::CreatedBy("c-2".to_owned())), progress(WorkState::Pending(now - MINUTE))),
            scene.item(4, "j-4", journal(About::Existing(record.clone())), progress(WorkState::Done(Some(made)))),
            scene.item(5, "j-5", journal(About::Existing(record)), progress(WorkState::Discarded("maria (uid 7)".to_owned()))),
        ];
        scene.with(items)
    }
}

fn detail(id: &str, words: Option<&str>, status: Option<u16>) -> Detail {
    let said = Message { id: id.to_owned(), arguments: vec![], verbatim: words.map(str::to_owned) };
    Detail { said, status, code: Some("CODE".to_owned()), usage: None, extras: vec![] }
}

fn number() -> Number {
    DialPlan::new("US", []).unwrap().parse(NUMBER)
}

fn draft() -> Draft {
    Draft {
        role: Role::Person,
        kind: None,
        first_name: String::new(),
        last_name: NUMBER.to_owned(),
        company: String::new(),
        number: number(),
        emails: vec![],
        owner: None,
        extras: vec![],
    }
}

fn entry() -> JournalEntry {
    JournalEntry {
        version: 1,
        call: "call-1".to_owned(),
        subject: format!("Inbound call from {NUMBER}"),
        body: String::new(),
        direction: Direction::Inbound,
        outcome: Outcome::Answered,
        answered_elsewhere: false,
        started_at: 1,
        utc_offset_minutes: 0,
        talked: 0,
        from_shown: NUMBER.to_owned(),
        to_shown: String::new(),
        number: number(),
        user: None,
        recording: None,
        extras: vec![],
    }
}

struct Nobody;

impl Clients for Nobody {
    fn show_card(&mut self, _: &str, _: &str, _: &Card, _: &Texts) {}
    fn remove_card(&mut self, _: &str, _: &str) {}
    fn open_page(&mut self, _: &str, _: &str, _: &str, _: &str, _: &Lifetime) {}
    fn left_call(&mut self, _: &str, _: &str) {}
    fn reply(&mut self, _: &str, _: &Reply, _: &Texts) {}
}

fn host(store: SqliteStore) -> Host {
    Host::builder()
        .plugin(Source::bytes("greeter.wasm", include_bytes!(env!("PBX_CRM_TEST_GREETER")).as_slice()))
        .pbx(StaticPbx::new("US", "America/New_York").with_extension("1001", "Ann", None))
        .clients(Nobody)
        .store(Box::new(store))
        .start()
        .expect("the host starts")
}

#[test]
fn what_waits_and_what_is_dead_is_listed_with_its_reason() {
    let scene = Scene::furnished("list");
    let (code, text) = scene.run(&["queue", "list"]);
    assert_eq!(code, Some(0), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "a head, three rows, a sum:\n{text}");
    assert!(lines[0].starts_with("ORDER  KIND    STATE"), "{text}");
    assert!(
        lines[1].starts_with("1      match   waiting") && lines[1].contains("…199") && lines[1].contains("(DailyApiRequests) are used up"),
        "{text}"
    );
    assert!(lines[2].starts_with("2      create  dead") && lines[2].contains("may not do this"), "{text}");
    assert!(lines[3].starts_with("3      journal waiting") && lines[3].contains("waits for work 2, which is dead"), "{text}");
    assert_eq!(lines[4], "In all: 2 waiting, 0 at work, 1 dead.");

    let all = scene.run(&["queue", "list", "--state", "all"]).1;
    assert!(all.contains("salesforce Task 00T000000000004AAA") && all.contains("discarded by maria (uid 7)"), "{all}");
    for (arguments, rows) in [
        (&["--state", "dead"][..], 1),
        (&["--state", "waiting"], 2),
        (&["--state", "done", "--state", "discarded"], 2),
        (&["--kind", "journal"], 1),
        (&["--connector", "salesforce"], 3),
        (&["--after", "2"], 1),
    ] {
        let text = scene.run(&[&["queue", "list"], arguments].concat()).1;
        assert_eq!(text.lines().count(), rows + 2, "{arguments:?}\n{text}");
    }
    assert!(scene.run(&["queue", "list", "--connector", "odoo"]).1.starts_with("There is no such work."));
    assert!(scene.run(&["queue", "list", "--limit", "1"]).1.contains("--after 1"));
}

#[test]
fn i7_numbers_are_masked_unless_they_are_asked_for() {
    let scene = Scene::furnished("numbers");
    for arguments in [
        &["queue", "list", "--state", "all"][..],
        &["queue", "list", "--json"],
        &["queue", "explain", "1"],
        &["queue", "explain", "2"],
        &["queue", "explain", "3"],
    ] {
        let masked = scene.run(arguments).1;
        assert!(masked.contains("…199") && !masked.contains("0100199") && !masked.contains("010 0199"), "{masked}");
        let whole = scene.run(&[arguments, &["--numbers"]].concat()).1;
        assert!(whole.contains(NUMBER), "{whole}");
    }
}

#[test]
fn a_list_as_json_has_one_object_a_line() {
    let scene = Scene::furnished("json");
    let (_, text) = scene.run(&["queue", "list", "--state", "all", "--json"]);
    let items: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(items.len(), 5);
    assert_eq!(items[1]["state"], "dead");
    assert_eq!(items[1]["reason"]["failure"], "forbidden");
    assert_eq!(items[1]["reason"]["status"], 403);
    assert_eq!(items[3]["record"]["id"], "00T000000000004AAA");
    assert_eq!((&items[0]["key"], &items[0]["number"]), (&"match call-1 …199".into(), &"…199".into()));
}

#[test]
fn one_piece_of_work_is_explained_with_what_happens_next() {
    let scene = Scene::furnished("explain");
    let (code, text) = scene.run(&["queue", "explain", "1"]);
    assert_eq!(code, Some(0), "{text}");
    for part in ["Work 1: finding out whose number it is – waiting", "Tries: 2", "allowance of the CRM is used up", "It is tried again at"]
    {
        assert!(text.contains(part), "no “{part}” in\n{text}");
    }
    let dead = scene.run(&["queue", "explain", "c-2"]).1;
    for part in ["Work 2", "dead", "In the CRM's own words: “insufficient access for …199”", "status 403 CODE", "`pbx-crm queue replay 2`"]
    {
        assert!(dead.contains(part), "no “{part}” in\n{dead}");
    }
    assert!(scene.run(&["queue", "explain", "j-3"]).1.contains("It waits for work 2, which is dead: replay that one"));
    assert!(scene.run(&["queue", "explain", "4"]).1.contains("In the CRM it is salesforce Task 00T000000000004AAA"));
    let (code, text) = scene.run(&["queue", "explain", "nothing"]);
    assert!(code == Some(1) && text.contains("There is no work nothing"), "{text}");
    assert!(scene.run(&["queue", "explain", "2", "--lang", "zh-CN"]).1.contains("CRM 的原话：“insufficient access"));
}

#[test]
fn f53_an_account_that_is_switched_off_is_why_its_work_waits() {
    let scene = Scene::furnished("disabled");
    let mut store = scene.store();
    let account = AccountRef { connector: "salesforce".to_owned(), organisation: String::new() };
    store.commit(vec![Change::PutAccount(AccountState { enabled: false, ..AccountState::new(account) })]);
    store.sync().unwrap();
    drop(store);
    let text = scene.run(&["queue", "explain", "1"]).1;
    assert!(text.contains("switched off") && text.contains("`pbx-crm queue enable salesforce`"), "{text}");
    let (code, text) = scene.run(&["doctor", "--offline"]);
    assert!(code == Some(0) && text.contains("The account salesforce is switched off"), "{text}");
}

#[test]
fn f14_dead_work_is_replayed_once_by_a_running_host_whoever_else_orders_it() {
    let scene = Scene::furnished("replay");
    let running = host(scene.store());
    let (code, text) = scene.run(&["queue", "replay", "2"]);
    assert!(code == Some(0) && text.contains("The host says: “work 2 is tried again”"), "{text}");
    let (code, text) = scene.run(&["queue", "replay", "2"]);
    assert!(code == Some(1) && text.contains("Work 2 is not dead"), "{text}");
    let (code, text) = scene.run(&["queue", "discard", "1", "--yes"]);
    assert!(code == Some(0) && text.contains("discarded 1 items"), "{text}");
    assert!(scene.run(&["queue", "disable", "salesforce"]).1.contains("salesforce"));
    running.stop();
    let store = scene.store();
    assert!(matches!(store.work_at(2).unwrap().progress.state, WorkState::Pending(_)));
    assert!(matches!(store.work_at(1).unwrap().progress.state, WorkState::Discarded(_)));
    assert!(store.accounts().iter().any(|state| !state.enabled));
}

#[test]
fn f14_two_administrators_replay_the_same_work_and_the_list_of_orders_shows_both() {
    let scene = Scene::furnished("audit");
    assert!(scene.run(&["queue", "orders"]).1.starts_with("Nothing was ordered yet."));
    for who in ["ann (uid 7)", "bob (uid 8)"] {
        pbx_crm_host::store::sqlite::order(&scene.file(), &Order::Replay { item: 2 }, who, scene.now).unwrap();
    }
    let waiting = scene.run(&["queue", "orders"]).1;
    assert_eq!(waiting.matches("try work 2 again. It waits for a host.").count(), 2, "{waiting}");
    let running = host(scene.store());
    let begun = std::time::Instant::now();
    while scene.run(&["queue", "orders"]).1.contains("waits for a host") {
        assert!(begun.elapsed().as_secs() < 30, "the orders were not carried out");
    }
    running.stop();
    let done = scene.run(&["queue", "orders"]).1;
    assert!(done.contains("ann (uid 7): try work 2 again. “work 2 is tried again”"), "{done}");
    assert!(done.contains("bob (uid 8): try work 2 again. “work 2 is not dead, so there is nothing to replay”"), "{done}");
    assert!(scene.run(&["queue", "orders", "--lang", "zh-CN"]).1.contains("重试工作 2"));
}

#[test]
fn without_a_host_an_order_is_kept_for_its_next_start() {
    let scene = Scene::furnished("kept");
    let (code, text) = scene.run(&["queue", "replay", "--all-dead"]);
    assert!(code == Some(0) && text.contains("as soon as it starts"), "{text}");
    let explained = scene.run(&["queue", "explain", "2"]).1;
    assert!(explained.contains("has ordered to replay it"), "{explained}");
    let running = host(scene.store());
    let begun = std::time::Instant::now();
    while scene.run(&["queue", "list", "--state", "dead"]).1.contains("create") {
        assert!(begun.elapsed().as_secs() < 30, "the order was not carried out");
    }
    running.stop();
}

#[test]
fn work_is_not_given_up_without_a_yes() {
    let scene = Scene::furnished("sure");
    let (code, text) = scene.run(&["queue", "discard", "2"]);
    assert!(code == Some(1) && text.contains("Nothing was changed."), "{text}");
    assert!(scene.store().orders().is_empty());
    let (code, text) = scene.run(&["queue", "discard", "4", "--yes"]);
    assert!(code == Some(1) && text.contains("is over already"), "{text}");
}

#[test]
fn a_folder_without_a_store_is_told_with_what_to_do() {
    let scene = Scene::new("empty");
    let (code, text) = scene.run(&["queue", "list"]);
    assert!(code == Some(2) && text.contains("There is no store at") && text.contains("--state-dir"), "{text}");
    assert!(!scene.file().exists(), "to look makes nothing");
    std::fs::write(scene.file(), b"no database at all, but long enough to be taken for one by its first page").unwrap();
    let (code, text) = scene.run(&["queue", "list", "--lang", "zh-CN"]);
    assert!(code == Some(2) && text.contains("无法打开"), "{text}");
}

#[test]
fn doctor_names_what_is_missing_and_ends_with_1_if_it_is_broken() {
    let scene = Scene::furnished("doctor");
    let (code, text) = scene.run(&["doctor"]);
    assert_eq!(code, Some(0), "{text}");
    for part in [
        "ok       The store",
        "warning  Waiting work: 2, the oldest for 20 minutes",
        "warning  Dead work: 1",
        "`pbx-crm connect`",
        "0 broken",
    ] {
        assert!(text.contains(part), "no “{part}” in\n{text}");
    }
    assert!(scene.run(&["doctor", "--lang", "zh-CN"]).1.contains("警告"));

    // Somebody may read it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(scene.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
        let (code, text) = scene.run(&["doctor"]);
        assert!(code == Some(1) && text.contains("chmod 600") && text.contains("mode 0644"), "{text}");
        std::fs::set_permissions(scene.file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    // A page of it is damaged.
    let mut bytes = std::fs::read(scene.file()).unwrap();
    for page in bytes.chunks_mut(4096).skip(2) {
        page[..64].fill(0xa5);
    }
    std::fs::write(scene.file(), bytes).unwrap();
    let (code, text) = scene.run(&["doctor"]);
    assert!(code == Some(1) && text.contains("broken"), "{text}");
    let nowhere = Scene::new("nowhere");
    std::fs::remove_dir_all(&nowhere.folder).unwrap();
    let (code, text) = nowhere.run(&["doctor"]);
    assert!(code == Some(1) && text.contains("There is no folder"), "{text}");
}

#[test]
fn the_store_is_copied_and_the_copy_has_what_was_in_it() {
    let scene = Scene::furnished("backup");
    let copies = Scene::new("backup-copies");
    let to = copies.file();
    let shown = to.display().to_string();
    for _ in 0..2 {
        let (code, text) = scene.run(&["store", "backup", &shown]);
        assert!(code == Some(0) && text.contains(&format!("copied into {shown}.")) && text.contains("credentials.key"), "{text}");
    }
    assert_eq!(copies.run(&["queue", "list", "--state", "all"]), scene.run(&["queue", "list", "--state", "all"]));
    // What waits in it may be done before anybody puts the copy back: a host looks for it first.
    let (store, original) = (copies.store(), scene.store());
    let unclear = |item: WorkItem| WorkItem {
        progress: Progress { unclear: true, first_tried: Some(item.asked_at), ..item.progress.clone() },
        ..item
    };
    assert_eq!(store.work("j-3"), original.work("j-3").map(unclear));
    for same in ["match call-1 15550100199", "c-2", "j-4", "j-5"] {
        assert_eq!(store.work(same), original.work(same));
    }
    assert_eq!(store.last_order(), 5);
    drop((store, original));
    for own in ["pbx-crm.db", "pbx-crm.db-wal", "../queue-backup/pbx-crm.db"] {
        let (code, text) = scene.run(&["store", "backup", &scene.folder.join(own).display().to_string()]);
        assert!(code == Some(2) && text.contains("is the store itself"), "{own}: {text}");
    }
    assert_eq!(scene.store().last_order(), 5, "it is as it was");
    let (code, text) = scene.run(&["store", "backup", "/nowhere/at/all.db", "--lang", "zh-CN"]);
    assert!(code == Some(2) && text.contains("未能将存储复制到 /nowhere/at/all.db"), "{text}");
    let (code, text) = Scene::new("backup-nothing").run(&["store", "backup", &shown]);
    assert!(code == Some(2) && text.contains("There is no store at"), "{text}");
}
