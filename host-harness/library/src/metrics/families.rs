//! All metrics by name, and what they are before anything has happened.

use super::values::{Family, Kind, Values};
use crate::event::Moment;
use crate::store::Room;

/// In the order of the page. A test compares them with the table in the module's documentation.
pub(super) const FAMILIES: &[Family] = &[
    Family { name: "pbx_crm_build_info", kind: Kind::Gauge, labels: &["version"], help: "The release." },
    Family { name: "pbx_crm_start_time_seconds", kind: Kind::Gauge, labels: &[], help: "When the host began, in seconds since 1970." },
    Family {
        name: "pbx_crm_core_seen_timestamp_seconds",
        kind: Kind::Gauge,
        labels: &[],
        help: "When the core's thread was last seen at work, in seconds since 1970.",
    },
    Family { name: "pbx_crm_events_total", kind: Kind::Counter, labels: &["event"], help: "Events of calls that were taken in." },
    Family { name: "pbx_crm_events_ignored_total", kind: Kind::Counter, labels: &["why"], help: "Events of calls that were not taken in." },
    Family { name: "pbx_crm_hook_failures_total", kind: Kind::Counter, labels: &["why"], help: "Hooks of the plugin that failed." },
    Family {
        name: "pbx_crm_connector_calls_total",
        kind: Kind::Counter,
        labels: &["connector", "function", "outcome"],
        help: "Calls of connectors.",
    },
    Family { name: "pbx_crm_connector_requests_total", kind: Kind::Counter, labels: &["connector"], help: "HTTP requests to the CRM." },
    Family {
        name: "pbx_crm_connector_cost_total",
        kind: Kind::Counter,
        labels: &["connector"],
        help: "Cost of the requests in the CRM's own counting.",
    },
    Family {
        name: "pbx_crm_connector_denied_total",
        kind: Kind::Counter,
        labels: &["connector"],
        help: "Requests that a connector had not declared; none was sent.",
    },
    Family {
        name: "pbx_crm_account_open",
        kind: Kind::Gauge,
        labels: &["connector"],
        help: "1: the account is asked; 0: not for a while.",
    },
    Family { name: "pbx_crm_account_enabled", kind: Kind::Gauge, labels: &["connector"], help: "0: switched off by an administrator." },
    Family {
        name: "pbx_crm_connector_given_up_total",
        kind: Kind::Counter,
        labels: &["connector"],
        help: "Times that a function was given up for crashes of the connector.",
    },
    Family { name: "pbx_crm_work_items", kind: Kind::Gauge, labels: &["state"], help: "Work in the store." },
    Family {
        name: "pbx_crm_work_oldest_seconds",
        kind: Kind::Gauge,
        labels: &[],
        help: "Age of the oldest pending work, in seconds; 0: there is none.",
    },
    Family { name: "pbx_crm_work_retries_total", kind: Kind::Counter, labels: &["task"], help: "Failed tries after which work waits." },
    Family { name: "pbx_crm_work_deaths_total", kind: Kind::Counter, labels: &["task"], help: "Work that ended without success." },
    Family {
        name: "pbx_crm_orders_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Administrators' orders that were carried out, or could not be.",
    },
    Family { name: "pbx_crm_store_room", kind: Kind::Gauge, labels: &["room"], help: "1 at the one that holds." },
    Family { name: "pbx_crm_store_writable", kind: Kind::Gauge, labels: &[], help: "0: the last write to the disk failed." },
    Family { name: "pbx_crm_store_write_errors_total", kind: Kind::Counter, labels: &[], help: "Writes to the disk that failed." },
    Family {
        name: "pbx_crm_store_last_error_timestamp_seconds",
        kind: Kind::Gauge,
        labels: &[],
        help: "When the last write failed, in seconds since 1970; 0: never.",
    },
    Family {
        name: "pbx_crm_component_log_lines_total",
        kind: Kind::Counter,
        labels: &["level"],
        help: "Lines that plugin and connectors logged.",
    },
    Family {
        name: "pbx_crm_log_lines_dropped_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Lines of the log that whoever takes them was too slow for.",
    },
];

/// Rooms by their words.
pub(super) const ROOMS: [(Room, &str); 4] =
    [(Room::Enough, "enough"), (Room::Scarce, "scarce"), (Room::NoCreations, "no-creations"), (Room::None, "none")];

/// Kinds of work by their words.
const TASKS: [&str; 4] = ["match", "create", "journal", "amend"];

/// Why a hook failed.
pub(super) const HOOK_FAILURES: [&str; 5] = ["answered", "deadline", "memory", "trapped", "missing"];

/// A counter that stands there with 0 from the beginning can be watched; one that comes with its first event hides that one.
pub(super) fn begin(values: &mut Values, connectors: &[String], now: Moment) {
    values.set("pbx_crm_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    values.set("pbx_crm_start_time_seconds", &[], now / 1000);
    for connector in connectors {
        for name in ["requests", "cost", "denied"] {
            values.set(&format!("pbx_crm_connector_{name}_total"), &[("connector", connector)], 0);
        }
        for outcome in ["answered", "failed"] {
            let labels = [("connector", connector.as_str()), ("function", "find"), ("outcome", outcome)];
            values.set("pbx_crm_connector_calls_total", &labels, 0);
        }
        values.set("pbx_crm_connector_given_up_total", &[("connector", connector)], 0);
    }
    for why in HOOK_FAILURES {
        values.set("pbx_crm_hook_failures_total", &[("why", why)], 0);
    }
    for task in TASKS {
        values.set("pbx_crm_work_retries_total", &[("task", task)], 0);
        values.set("pbx_crm_work_deaths_total", &[("task", task)], 0);
    }
    for event in ["start", "end"] {
        values.set("pbx_crm_events_total", &[("event", event)], 0);
    }
    for why in ["unknown-call", "ended", "repeated"] {
        values.set("pbx_crm_events_ignored_total", &[("why", why)], 0);
    }
    for level in ["debug", "info", "warning", "error"] {
        values.set("pbx_crm_component_log_lines_total", &[("level", level)], 0);
    }
    for state in ["pending", "leased", "dead", "done", "discarded"] {
        values.set("pbx_crm_work_items", &[("state", state)], 0);
    }
    for name in
        ["orders_total", "store_write_errors_total", "store_last_error_timestamp_seconds", "log_lines_dropped_total", "work_oldest_seconds"]
    {
        values.set(&format!("pbx_crm_{name}"), &[], 0);
    }
}
