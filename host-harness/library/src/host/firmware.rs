//! What the firmware provides beside [`Pbx`](crate::pbx::Pbx) and [`Store`](crate::store::Store): the ways to people and phones.
//!
//! All methods are called on the core's one thread and must return at once: hand over and leave. What waits here holds up every call;
//! what panics here ends the host.

use super::Texts;
use crate::bindings::base::types::Number;
use crate::bindings::hooks::clients::{Card, Lifetime};
use crate::core::io::Reply;

/// The screens of agents: web client, desktop client, phone display.
pub trait Clients: Send {
    /// Show the card of a call in all clients of the extension, or replace it whole. `texts` has the words for its messages.
    fn show_card(&mut self, extension: &str, call: &str, card: &Card, texts: &Texts);

    /// Take the card away.
    fn remove_card(&mut self, extension: &str, call: &str);

    /// Open a page in a new tab, once in each client; `title` names the tab until it has loaded. A client that comes after the lifetime
    /// opens it no more: [`Lifetime::WhileInCall`] is over with [`Clients::left_call`].
    fn open_page(&mut self, extension: &str, call: &str, link: &str, title: &str, lifetime: &Lifetime);

    /// The extension has left the call: its pages that were not opened yet are not to be opened any more.
    fn left_call(&mut self, extension: &str, call: &str);

    /// The answer to a question that [`Host::question`](super::Host::question) handed over, exactly one for each.
    fn reply(&mut self, request: &str, reply: &Reply, texts: &Texts);
}

/// The way to make calls. Wanted from a PBX whose facts name the ability "dial".
pub trait Telephony: Send {
    /// Ring the extension, and when it answers, call the number as if dialled there. The call that comes of it tells `key` as
    /// [`Start::placed_by`](crate::event::Start::placed_by).
    fn dial(&mut self, key: &str, extension: &str, number: &Number);
}
