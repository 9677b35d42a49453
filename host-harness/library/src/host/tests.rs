use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel, sync_channel};
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::workers::Workers;
use super::*;
use crate::bindings::crm::known_records::Known;
use crate::bindings::crm::types::RecordRef;
use crate::bindings::hooks::calls::{Direction, Via};
use crate::bindings::hooks::clients::{Card, Lifetime};
use crate::bindings::hooks::phonebook::{Book, Entry};
use crate::component::Source;
use crate::core::io::{HttpFailure, HttpRequest, Reply, Told};
use crate::egress::Egress;
use crate::egress::loopback::{PATIENCE, Server, egress, wait_for_the_end};
use crate::event::{Happening, Moment, Start};
use crate::limits;
use crate::pbx::StaticPbx;
use crate::store::memory::MemoryStore;
use crate::store::{AccountState, Change, Counts, Room, Store, Unwritten, WorkItem};

/// Tells of each card; waits for a word of the test before the next, if it is given one.
struct Screens {
    cards: Sender<String>,
    go_on: Option<Receiver<()>>,
}

impl Clients for Screens {
    fn show_card(&mut self, extension: &str, call: &str, card: &Card, texts: &Texts) {
        let tag = card.tag.as_ref().map(|tag| texts.render("zh-CN", tag)).unwrap_or_default();
        let _ = self.cards.send(format!("{extension} {call} {} {tag}", card.title));
        if let Some(go_on) = &self.go_on {
            let _ = go_on.recv_timeout(PATIENCE);
        }
    }
    fn remove_card(&mut self, _: &str, _: &str) {}
    fn open_page(&mut self, _: &str, _: &str, _: &str, _: &str, _: &Lifetime) {}
    fn left_call(&mut self, _: &str, _: &str) {}
    fn reply(&mut self, _: &str, _: &Reply, _: &Texts) {}
}

fn greeter() -> Source {
    Source::bytes("greeter", include_bytes!("../../tests/fixtures/greeter.wasm").as_slice())
}

fn pbx() -> StaticPbx {
    StaticPbx::new("US", "UTC").with_extension("1001", "Ann", None).with_extension("1002", "Bob", None)
}

fn builder(go_on: Option<Receiver<()>>) -> (HostBuilder, Receiver<String>) {
    let (cards, shown) = channel();
    (Host::builder().plugin(greeter()).pbx(pbx()).clients(Screens { cards, go_on }), shown)
}

fn started(call: &str) -> CallEvent {
    CallEvent::new(call, now(), Happening::Started(Start::new(Direction::Inbound, "+15550100199", "+15550100100")))
}

fn ringing(call: &str, extension: &str) -> CallEvent {
    CallEvent::new(call, now(), Happening::Ringing { leg: format!("leg-{extension}"), extension: extension.to_owned(), via: Via::Direct })
}

fn refusal(builder: HostBuilder) -> String {
    builder.start().err().map(|why| why.to_string()).unwrap_or_default()
}

#[test]
fn a_part_that_is_missing_is_named_with_the_method_that_gives_it() {
    assert!(refusal(Host::builder()).contains("HostBuilder::plugin"));
    assert!(refusal(Host::builder().plugin(greeter())).contains("HostBuilder::pbx"));
    assert!(refusal(Host::builder().plugin(greeter()).pbx(pbx())).contains("HostBuilder::clients"));
    let dials = pbx().with_facts(|facts| facts.abilities.push("dial".to_owned()));
    assert!(refusal(builder(None).0.pbx(dials)).contains("HostBuilder::telephony"));
    assert!(refusal(builder(None).0.pbx(StaticPbx::new("Nowhere", "UTC"))).contains("`Nowhere`"));
}

