//! What stands on agents' screens: which pages were opened, which cards are shown, and when they go.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::io::Output;
use super::state::State;
use crate::bindings::hooks::clients::{Card, Lifetime};
use crate::event::Moment;
use crate::limits;

type Place = (String, String); // extension, call

/// A card on a screen.
#[derive(Debug)]
struct Shown {
    card: Box<Card>,
    /// When it goes; none: with the extension's leg.
    until: Option<Moment>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Screens {
    /// (extension, call, link): each page opens once.
    opened: BTreeSet<(String, String, String)>,
    /// The cards.
    cards: BTreeMap<Place, Shown>,
    /// Extensions with something that lives as long as their part in the call.
    watched: BTreeSet<Place>,
}

impl Screens {
    /// True the first time.
    pub(crate) fn open(&mut self, extension: &str, call: &str, link: &str) -> bool {
        self.watched.insert((extension.to_owned(), call.to_owned()));
        self.opened.insert((extension.to_owned(), call.to_owned(), link.to_owned()))
    }

    pub(crate) fn show(&mut self, extension: &str, call: &str, card: Box<Card>, lifetime: &Lifetime) {
        let place = (extension.to_owned(), call.to_owned());
        let until = if let Lifetime::Until(moment) = lifetime { Some(*moment) } else { None };
        self.watched.insert(place.clone());
        self.cards.insert(place, Shown { card, until });
    }

    /// True if there was one.
    pub(crate) fn remove(&mut self, extension: &str, call: &str) -> bool {
        self.cards.remove(&(extension.to_owned(), call.to_owned())).is_some()
    }

    /// Notices who has left their call, and takes away what has had its time.
    pub(crate) fn tidy(&mut self, now: Moment, state: &State) -> Vec<Output> {
        let mut outputs = Vec::new();
        let left: Vec<Place> = self.watched.iter().filter(|(extension, call)| !state.takes_part(extension, call)).cloned().collect();
        for (extension, call) in left {
            if let Some(Shown { until: until @ None, .. }) = self.cards.get_mut(&(extension.clone(), call.clone())) {
                *until = Some(now + limits::CARD_AFTER_MS);
            }
            self.watched.remove(&(extension.clone(), call.clone()));
            outputs.push(Output::LeftCall { extension, call });
        }
        let over: Vec<Place> =
            self.cards.iter().filter(|(_, shown)| shown.until.is_some_and(|until| until <= now)).map(|(place, _)| place.clone()).collect();
        for (extension, call) in over {
            self.cards.remove(&(extension.clone(), call.clone()));
            outputs.push(Output::RemoveCard { extension, call });
        }
        outputs
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        self.cards.values().filter_map(|shown| shown.until).min()
    }

    /// The calls became one: what was opened in either counts as opened in the survivor. A card moves over to it, unless the survivor has
    /// one there.
    pub(crate) fn merge(&mut self, vanished: &str, survivor: &str) -> Vec<Output> {
        let renamed = |call: &str| if call == vanished { survivor.to_owned() } else { call.to_owned() };
        self.opened =
            std::mem::take(&mut self.opened).into_iter().map(|(extension, call, link)| (extension, renamed(&call), link)).collect();
        self.watched = std::mem::take(&mut self.watched).into_iter().map(|(extension, call)| (extension, renamed(&call))).collect();
        let mut outputs = Vec::new();
        let moving: Vec<Place> = self.cards.keys().filter(|(_, call)| call == vanished).cloned().collect();
        for (extension, call) in moving {
            let Some(shown) = self.cards.remove(&(extension.clone(), call.clone())) else { continue };
            outputs.push(Output::RemoveCard { extension: extension.clone(), call });
            let place = (extension.clone(), survivor.to_owned());
            if let Entry::Vacant(free) = self.cards.entry(place) {
                outputs.push(Output::ShowCard { extension, call: survivor.to_owned(), card: shown.card.clone() });
                free.insert(shown);
            }
        }
        outputs
    }

    pub(crate) fn forget(&mut self, call: &str) {
        self.opened.retain(|(_, known, _)| known != call);
    }
}
