//! The run: an office's calls, a host that is killed at seeded moments, and what stands in the CRM in the end.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pbx_crm_policy::contract::pbx::crm::types::UserRef;
use pbx_crm_policy::keys;

use crate::chance::Chance;
use crate::checker::{CallFact, Evidence, Findings, check};
use crate::crm::Salesforce;
use crate::feeder::Feeder;
use crate::office;
use crate::process::{Came, Process};
use crate::queue;

/// No start of the program takes longer, on the slowest machine.
const STARTING: Duration = Duration::from_secs(120);

/// How much.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub calls: usize,
    pub kills: usize,
    pub seed: u64,
    /// Answered events between two faults of the CRM.
    pub between_faults: u64,
    /// How long a host may live that is killed at a moment of the clock, in milliseconds.
    pub life_ms: u64,
    /// How long what waits may take when the CRM behaves again.
    pub draining: Duration,
}

/// What was done, and what came of it.
#[derive(Debug)]
pub struct Figures {
    pub findings: Findings,
    pub calls: usize,
    pub kills: usize,
    pub told: u64,
    pub told_again: u64,
    pub refused: u64,
    pub faults: u64,
    pub entries: usize,
    pub new_records: usize,
    /// Calls of which something waits or is dead.
    pub unfinished: usize,
    /// Of that, pieces of work that are dead.
    pub dead: usize,
    pub took: Duration,
}

/// When a host is killed.
enum Kill {
    /// Before it has answered anything.
    WhileStarting(Duration),
    /// With so many answers.
    AfterAnswers(u64),
    /// So long after its first answer.
    AfterTime(Duration),
}

impl Kill {
    fn drawn(chance: &mut Chance, size: &Size) -> Self {
        match chance.below(10) {
            0 => Self::WhileStarting(Duration::from_millis(chance.below(1500))),
            1..=5 => Self::AfterAnswers(1 + chance.below(3 * size.calls as u64 / (size.kills as u64 + 1))),
            _ => Self::AfterTime(Duration::from_millis(chance.below(size.life_ms))),
        }
    }
}

struct Run {
    size: Size,
    folder: PathBuf,
    setup: PathBuf,
    salesforce: Salesforce,
    feeder: Feeder,
    chance: Chance,
    answers: u64,
    faults: u64,
}

/// Does it all.
pub fn run(folder: &Path, size: Size) -> Figures {
    let begun = Instant::now();
    let mut chance = Chance::new(size.seed);
    let calls = office::day(size.calls, &mut chance);
    let mut salesforce = Salesforce::start();
    let setup = folder.join("setup.toml");
    salesforce.connect(folder, &setup);
    let seeded = salesforce.records().len();
    let mut facts: Vec<CallFact> = calls.iter().map(|call| fact(call, &salesforce)).collect();
    let feeder = Feeder::new(calls, Chance::new(size.seed + 1));
    let mut run = Run { size, folder: folder.to_owned(), setup, salesforce, feeder, chance, answers: 0, faults: 0 };
    for life in 0..size.kills {
        run.live_and_die(size.calls * (life + 1) / (size.kills + 1));
    }
    run.live();
    for fact in &mut facts {
        fact.end_kept = run.feeder.kept.contains(&fact.id);
    }
    let (unfinished, dead) = queue::unfinished(&run.folder);
    let evidence = Evidence {
        calls: facts,
        entries: run.salesforce.entries(),
        records: run.salesforce.records(),
        unfinished: unfinished.iter().cloned().collect::<BTreeSet<_>>(),
    };
    Figures {
        findings: check(&evidence),
        calls: size.calls,
        kills: size.kills,
        told: run.feeder.told,
        told_again: run.feeder.told_again,
        refused: run.feeder.refused,
        faults: run.faults,
        entries: evidence.entries.len(),
        new_records: evidence.records.len() - seeded,
        unfinished: unfinished.len(),
        dead,
        took: begun.elapsed(),
    }
}

