//! The governor of an account's allowance: the more of it is used, the fewer kinds of work may use it. What is worth least stops first, and
//! the last part is kept for journals.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::bindings::crm::types::Usage;
use crate::event::Moment;

/// Kinds of work by their worth, cheapest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worth {
    /// Lists that are fetched anew, such as changed records.
    Refresh,
    /// Searches of somebody who is dialling.
    Search,
    /// Whose is this number?
    Match,
    /// Creations with their check.
    Create,
    /// Journal entries and amendments.
    Journal,
}

/// At which part of the allowance a kind of work stops. The defaults follow the advice of Salesforce's limits guide to leave room for others:
/// bulk work at four fifths, look-ups when a twentieth is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BudgetSettings {
    /// Requests in any 24 hours that this host may make, by its own counting. None: what the CRM allows.
    pub daily: Option<u64>,
    /// Percent of the allowance at which lists are fetched no more. 1 to 100.
    pub refresh: u8,
    /// Percent at which searches stop.
    pub search: u8,
    /// Percent at which look-ups of ringing calls stop: their calls are journalled all the same, later.
    pub look_up: u8,
    /// Percent at which creations stop.
    pub create: u8,
    /// Percent at which journals stop: of the own limit alone; the CRM itself says when its allowance is used up.
    pub journal: u8,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self { daily: None, refresh: 80, search: 85, look_up: 95, create: 98, journal: 100 }
    }
}

impl BudgetSettings {
    fn percent(&self, worth: Worth) -> u8 {
        match worth {
            Worth::Refresh => self.refresh,
            Worth::Search => self.search,
            Worth::Match => self.look_up,
            Worth::Create => self.create,
            Worth::Journal => self.journal,
        }
    }
}

const HOUR_MS: u64 = 3_600_000;
/// Hours in which own requests are counted, the present one included: the oldest is still partly within the last 24.
const HOURS: u64 = 25;
/// What a CRM said of its allowance counts so long, in milliseconds. Then one call may find out anew: most allowances come back bit by bit.
const BELIEVED_MS: u64 = 900_000;
/// A request is written down so long after it was made at the latest, in milliseconds: a host that is killed forgets no more than these.
const KEEP_MS: u64 = 10_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Budget {
    settings: BudgetSettings,
    /// Of the CRM: left, allowed, when it said so, when its period ends.
    told: Option<(u64, u64, Moment, Option<Moment>)>,
    /// Own requests: (hour since 1970, how many).
    spent: VecDeque<(u64, u64)>,
    /// Requests that are not kept yet: since when.
    unkept: Option<Moment>,
}

impl Budget {
    /// `spent`: what was counted before a restart.
    pub(super) fn new(settings: BudgetSettings, spent: Vec<(u64, u64)>) -> Self {
        Self { settings, told: None, spent: spent.into(), unkept: None }
    }

    /// When the count is to be written down; none: it is.
    pub(super) fn to_be_kept_at(&self) -> Option<Moment> {
        self.unkept.map(|since| since.saturating_add(KEEP_MS))
    }

    /// Is the count to be written down now? It is taken for written then.
    pub(super) fn is_to_be_kept(&mut self, now: Moment) -> bool {
        let due = self.to_be_kept_at().is_some_and(|at| at <= now);
        if due {
            self.unkept = None;
        }
        due
    }

    /// Own requests by the hour, oldest first, for [`Budget::new`].
    pub(super) fn counted(&self) -> Vec<(u64, u64)> {
        self.spent.iter().copied().collect()
    }

    /// Takes what an answer said. False: it makes no sense, and nothing but the cost was taken.
    pub(super) fn take(&mut self, now: Moment, requests: u32, usage: Option<&Usage>) -> bool {
        let cost = usage.map_or(requests, |usage| usage.spent.max(requests));
        let hour = now / HOUR_MS;
        if cost > 0 {
            self.unkept.get_or_insert(now);
        }
        match self.spent.back_mut() {
            Some((known, count)) if *known == hour => *count += u64::from(cost),
            _ => self.spent.push_back((hour, u64::from(cost))),
        }
        // Those of a clock that was set back since lie in the future: nobody can say when they were.
        self.spent.retain(|(known, _)| *known <= hour && known + HOURS > hour);
        match usage.and_then(|usage| Some((usage.left?, usage.allowed?, usage.renewed_at))) {
            Some((left, allowed, renewed_at)) if allowed > 0 && left <= allowed => {
                self.told = Some((left, allowed, now, renewed_at));
                true
            }
            Some(_) => false,
            None => true,
        }
    }

