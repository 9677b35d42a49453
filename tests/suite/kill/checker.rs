//! What must hold at the end, whatever was killed: nothing lost, nothing doubled, everything on the right record, nothing that nobody told of.

use std::collections::{BTreeMap, BTreeSet};

/// A call that the host was told of.
#[derive(Debug, Clone)]
pub struct CallFact {
    pub id: String,
    /// Of the party outside.
    pub number: String,
    /// Under which its entry stands in the CRM.
    pub key: String,
    /// Its end was acknowledged.
    pub end_kept: bool,
}

/// An entry in the CRM.
#[derive(Debug, Clone)]
pub struct EntryFact {
    pub key: String,
    /// The record on which it stands.
    pub record: String,
}

/// A record in the CRM.
#[derive(Debug, Clone)]
pub struct RecordFact {
    pub id: String,
    pub numbers: Vec<String>,
}

/// All that is known in the end.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    pub calls: Vec<CallFact>,
    pub entries: Vec<EntryFact>,
    pub records: Vec<RecordFact>,
    /// Calls for which something waits or is dead at the host, where an administrator sees it.
    pub unfinished: BTreeSet<String>,
}

/// What is wrong, each with the calls or records concerned.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Acknowledged, and neither in the CRM nor waiting.
    pub lost: Vec<String>,
    /// More than one entry.
    pub doubled: Vec<String>,
    /// An entry on the record of another number.
    pub misplaced: Vec<String>,
    /// An entry for a call that nobody told of.
    pub invented: Vec<String>,
    /// Numbers with more than one record.
    pub records_doubled: Vec<String>,
}

impl Findings {
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares what was told with what came of it.
pub fn check(evidence: &Evidence) -> Findings {
    let mut findings = Findings::default();
    let numbers: BTreeMap<&str, BTreeSet<String>> =
        evidence.records.iter().map(|record| (record.id.as_str(), record.numbers.iter().map(|number| digits(number)).collect())).collect();
    let mut entries: BTreeMap<&str, Vec<&EntryFact>> = BTreeMap::new();
    for entry in &evidence.entries {
        entries.entry(entry.key.as_str()).or_default().push(entry);
    }
    for call in &evidence.calls {
        let of_call = entries.remove(call.key.as_str()).unwrap_or_default();
        if of_call.is_empty() && call.end_kept && !evidence.unfinished.contains(&call.id) {
            findings.lost.push(call.id.clone());
        }
        if of_call.len() > 1 {
            findings.doubled.push(call.id.clone());
        }
        let number = digits(&call.number);
        if of_call.iter().any(|entry| !numbers.get(entry.record.as_str()).is_some_and(|of_record| of_record.contains(&number))) {
            findings.misplaced.push(call.id.clone());
        }
    }
    findings.invented.extend(entries.into_keys().map(str::to_owned));
    let mut records: BTreeMap<&String, usize> = BTreeMap::new();
    for number in numbers.values().flatten() {
        *records.entry(number).or_default() += 1;
    }
    findings.records_doubled.extend(records.into_iter().filter(|(_, count)| *count > 1).map(|(number, _)| number.clone()));
    findings
}

/// The last ten: with a country code or without it is one number.
fn digits(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    digits.iter().skip(digits.len().saturating_sub(10)).collect()
}

/// A checker that finds nothing proves nothing: each kind of wrong is made by hand here, and must be found.
mod controls {
    use super::*;

    fn right() -> Evidence {
        let call = |index: usize| CallFact {
            id: format!("call-{index}"),
            number: format!("+1555010014{index}"),
            key: format!("j-{index}"),
            end_kept: true,
        };
        let record = |index: usize| RecordFact { id: format!("r-{index}"), numbers: vec![format!("(555) 010-014{index}")] };
        let entry = |index: usize| EntryFact { key: format!("j-{index}"), record: format!("r-{index}") };
        Evidence {
            calls: (0..4).map(call).collect(),
            entries: (0..3).map(entry).collect(),
            records: (0..3).map(record).collect(),
            unfinished: BTreeSet::from(["call-3".to_owned()]),
        }
    }

    #[test]
    fn what_is_right_is_found_right() {
        assert!(check(&right()).is_clean(), "{:?}", check(&right()));
        let mut never_kept = right();
        never_kept.entries.remove(1);
        never_kept.calls[1].end_kept = false;
        assert!(check(&never_kept).is_clean(), "what was never acknowledged was never promised");
    }

    #[test]
    fn m_log_5_a_lost_call_is_found() {
        let mut evidence = right();
        evidence.entries.remove(1);
        assert_eq!(check(&evidence), Findings { lost: vec!["call-1".to_owned()], ..Findings::default() });
        let mut forgotten = right();
        forgotten.unfinished.clear();
        assert_eq!(check(&forgotten).lost, ["call-3"]);
    }

    #[test]
    fn m_log_5_a_doubled_entry_is_found() {
        let mut evidence = right();
        evidence.entries.push(evidence.entries[2].clone());
        assert_eq!(check(&evidence), Findings { doubled: vec!["call-2".to_owned()], ..Findings::default() });
    }

    #[test]
    fn m_log_5_an_entry_on_another_numbers_record_is_found() {
        let mut evidence = right();
        evidence.entries[0].record = "r-2".to_owned();
        assert_eq!(check(&evidence), Findings { misplaced: vec!["call-0".to_owned()], ..Findings::default() });
    }

    #[test]
    fn m_log_5_an_entry_that_nobody_told_of_is_found() {
        let mut evidence = right();
        evidence.entries.push(EntryFact { key: "j-9".to_owned(), record: "r-0".to_owned() });
        assert_eq!(check(&evidence), Findings { invented: vec!["j-9".to_owned()], ..Findings::default() });
    }

    #[test]
    fn m_log_5_a_second_record_of_a_number_is_found() {
        let mut evidence = right();
        evidence.records.push(RecordFact { id: "r-9".to_owned(), numbers: vec!["+15550100141".to_owned()] });
        assert_eq!(check(&evidence), Findings { records_doubled: vec!["5550100141".to_owned()], ..Findings::default() });
    }
}
