//! Numbers under a name and labels, and the text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Most sets of labels under all names together: closed sets stay far below; a mistake must not fill the memory.
const MOST: usize = 10_000;

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Grows, and is 0 after a start.
    Counter,
    /// A state.
    Gauge,
}

/// A metric.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) labels: &'static [&'static str],
    /// One line.
    pub(super) help: &'static str,
}

type Labels = Vec<(String, String)>;

/// All numbers.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<(String, Labels), u64>);

impl Values {
    /// Adds to a counter.
    pub(super) fn add(&mut self, name: &str, labels: &[(&str, &str)], number: u64) {
        if let Some(value) = self.value(name, labels) {
            *value = value.saturating_add(number);
        }
    }

    /// Sets a gauge.
    pub(super) fn set(&mut self, name: &str, labels: &[(&str, &str)], number: u64) {
        if let Some(value) = self.value(name, labels) {
            *value = number;
        }
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<&mut u64> {
        let labels: Labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let key = (name.to_owned(), labels);
        (self.0.len() < MOST || self.0.contains_key(&key)).then(|| self.0.entry(key).or_default())
    }

    /// As Prometheus reads it.
    pub(super) fn text(&self, families: &[Family]) -> String {
        let mut text = String::new();
        for family in families {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            let _ = write!(text, "# HELP {0} {1}\n# TYPE {0} {kind}\n", family.name, family.help);
            let from = (family.name.to_owned(), Labels::new());
            let of_family = self.0.range(from..).take_while(|((name, _), _)| name == family.name);
            for ((name, labels), value) in of_family.filter(|((_, labels), _)| labels.iter().map(|(name, _)| name).eq(family.labels)) {
                let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
                let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        }
        text
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