fn fact(call: &office::Call, salesforce: &Salesforce) -> CallFact {
    let user = UserRef { connector: "salesforce".to_owned(), id: salesforce.user_of(call.extension).to_owned() };
    CallFact { id: call.id.clone(), number: call.number.clone(), key: keys::journal(&call.id, "outside", &user), end_kept: false }
}

impl Run {
    fn start(&self) -> Process {
        Process::start(&self.folder, &self.setup)
    }

    fn take(&mut self, answer: &serde_json::Value) {
        self.feeder.take(answer);
        self.answers += 1;
        if self.answers.is_multiple_of(self.size.between_faults) {
            self.salesforce.misbehave(&mut self.chance);
            self.faults += 1;
        }
    }

    /// A host that is killed. Until then so many calls may have begun.
    fn live_and_die(&mut self, begun: usize) {
        let kill = Kill::drawn(&mut self.chance, &self.size);
        let mut process = self.start();
        let starting = Instant::now() + STARTING;
        let mut until = match kill {
            Kill::WhileStarting(time) => Instant::now() + time,
            _ => starting,
        };
        let mut answers = 0;
        loop {
            self.feeder.tell(&mut process, begun, self.size.calls);
            match process.next_until(until) {
                Came::Answer(answer) => {
                    self.take(&answer);
                    answers += 1;
                    match kill {
                        Kill::AfterAnswers(wanted) if answers >= wanted => break,
                        Kill::AfterTime(time) if answers == 1 => until = Instant::now() + time,
                        // All that may be told is told: then after a while.
                        Kill::AfterAnswers(_) if answers == 1 => until = Instant::now() + Duration::from_millis(self.size.life_ms),
                        _ => {}
                    }
                }
                Came::Nothing if answers == 0 && Instant::now() >= starting => panic!("the host does not start: {}", self.log()),
                Came::Nothing => break,
                Came::Ended => panic!("the host has ended by itself: {}", self.log()),
            }
        }
        for answer in process.kill() {
            self.take(&answer);
        }
        self.feeder.died();
    }

    /// The last host: it is told of all the rest, and given time to do what waits.
    fn live(&mut self) {
        let mut process = self.start();
        let starting = Instant::now() + STARTING;
        let mut answers = 0;
        while !self.feeder.is_done() {
            self.feeder.tell(&mut process, usize::MAX, self.size.calls);
            match process.next_until(starting.max(Instant::now() + STARTING / 4)) {
                Came::Answer(answer) => {
                    self.take(&answer);
                    answers += 1;
                }
                Came::Nothing => panic!("the host does not answer, after {answers} answers: {}", self.log()),
                Came::Ended => panic!("the host has ended by itself: {}", self.log()),
            }
        }
        self.salesforce.behave();
        let until = Instant::now() + self.size.draining;
        // What is looked at grows with the number of calls.
        let pause = Duration::from_millis(200 + self.size.calls as u64 / 10);
        while !queue::unfinished(&self.folder).0.is_empty() && Instant::now() < until {
            match process.next_until(Instant::now() + pause) {
                Came::Nothing => {}
                Came::Answer(answer) => panic!("nothing was asked: {answer}"),
                Came::Ended => panic!("the host has ended by itself: {}", self.log()),
            }
        }
        let (_, status) = process.terminate();
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }

    fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("host.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Figures {
    /// A row of `tests/FIGURES.md`, without date and commit.
    pub fn row(&self) -> String {
        let Findings { lost, doubled, misplaced, invented, records_doubled } = &self.findings;
        format!(
            "| {} | {} | {} ({} again, {} refused) | {} | {} | {} | {} | {} | {} | {} | {} | {} ({} dead) | {} min |",
            self.kills,
            self.calls,
            self.told,
            self.told_again,
            self.refused,
            self.faults,
            self.entries,
            self.new_records,
            lost.len(),
            doubled.len(),
            misplaced.len(),
            invented.len(),
            records_doubled.len(),
            self.unfinished,
            self.dead,
            self.took.as_secs().div_ceil(60),
        )
    }
}