#[test]
fn wrong_settings_and_components_are_found_at_the_start() {
    let unknown = refusal(builder(None).0.setting("greting", "Hello"));
    assert!(unknown.contains("greeter") && unknown.contains("`greting`") && unknown.contains("`greeting`"), "{unknown}");
    let blank = refusal(builder(None).0.setting("greeting", " "));
    assert!(blank.contains("`greeting`: Write a greeting"), "{blank}");
    let broken = refusal(builder(None).0.plugin(Source::bytes("broken", b"\0asm".as_slice())));
    assert!(broken.starts_with("broken: "), "{broken}");
}

#[test]
fn what_was_told_before_the_stop_is_still_done() {
    let (builder, shown) = builder(None);
    let (tell, told) = channel();
    let host = builder
        .observer(move |happened| {
            if let Told::HookFailed { why, .. } = happened {
                let _ = tell.send(why.to_string());
            }
        })
        .start()
        .unwrap();
    for number in 0..100 {
        let call = format!("call-{number}");
        for event in [started(&call), ringing(&call, "1001"), ringing(&call, "1002")] {
            host.call(event).unwrap();
        }
    }
    host.stop();
    let shown: Vec<String> = shown.iter().collect();
    assert_eq!(shown.len(), 200);
    assert_eq!(shown[0], "1001 call-0 +15550100199 第 1 部话机");
    assert_eq!(shown[199], "1002 call-99 +15550100199 第 2 部话机");
    assert_eq!(told.iter().collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn a_host_that_is_held_up_says_so_and_makes_nobody_wait() {
    let (release, go_on) = channel();
    let (builder, shown) = builder(Some(go_on));
    let host = builder.start().unwrap();
    host.call(started("call")).unwrap();
    host.call(ringing("call", "1001")).unwrap();
    shown.recv_timeout(PATIENCE).unwrap();
    let begun = Instant::now();
    for _ in 0..INBOX {
        assert_eq!(host.call(started("call")), Ok(()));
    }
    assert_eq!(host.call(started("call")), Err(NotTaken::Busy));
    assert!(begun.elapsed() < PATIENCE / 2);
    drop(release);
    host.stop();
}

#[test]
fn a_client_that_panics_ends_the_host_and_the_pbx_is_told() {
    struct Broken;
    impl Clients for Broken {
        fn show_card(&mut self, _: &str, _: &str, _: &Card, _: &Texts) {
            std::panic::resume_unwind(Box::new("broken client"));
        }
        fn remove_card(&mut self, _: &str, _: &str) {}
        fn open_page(&mut self, _: &str, _: &str, _: &str, _: &str, _: &Lifetime) {}
        fn left_call(&mut self, _: &str, _: &str) {}
        fn reply(&mut self, _: &str, _: &Reply, _: &Texts) {}
    }
    let host = Host::builder().plugin(greeter()).pbx(pbx()).clients(Broken).start().unwrap();
    host.call(started("call")).unwrap();
    host.call(ringing("call", "1001")).unwrap();
    let begun = Instant::now();
    while host.call(started("other")) != Err(NotTaken::Stopped) {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
}

fn workers(servers: &[&Server]) -> (Workers, Receiver<Message>) {
    let (answers, inbox) = sync_channel(1);
    let marked: Vec<String> = servers.iter().map(|server| server.address()).collect();
    (Workers::new(egress(&marked), Arc::new(Clock::new()), answers), inbox)
}

fn answer(inbox: &Receiver<Message>) -> (u64, Result<u16, HttpFailure>) {
    match inbox.recv_timeout(PATIENCE).unwrap() {
        Message::Input(input) => match *input {
            Input::Http { exchange, answer } => (exchange, answer.map(|answer| answer.status().as_u16())),
            other => panic!("{other:?}"),
        },
        Message::Wake | Message::Event(_) => panic!("woken"),
    }
}

#[test]
fn workers_answer_more_requests_than_they_are_and_give_up_what_is_too_late() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let (mut workers, inbox) = workers(&[&server]);
    let deadline = now() + u64::try_from(PATIENCE.as_millis()).unwrap();
    let all = limits::RUNNING_CONNECTORS as u64 + 8;
    for exchange in 0..all {
        workers.send(HttpRequest { exchange, deadline, ..server.request() });
    }
    let mut answered: Vec<u64> = (0..all).map(|_| answer(&inbox)).map(|(exchange, result)| result.map(|_| exchange).unwrap()).collect();
    answered.sort_unstable();
    assert_eq!(answered, (0..all).collect::<Vec<u64>>());
    workers.send(HttpRequest { exchange: 77, deadline: now() - 1, ..server.request() });
    assert_eq!(answer(&inbox), (77, Err(HttpFailure::ConnectTimeout)));
}

#[test]
fn workers_end_at_once_though_a_crm_is_silent_and_answers_are_unread() {
    let silent = Server::start(wait_for_the_end);
    let quick = Server::answering("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let (mut workers, inbox) = workers(&[&silent, &quick]);
    let deadline = now() + u64::try_from(PATIENCE.as_millis()).unwrap();
    workers.send(HttpRequest { deadline, ..silent.request() });
    silent.seen();
    // One lies in the inbox then, the others wait for room.
    for exchange in 0..4 {
        workers.send(HttpRequest { exchange, deadline, ..quick.request() });
        quick.seen();
    }
    let begun = Instant::now();
    drop(inbox);
    drop(workers);
    assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
}

#[test]
fn a_host_can_be_shared_and_ended_on_its_own_thread() {
    fn shareable<T: Send + Sync>() {}
    shareable::<Host>();
    shareable::<Egress>();
    let (give, given) = channel::<Arc<Host>>();
    let (done, ended) = channel();
    let host = builder(None)
        .0
        .observer(move |_| {
            // The last handle goes here.
            if let Ok(host) = given.try_recv() {
                drop(host);
                let _ = done.send(());
            }
        })
        .start()
        .unwrap();
    let host = Arc::new(host);
    give.send(Arc::clone(&host)).unwrap();
    let inbox = host.inbox.clone();
    drop(host);
    inbox.send(Message::Input(Box::new(Input::Call(started("call"))))).unwrap();
    ended.recv_timeout(PATIENCE).unwrap();
    let begun = Instant::now();
    while inbox.try_send(Message::Wake).is_ok() {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A disk that a test fills up and mends.
#[derive(Default)]
struct Disk {
    /// Nothing can be written.
    failing: AtomicBool,
    /// There is no room for more.
    full: AtomicBool,
}

/// A store on such a disk. Says of each write that failed.
struct Sick {
    store: MemoryStore,
    disk: Arc<Disk>,
    failed: Sender<()>,
}

impl Store for Sick {
    fn sync(&mut self) -> Result<(), Unwritten> {
        if self.disk.failing.load(Ordering::SeqCst) {
            let _ = self.failed.send(());
            return Err(Unwritten("the disk is full".to_owned()));
        }
        self.store.sync()
    }
    fn unsynced(&self) -> bool {
        self.disk.failing.load(Ordering::SeqCst)
    }
    fn room(&self) -> Room {
        if self.disk.full.load(Ordering::SeqCst) { Room::None } else { Room::Enough }
    }
    fn commit(&mut self, changes: Vec<Change>) {
        self.store.commit(changes);
    }
    fn work(&self, key: &str) -> Option<WorkItem> {
        self.store.work(key)
    }
    fn work_at(&self, order: u64) -> Option<WorkItem> {
        self.store.work_at(order)
    }
    fn unfinished(&self, after: u64, limit: usize) -> Vec<WorkItem> {
        self.store.unfinished(after, limit)
    }
    fn dead(&self, after: u64, limit: usize) -> Vec<WorkItem> {
        self.store.dead(after, limit)
    }
    fn counts(&self) -> Counts {
        self.store.counts()
    }
    fn last_order(&self) -> u64 {
        self.store.last_order()
    }
    fn accounts(&self) -> Vec<AccountState> {
        self.store.accounts()
    }
    fn erase(&mut self, lane: &str, digits: &str, same: &dyn Fn(&str) -> bool, now: Moment) -> Result<usize, Unwritten> {
        self.store.erase(lane, digits, same, now)
    }
    fn known(&self, reference: &RecordRef) -> Option<Known> {
        self.store.known(reference)
    }
    fn known_by_digits(&self, digits: &str) -> Vec<Known> {
        self.store.known_by_digits(digits)
    }
    fn books(&self) -> Vec<Book> {
        self.store.books()
    }
    fn entry(&self, book: &str, key: &str) -> Option<Entry> {
        self.store.entry(book, key)
    }
    fn entries_by_digits(&self, digits: &str) -> Vec<(String, Entry)> {
        self.store.entries_by_digits(digits)
    }
    fn entries(&self, book: &str) -> Vec<Entry> {
        self.store.entries(book)
    }
}

/// A host on such a disk: the cards that it shows, and each write that failed.
fn on_a_disk(disk: &Arc<Disk>) -> (Host, Receiver<String>, Receiver<()>) {
    let (failed, failures) = channel();
    let store = Sick { store: MemoryStore::default(), disk: Arc::clone(disk), failed };
    let (builder, shown) = builder(None);
    (builder.store(Box::new(store)).start().unwrap(), shown, failures)
}

/// Offers an event; what becomes of it comes out there. A channel that ends without a word: it was not acknowledged, and never will be.
fn offered(host: &Host, event: CallEvent) -> Receiver<Result<(), Refused>> {
    let (tell, told) = channel();
    host.call_acknowledged(event, move |fate| tell.send(fate).unwrap()).unwrap();
    told
}

#[test]
fn f06_nothing_is_acknowledged_before_a_disk_that_failed_is_mended() {
    let disk = Arc::new(Disk::default());
    disk.failing.store(true, Ordering::SeqCst);
    let (host, shown, failures) = on_a_disk(&disk);
    let started = offered(&host, started("call"));
    let rang = offered(&host, ringing("call", "1001"));
    shown.recv_timeout(PATIENCE).expect("what agents see does not wait for the disk");
    // One more than one: what a failed write had let go would have come by the next.
    for _ in 0..2 {
        failures.recv_timeout(PATIENCE).unwrap();
    }
    for told in [&started, &rang] {
        assert_eq!(told.try_recv(), Err(TryRecvError::Empty), "the disk does not hold it yet");
    }
    disk.failing.store(false, Ordering::SeqCst);
    for told in [started, rang] {
        assert_eq!(told.recv_timeout(PATIENCE), Ok(Ok(())));
    }
    host.stop();
}

#[test]
fn f06_a_host_that_ends_with_a_broken_disk_acknowledges_nothing() {
    let disk = Arc::new(Disk::default());
    disk.failing.store(true, Ordering::SeqCst);
    let (host, _shown, failures) = on_a_disk(&disk);
    let told = offered(&host, started("call"));
    failures.recv_timeout(PATIENCE).unwrap();
    host.stop();
    assert_eq!(told.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn f08_a_full_store_refuses_events_at_once_and_takes_nothing_of_them() {
    let disk = Arc::new(Disk::default());
    // A disk without room cannot be written either: the refusal must not wait for it.
    disk.full.store(true, Ordering::SeqCst);
    disk.failing.store(true, Ordering::SeqCst);
    let (host, shown, _failures) = on_a_disk(&disk);
    for event in [started("call"), ringing("call", "1001")] {
        assert_eq!(offered(&host, event).recv_timeout(PATIENCE), Ok(Err(Refused::NoRoom)));
    }
    assert!(shown.try_recv().is_err(), "a refused event shows nothing");
    disk.full.store(false, Ordering::SeqCst);
    disk.failing.store(false, Ordering::SeqCst);
    // Offered again it is no repetition: nothing of it was taken.
    for event in [started("call"), ringing("call", "1001")] {
        assert_eq!(offered(&host, event).recv_timeout(PATIENCE), Ok(Ok(())));
    }
    shown.recv_timeout(PATIENCE).unwrap();
    host.stop();
}
