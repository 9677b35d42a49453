//! What the observer is told, counted.

use super::Metrics;
use crate::core::Ignored;
use crate::core::io::{AskedResult, HookFailure, Told};

impl Metrics {
    /// Counts it. For [`HostBuilder::observer`](crate::host::HostBuilder::observer).
    pub fn told(&self, told: &Told) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let connectors = &inner.connectors;
        let known = |connector: &String| if connectors.contains(connector) { connector.clone() } else { "other".to_owned() };
        let values = &mut inner.values;
        match told {
            Told::Event { event, .. } => values.add("pbx_crm_events_total", &[("event", event.happening.word())], 1),
            Told::Ignored { why, .. } => values.add("pbx_crm_events_ignored_total", &[("why", ignored(*why))], 1),
            Told::HookFailed { why, .. } => values.add("pbx_crm_hook_failures_total", &[("why", failed(why))], 1),
            Told::Asked { connector, function, result, requests, spent, .. } => {
                let (connector, outcome) =
                    (known(connector), if matches!(result, AskedResult::Answered(_)) { "answered" } else { "failed" });
                let labels = [("connector", connector.as_str()), ("function", *function), ("outcome", outcome)];
                values.add("pbx_crm_connector_calls_total", &labels, 1);
                values.add("pbx_crm_connector_requests_total", &[("connector", &connector)], u64::from(*requests));
                values.add("pbx_crm_connector_cost_total", &[("connector", &connector)], u64::from(*spent));
            }
            Told::Denied { connector, .. } => values.add("pbx_crm_connector_denied_total", &[("connector", &known(connector))], 1),
            Told::Waiting { task, .. } => values.add("pbx_crm_work_retries_total", &[("task", task)], 1),
            Told::Dead { task, .. } => values.add("pbx_crm_work_deaths_total", &[("task", task)], 1),
            Told::AccountClosed { connector, until, .. } => {
                inner.closed.insert(connector.clone(), *until);
            }
            Told::AccountOpen { connector } => {
                inner.closed.remove(connector);
            }
            Told::FunctionCrashed { connector, .. } => {
                values.add("pbx_crm_connector_given_up_total", &[("connector", &known(connector))], 1);
            }
            Told::Ordered { .. } => values.add("pbx_crm_orders_total", &[], 1),
            Told::Log { line, .. } => {
                let level = ["debug", "info", "warning", "error"].into_iter().find(|level| *level == line.level).unwrap_or("info");
                values.add("pbx_crm_component_log_lines_total", &[("level", level)], 1);
            }
            Told::Line { .. } => {}
        }
    }
}

fn ignored(why: Ignored) -> &'static str {
    match why {
        Ignored::UnknownCall => "unknown-call",
        Ignored::Ended => "ended",
        Ignored::Repeated => "repeated",
        Ignored::UnknownLeg => "unknown-leg",
        Ignored::UnknownParty => "unknown-party",
        Ignored::LegLeft => "leg-left",
        Ignored::BadId => "bad-id",
        Ignored::Vanished => "vanished",
        Ignored::TooManyLegs => "too-many-legs",
    }
}

fn failed(why: &HookFailure) -> &'static str {
    match why {
        HookFailure::Answered(_) => "answered",
        HookFailure::Deadline => "deadline",
        HookFailure::Memory => "memory",
        HookFailure::Trapped(_) => "trapped",
        HookFailure::Missing(_) => "missing",
    }
}
