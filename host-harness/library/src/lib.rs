//! The host that PBX firmware embeds to connect its telephones with CRMs.
//!
//! The PBX tells the host of its calls. For each event the host runs a hook of the *plugin*, a sandboxed WebAssembly component that
//! decides what agents see and what is written into a CRM. What a CRM must do, the host has done by a *connector*, a second component
//! that speaks one vendor's API and can reach nothing but the addresses that it declared. Neither can hold up a call: a hook has a
//! fraction of a millisecond and no network, and a CRM's answer comes back as one more event, whenever it comes.
//!
//! What the firmware provides are traits: [`Pbx`](pbx::Pbx) (facts and directory, from memory), [`Clients`](host::Clients) (what agents
//! see), and if it likes [`Telephony`](host::Telephony) (making calls) and [`Store`](store::Store) (what must outlive a restart). What it gets
//! is a [`Host`](host::Host): [`call`](host::Host::call) for what happens, [`question`](host::Host::question) for what agents ask,
//! [`stop`](host::Host::stop).
//!
//! # A whole program
//!
//! A PBX with two extensions, a plugin that greets callers, one call:
//!
//! ```
//! use std::{path::Path, sync::mpsc, time::Duration};
//!
//! use pbx_crm_host::bindings::hooks::{calls::{Direction, Via}, clients::{Card, Lifetime}};
//! use pbx_crm_host::core::io::Reply;
//! use pbx_crm_host::event::{CallEvent, Happening, Start};
//! use pbx_crm_host::host::{Clients, Host, Texts, now};
//! use pbx_crm_host::pbx::StaticPbx;
//!
//! /// Real ones push to the agents' browsers.
//! struct Screens(mpsc::Sender<String>);
//!
//! impl Clients for Screens {
//!     fn show_card(&mut self, extension: &str, _call: &str, card: &Card, texts: &Texts) {
//!         let lines = card.lines.iter().map(|line| format!(" | {}: {}", texts.render("en", &line.label), line.value));
//!         let _ = self.0.send(format!("{extension} sees {}{}", card.title, lines.collect::<String>()));
//!     }
//!     fn remove_card(&mut self, _extension: &str, _call: &str) {}
//!     fn open_page(&mut self, _extension: &str, _call: &str, _link: &str, _title: &str, _lifetime: &Lifetime) {}
//!     fn left_call(&mut self, extension: &str, _call: &str) {
//!         let _ = self.0.send(format!("{extension} is free"));
//!     }
//!     fn reply(&mut self, _request: &str, _reply: &Reply, _texts: &Texts) {}
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let (sender, screen) = mpsc::channel();
//!     let host = Host::builder()
//!         .plugin(Path::new("tests/fixtures/greeter.wasm"))
//!         .setting("greeting", "Good morning, how can I help?")
//!         .pbx(StaticPbx::new("US", "America/New_York").with_extension("1001", "Ann", None).with_extension("1002", "Bob", None))
//!         .clients(Screens(sender))
//!         .start()?;
//!
//!     let start = Start { name: Some("Ada Example".to_owned()), ..Start::new(Direction::Inbound, "+15550100199", "+15550100100") };
//!     let ringing = Happening::Ringing { leg: "phone-1".to_owned(), extension: "1001".to_owned(), via: Via::Direct };
//!     for happening in [Happening::Started(start), ringing, Happening::Ended { outcome: None }] {
//!         host.call(CallEvent::new("call-1", now(), happening))?;
//!     }
//!     let wait = Duration::from_secs(10);
//!     assert_eq!(screen.recv_timeout(wait)?, "1001 sees Ada Example | Say: Good morning, how can I help?");
//!     assert_eq!(screen.recv_timeout(wait)?, "1001 is free");
//!     host.stop();
//!     Ok(())
//! }
//! ```
//!
//! With a CRM there is one [`ConnectorSetup`](host::ConnectorSetup) more for each account, and a [`Binding`](binding::Binding) for each agent.
//!
//! # What is where
//!
//! * [`host`]: what is embedded: threads, clock, HTTP. Everything else works without them.
//! * [`core`]: the state machine inside, for simulations: what happened goes in, what is to be done comes out, time is an argument.
//! * [`component`], [`engine`], [`limits`], [`bindings`]: components, how they are checked, and what they can never exceed.
//! * [`account`]: accounts at CRMs, as an administrator opens, checks and closes them.
//! * [`credential`]: how accounts at CRMs are opened and kept.
//! * [`egress`]: the guarded way out, for all bytes.
//! * [`pbx`], [`event`], [`number`], [`binding`], [`settings`], [`store`]: the words in which host and firmware speak.
//! * [`texts`], [`messages`]: messages are an id with arguments; these make sentences of them.
//! * [`logs`], [`metrics`]: what the host tells of its work, for logs without names and numbers, and in figures.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod account;
pub mod binding;
// Made from the contract, whose every line is documented; what the macro adds to it is not.
#[allow(missing_docs)]
pub mod bindings;
pub mod component;
mod connector;
pub mod core;
pub mod credential;
pub mod egress;
pub mod engine;
pub mod event;
mod hook;
pub mod host;
pub mod limits;
pub mod logs;
pub mod messages;
pub mod metrics;
pub mod number;
pub mod pbx;
pub mod settings;
pub mod store;
pub mod texts;
