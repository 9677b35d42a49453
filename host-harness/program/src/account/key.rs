//! `key`: another key for the stored credentials, and a beginning where the key is lost.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use pbx_crm_host::account::trouble::problem_in;
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::key::Key;
use pbx_crm_host::credential::problem::Problem;
use pbx_crm_host::credential::rotation;

use super::place::{NoPlace, Place};
use super::words::Words;
use super::{AccountError, asked, line, now};

/// What is done about the key.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Seal all stored credentials with a new key, which takes the old one's place. The host may run meanwhile. If it is interrupted, run it
    /// again.
    Rotate {
        /// Where and in which language.
        #[command(flatten)]
        at: At,
        /// Take the new key from this file: 32 bytes as 64 hexadecimal digits or in base64, readable by its owner alone. Else one is made.
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
    },
    /// Forget the stored credentials that cannot be read, where the key is lost or something is damaged. Those accounts are to be connected
    /// again; waiting work is kept.
    Forget {
        /// Where and in which language.
        #[command(flatten)]
        at: At,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// Where accounts are kept, and for whom it is told.
#[derive(Debug, Args)]
pub struct At {
    /// Where accounts are kept; else PBX_CRM_STATE_DIR, else pbx-crm in the folder where programs of this user keep their state.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Language of what is told.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = ["en", "zh-CN"])]
    lang: String,
}

impl KeyCommand {
    /// Carries it out. False: the answer to a question was no.
    ///
    /// # Errors
    /// It could not be done.
    pub fn run(self, out: &mut dyn Write) -> Result<bool, AccountError> {
        match self {
            Self::Rotate { at, new_key_file } => rotate(&at, new_key_file, out),
            Self::Forget { at, yes } => forget(&at, yes, out),
        }
    }
}

fn rotate(at: &At, new_key_file: Option<PathBuf>, out: &mut dyn Write) -> Result<bool, AccountError> {
    let brought = new_key_file.map(|file| Key::from_file(&file)).transpose().map_err(|problem| at.problem(&problem))?;
    let (store, files, _lock) = at.place()?.for_key(now()).map_err(|why| at.said(why))?;
    let count = rotation::rotate(&files, &store, brought, &SystemEntropy).map_err(|problem| at.problem(&problem))?;
    let (count, file) = (count.to_string(), files.path().display().to_string());
    line(out, &Words::new(&at.lang).say("key.rotated", &[("count", &count), ("file", &file)]))?;
    Ok(true)
}

fn forget(at: &At, yes: bool, out: &mut dyn Write) -> Result<bool, AccountError> {
    let words = Words::new(&at.lang);
    let place = at.place()?;
    let (store, _files, _lock) = place.for_key(now()).map_err(|why| at.said(why))?;
    if !yes {
        let answer = asked::shown(&words.say("key.forget-ask", &[]), out);
        let answer = answer.map_err(|why| AccountError::Io { what: "no answer".to_owned(), why })?;
        if answer.trim() != "yes" {
            line(out, &words.say("key.kept", &[]))?;
            return Ok(false);
        }
    }
    if place.lacks_key() {
        let file = place.make_key().map_err(|why| at.said(why))?;
        line(out, &words.say("connect.key-made", &[("file", &file.display().to_string())]))?;
    }
    let count = store.forget_unreadable().map_err(|problem| at.problem(&problem))?;
    line(out, &words.say("key.forgotten", &[("count", &count.to_string())]))?;
    Ok(true)
}

impl At {
    fn place(&self) -> Result<Place, AccountError> {
        Ok(Place::of(self.state_dir.clone())?)
    }

    fn said(&self, why: NoPlace) -> AccountError {
        match why {
            NoPlace::Sealed(problem) => self.problem(&problem),
            other => other.into(),
        }
    }

    fn problem(&self, problem: &Problem) -> AccountError {
        AccountError::Said(problem_in(problem, &self.lang))
    }
}
