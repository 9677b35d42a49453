//! What the policy reads and wishes, as one trait. Each method is one function of the contract with the same meaning.

use crate::contract::pbx::base::types::{Message, Number, SettingValue};
use crate::contract::pbx::crm::connections::{Connection, User};
use crate::contract::pbx::crm::known_records::Known;
use crate::contract::pbx::crm::requests::RequestError;
use crate::contract::pbx::crm::types::{About, Draft, JournalEntry, RecordRef};
use crate::contract::pbx::hooks::clients::{Card, ClientError, Lifetime};
use crate::contract::pbx::hooks::directory::Extension;
use crate::contract::pbx::hooks::host::{HostFacts, WallClock};
use crate::contract::pbx::hooks::log::Level;
use crate::contract::pbx::hooks::numbers::Sameness;

/// The host, seen from the policy. Reads answer at once; writes and requests are only recorded, and take effect when the
/// hook has returned.
pub trait World {
    /// Facts of the PBX, such as the language of texts that stay.
    fn facts(&self) -> HostFacts;
    /// The moment of the event at hand, in milliseconds since 1970.
    fn now(&self) -> u64;
    /// A moment (milliseconds since 1970) on the PBX's wall clock.
    fn wall_clock_at(&self, at: u64) -> WallClock;
    /// The setting in force; none only for a key that the schema lacks.
    fn setting(&self, key: &str) -> Option<SettingValue>;
    /// How alike a number and a stored spelling are.
    fn same(&self, number: &Number, stored: &str) -> Sameness;
    /// An extension of the directory.
    fn extension(&self, id: &str) -> Option<Extension>;
    /// Connected and enabled CRM accounts, in the order in which they are asked.
    fn connections(&self) -> Vec<Connection>;
    /// The CRM user to whom the extension is bound in this connection.
    fn user_of(&self, extension: &str, connector: &str) -> Option<User>;
    /// Is the extension bound in any active connection?
    fn bound(&self, extension: &str) -> bool;
    /// Records that the host remembers for a number, newest first.
    fn known_by_number(&self, number: &Number) -> Vec<Known>;
    /// A record that the host remembers.
    fn known(&self, reference: &RecordRef) -> Option<Known>;
    /// Address of the record's page.
    fn link(&self, reference: &RecordRef) -> Option<String>;
    /// A note of the call.
    fn note(&self, call: &str, key: &str) -> Option<String>;

    /// Keeps a note with the call; false if there was no room.
    fn set_note(&mut self, call: &str, key: &str, value: &str) -> bool;
    /// For engineers; no names and numbers.
    fn log(&mut self, level: Level, text: &str);
    /// For people: why something is done or left.
    fn reason(&mut self, decision: &str, why: &Message);
    /// Shows or replaces the card of a call.
    fn show_card(&mut self, extension: &str, call: &str, card: &Card, lifetime: &Lifetime) -> Result<(), ClientError>;
    /// Opens a page in a browser tab.
    fn open_page(&mut self, extension: &str, call: &str, link: &str, title: &str, lifetime: &Lifetime) -> Result<(), ClientError>;
    /// Asks whose number this is.
    fn match_number(&mut self, call: &str, number: &Number) -> Result<(), RequestError>;
    /// Asks for a new record.
    fn create(&mut self, key: &str, call: &str, draft: &Draft) -> Result<(), RequestError>;
    /// Asks for an entry in a record's history.
    fn journal(&mut self, key: &str, about: &About, entry: &JournalEntry) -> Result<(), RequestError>;
    /// Answers a question: carried out.
    fn reply_done(&mut self, request: &str, said: &Message);
    /// Answers a question: not carried out.
    fn reply_refused(&mut self, request: &str, why: &Message);
}
