//! A real Odoo for tests.
//!
//! * [`Instance`]: an Odoo with a PostgreSQL of its own, started by `odoo.sh` and ended with the test; none where `install.sh` was not run.
//! * [`Database`]: a fresh company in it, in which tests act as people do ([`Database::call`]) and see what is stored.
//! * [`OdooCrm`]: such a database as the CRM of a scenario: requests of the connector go to the real server, faults are put in between.
//!
//! What is installed and how, this folder's `README.md` tells.

mod chatter;
mod crm;
mod database;
mod instance;
mod rows;

pub use crm::OdooCrm;
pub use database::Database;
pub use instance::{Instance, NotThere};