    /// May this kind of work be asked for now? Else: when that may change.
    pub(super) fn allows(&self, worth: Worth, now: Moment) -> Result<(), Moment> {
        let percent = u128::from(self.settings.percent(worth));
        if let Some(daily) = self.settings.daily
            && u128::from(self.spent(now)) * 100 >= u128::from(daily) * percent
        {
            return Err((now / HOUR_MS + 1) * HOUR_MS);
        }
        match self.told {
            Some((left, allowed, at, renewed_at))
                if worth != Worth::Journal && u128::from(allowed - left) * 100 >= u128::from(allowed) * percent =>
            {
                let until = renewed_at.filter(|renewed| *renewed > at).unwrap_or(Moment::MAX).min(at + BELIEVED_MS);
                if until > now { Err(until) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// Own requests in the last 24 hours, rounded up to whole hours.
    pub(super) fn spent(&self, now: Moment) -> u64 {
        let hour = now / HOUR_MS;
        self.spent.iter().filter(|(known, _)| *known <= hour && known + HOURS > hour).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(left: u64, allowed: u64) -> Usage {
        Usage { spent: 1, left: Some(left), allowed: Some(allowed), renewed_at: None, extras: Vec::new() }
    }

    const ALL: [Worth; 5] = [Worth::Refresh, Worth::Search, Worth::Match, Worth::Create, Worth::Journal];

    fn allowed(budget: &Budget, now: Moment) -> Vec<Worth> {
        ALL.into_iter().filter(|worth| budget.allows(*worth, now).is_ok()).collect()
    }

    #[test]
    fn f23_the_cheapest_stops_first_and_journals_never_by_what_the_crm_says() {
        let mut budget = Budget::new(BudgetSettings::default(), Vec::new());
        for (left, stopped) in [(2_001, 0), (2_000, 1), (1_500, 2), (500, 3), (200, 4), (0, 4)] {
            assert!(budget.take(0, 1, Some(&usage(left, 10_000))));
            assert_eq!(allowed(&budget, 0), ALL[stopped..], "{left} left");
        }
        assert_eq!(allowed(&budget, BELIEVED_MS), ALL, "after a quarter of an hour one call may find out");
    }

    #[test]
    fn f23_figures_without_sense_are_not_taken() {
        let mut budget = Budget::new(BudgetSettings::default(), Vec::new());
        assert!(!budget.take(0, 1, Some(&usage(11, 10))));
        assert!(!budget.take(0, 1, Some(&usage(0, 0))));
        assert_eq!(allowed(&budget, 0).len(), 5);
    }

    #[test]
    fn the_own_limit_holds_over_any_24_hours_and_stops_journals_too() {
        let mut budget = Budget::new(BudgetSettings { daily: Some(100), ..BudgetSettings::default() }, Vec::new());
        for hour in 0..10 {
            budget.take(hour * HOUR_MS, 10, None);
        }
        let now = 10 * HOUR_MS;
        assert_eq!(allowed(&budget, now), []);
        assert_eq!(budget.allows(Worth::Journal, now), Err(11 * HOUR_MS));
        assert_eq!(allowed(&budget, 25 * HOUR_MS - 1), [], "the first ten are within 24 hours, in part");
        assert_eq!(allowed(&budget, 25 * HOUR_MS), [Worth::Match, Worth::Create, Worth::Journal]);
    }

    #[test]
    fn a_restart_forgets_nothing_that_was_spent() {
        let settings = BudgetSettings { daily: Some(100), ..BudgetSettings::default() };
        let mut budget = Budget::new(settings.clone(), Vec::new());
        budget.take(0, 60, None);
        budget.take(HOUR_MS, 39, None);
        assert!(!budget.is_to_be_kept(KEEP_MS - 1), "it would wear the disk out");
        assert!(budget.is_to_be_kept(HOUR_MS));
        assert!(!budget.is_to_be_kept(2 * HOUR_MS), "nothing new");
        let mut again = Budget::new(settings, budget.counted());
        assert_eq!(allowed(&again, 2 * HOUR_MS), [Worth::Journal]);
        again.take(2 * HOUR_MS, 1, None);
        assert_eq!(allowed(&again, 2 * HOUR_MS), []);
        // The clock was a year ahead when all of that was counted.
        let earlier = Budget::new(again.settings.clone(), vec![(9_000, 100)]);
        assert_eq!(allowed(&earlier, 2 * HOUR_MS), ALL);
    }
}
