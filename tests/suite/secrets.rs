//! No byte of a token or secret outside the sealed store: neither in what components hold and say, nor in what the host sends, shows, logs and
//! writes; and a connector that wants one gets nothing, whatever it tries.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    reason = "a test may stop"
)]
#![cfg(target_os = "linux")]

#[path = "secrets/address_of_the_account.rs"]
mod address_of_the_account;
#[path = "secrets/folder.rs"]
mod folder;
#[path = "secrets/full_run.rs"]
mod full_run;
#[path = "secrets/memory.rs"]
mod memory;
#[path = "secrets/search.rs"]
mod search;
#[path = "secrets/thief.rs"]
mod thief;
#[path = "secrets/traces.rs"]
mod traces;
#[path = "secrets/watched.rs"]
mod watched;

use pbx_crm::player::Play;
use pbx_crm::scenario::Scenario;
use pbx_crm::timeline;
use pbx_crm_host::core::io::Output;

use search::Search;

/// Stops the test if a piece of a secret stands in anything that a play put out, or in what was traced since it began.
#[track_caller]
fn nothing_put_out(search: &Search, scenario: &Scenario, play: &Play, began: traces::Since) {
    for (at, output) in &play.outputs {
        search.nothing_in("an output as JSON", serde_json::to_string(output).expect("JSON"));
        search.nothing_in("an output for debugging", format!("{at} {output:?}"));
        if let Output::Http(request) = output {
            search.nothing_in("a request's body", &request.body);
        }
    }
    search.nothing_in("the play for debugging", format!("{play:?}"));
    search.nothing_in("the timeline", timeline::render(scenario, play));
    search.nothing_in("the traces", traces::since(began));
}
