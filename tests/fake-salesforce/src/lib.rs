//! A Salesforce org in memory.
//!
//! Published Salesforce clients run against it unchanged, and it misbehaves in every way in which Salesforce does. What it does
//! not understand it refuses as Salesforce refuses; it never accepts silently. Rooms:
//!
//! * [`id`], [`value`], [`error`]: ids with their checksum, what a field holds, Salesforce's errors;
//! * [`schema`]: which objects there are and what their fields may hold;
//! * [`org`]: the database: rows, rules, visibility, the late search index, transactions;
//! * [`soql`] and [`sosl`]: the two query languages, parsed and run over the org;
//! * [`oauth`]: apps, approvals, codes, tokens, and the pages on which a person signs in;
//! * [`rest`]: the REST API over all of these;
//! * [`pages`]: what a person sees who opens a record;
//! * [`person`]: somebody with a browser, who signs in on those pages;
//! * [`fake`]: all of it behind one address, with the control side that tests steer any fake by; [`knobs`]: what they turn;
//! * [`standalone`]: the fake as a server of its own;
//! * [`seed`]: an org of any size, made from a number.
//!
//! A fake has no clock, no randomness and no socket of its own: time comes in with each request, ids and tokens follow from the seed.

pub mod error;
pub mod fake;
pub mod id;
pub mod knobs;
pub mod limits;
pub mod oauth;
pub mod org;
pub mod pages;
pub mod person;
pub mod rest;
pub mod schema;
pub mod seed;
pub mod soql;
pub mod sosl;
pub mod standalone;
pub mod value;
