//! Words in order, for searches by their beginning. New ones wait unsorted until they are worth sorting in: seeds bring hundreds of
//! thousands, and a tree would cost more than everything else about them.

/// Words in order, and the latest ones as they came.
#[derive(Debug, Default)]
pub(super) struct Ordered {
    sorted: Vec<Box<str>>,
    fresh: Vec<Box<str>>,
}

impl Ordered {
    /// Adds a word; one that is there already does no harm. `many`: more are to come before anybody searches.
    pub fn push(&mut self, word: &str, many: bool) {
        self.fresh.push(word.into());
        if self.fresh.len() > if many { 4096 + self.sorted.len() } else { 512 } {
            self.settle();
        }
    }

    /// Sorts the fresh ones in.
    pub fn settle(&mut self) {
        self.fresh.sort_unstable();
        self.sorted.append(&mut self.fresh);
        // Two runs in order are merged, not sorted anew.
        self.sorted.sort();
        self.sorted.dedup();
    }

    /// All words that begin so.
    pub fn starting<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        let from = self.sorted.partition_point(|word| **word < *start);
        let sorted = self.sorted.iter().skip(from).take_while(move |word| word.starts_with(start));
        sorted.chain(self.fresh.iter().filter(move |word| word.starts_with(start))).map(|word| &**word)
    }

    /// Throws words away.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.sorted.retain(|word| keep(word));
        self.fresh.retain(|word| keep(word));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]
mod tests {
    use std::collections::BTreeSet;

    use super::Ordered;

    #[test]
    fn all_words_with_a_beginning_are_there_sorted_in_or_not() {
        let mut words = Ordered::default();
        let all: Vec<String> = (0..10_000_u32).map(|number| format!("{:x}", number.wrapping_mul(2_654_435_761))).collect();
        for (count, word) in (1..).zip(&all) {
            words.push(word, count % 3 == 0);
            if count % 1_777 == 0 {
                let found: BTreeSet<&str> = words.starting("ab").collect();
                let wanted: BTreeSet<&str> = all.iter().take(count).map(String::as_str).filter(|word| word.starts_with("ab")).collect();
                assert_eq!(found, wanted);
            }
        }
        words.retain(|word| word != all[0]);
        assert!(!words.starting(&all[0]).any(|word| word == all[0]));
    }
}
