//! The commands about accounts, as they are typed.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{About, AccountError, commands, connect};

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Connect an account at a CRM: prints the callback address for the app there, and a page that leads on to the CRM; or, where the CRM is
    /// opened with a key or password, shows what is approved and asks for it. Ends with 0 when it is connected, with 1 and the reason when it
    /// is not.
    Connect {
        /// Which account.
        #[command(flatten)]
        which: Which,
        /// Client id (consumer key) of the app at the CRM, where you sign in there.
        #[arg(long, value_name = "ID")]
        client_id: Option<String>,
        /// File with the client secret alone. Else it is taken from PBX_CRM_CLIENT_SECRET, or asked for.
        #[arg(long, value_name = "FILE")]
        client_secret_file: Option<PathBuf>,
        /// Host at which you sign in, such as test.salesforce.com or company.my.salesforce.com; the connector's first choice unless told.
        #[arg(long, value_name = "HOST")]
        login_host: Option<String>,
        /// Callback address as it stands in the app; it must lead to this program [default: http://localhost:PORT/oauth/CONNECTOR].
        #[arg(long, value_name = "URI")]
        redirect_uri: Option<String>,
        /// Port of the page on this machine; 0 is any free one [default: that of the callback address on this machine, or 8750].
        #[arg(long)]
        port: Option<u16>,
        /// Mark an address as on premises: http may be spoken there, and it may lie in your own network. May be given several times.
        #[arg(long, value_name = "URL")]
        on_premises: Vec<String>,
        /// Take a field of the key or password from a file, which holds it alone. Else it is asked for. May be given several times.
        #[arg(long, value_name = "NAME=FILE", value_parser = pair)]
        field: Vec<(String, String)>,
        /// Approve what the connector may do, without a question; only where fields are entered.
        #[arg(long)]
        yes: bool,
    },
    /// Tell how the account stands. Ends with 0 if it is connected and no problem is known.
    Status {
        /// Which account.
        #[command(flatten)]
        which: Which,
        /// Ask the CRM too. A connection that was stopped for a problem is tried once more.
        #[arg(long)]
        check: bool,
    },
    /// List the active users of the CRM, each as "name - e-mail".
    Users {
        /// Which account.
        #[command(flatten)]
        which: Which,
    },
    /// Give the access back to the CRM, and erase all that is stored for the account.
    Disconnect {
        /// Which account.
        #[command(flatten)]
        which: Which,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Change the key of the stored credentials, or begin anew where it is lost.
    #[command(subcommand)]
    Key(super::key::KeyCommand),
}

/// Which account, and for whom it is told.
#[derive(Debug, Args)]
pub struct Which {
    /// A connector that is built in, or the file of another one.
    #[arg(default_value = "salesforce")]
    connector: String,
    /// Which account, where there are several at the CRM [default: the connector's id].
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<String>,
    /// A setting of the connector, such as its CRM's address. May be given several times.
    #[arg(long, value_name = "KEY=TEXT", value_parser = pair)]
    setting: Vec<(String, String)>,
    /// Where accounts are kept; else PBX_CRM_STATE_DIR, else pbx-crm in the folder where programs of this user keep their state.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Language of what is told.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = ["en", "zh-CN"])]
    lang: String,
}

impl From<Which> for About {
    fn from(which: Which) -> Self {
        Self {
            connector: which.connector,
            account: which.account,
            settings: which.setting,
            state_dir: which.state_dir,
            language: which.lang,
        }
    }
}

/// What is typed as a name, =, and what belongs to it.
///
/// # Errors
/// There is no =.
pub fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a name, =, and what belongs to it are wanted")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn account(text: &str) -> Result<String, String> {
    let shown = text.chars().all(|sign| !sign.is_control());
    if (1..=64).contains(&text.len()) && shown {
        Ok(text.to_owned())
    } else {
        Err("1 to 64 bytes are wanted, all of which can be shown".to_owned())
    }
}

impl Command {
    /// Carries it out. False: the CRM, or the answer to a question, was no.
    ///
    /// # Errors
    /// It could not be tried.
    pub fn run(self, out: &mut dyn Write) -> Result<bool, AccountError> {
        match self {
            Self::Connect { which, client_id, client_secret_file, login_host, redirect_uri, port, on_premises, field, yes } => {
                let fields = field.into_iter().map(|(name, file)| (name, PathBuf::from(file))).collect();
                let options = connect::Options { client_id, client_secret_file, login_host, redirect_uri, port, on_premises, fields, yes };
                connect::run(&which.into(), &options, out)
            }
            Self::Status { which, check } => commands::status(&which.into(), check, out),
            Self::Users { which } => commands::users(&which.into(), out),
            Self::Disconnect { which, yes } => commands::disconnect(&which.into(), yes, out),
            Self::Key(command) => command.run(out),
        }
    }
}
