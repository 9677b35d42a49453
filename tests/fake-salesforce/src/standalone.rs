//! The fake as a server of its own, on real time, for clients that know nothing of tests.

use std::{io, path::PathBuf};

use crm_fake::{Server, ServerOptions};

use crate::{
    fake::FakeSalesforce,
    oauth::{ADMIN, PLATFORM_CLI, TEST_CLIENT_ID, TEST_CLIENT_SECRET},
    seed::Size,
    value::Value,
};

/// Which seeded org is made: the same rows each time.
const SEED: u64 = 1;
/// Threads that read and write; the org itself does one request at a time.
const WORKERS: usize = 2;

/// How it starts.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// 0: any free one.
    pub port: u16,
    /// With a certificate for 127.0.0.1 and localhost that is made at the start.
    pub tls: bool,
    /// Where the certificate's authority is written; None: into the system's directory for temporary files.
    pub ca_file: Option<PathBuf>,
    /// How many accounts, contacts and leads the org has; None: none at all.
    pub rows: Option<usize>,
    /// What time it is, in milliseconds since 1970; from there real time goes on.
    pub now_ms: u64,
}

/// A fake that runs until it is dropped.
pub struct Started {
    /// `http://127.0.0.1:4711`, without a final "/".
    pub address: String,
    /// What a client needs, as (name, value).
    pub variables: Vec<(&'static str, String)>,
    server: Server,
}

impl Started {
    /// The variables as lines for a shell.
    #[must_use]
    pub fn shell_lines(&self) -> String {
        self.variables.iter().map(|(name, value)| format!("{name}={}\n", quoted(value))).collect()
    }

    /// The server itself.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }
}

/// Starts it.
///
/// # Errors
/// The port is taken, or the system gives no socket, no thread, no random numbers for a certificate, no file for its authority; TLS is
/// wished for and not built in (feature `tls`).
pub fn start(options: &Options) -> io::Result<Started> {
    let mut fake = match options.rows {
        Some(rows) => FakeSalesforce::seeded(options.now_ms, SEED, Size::of(rows)),
        None => FakeSalesforce::new(options.now_ms),
    };
    let token = fake.admin_session(options.now_ms);
    approve_command_line(&mut fake);
    let admin = username(&fake);
    let mut server_options =
        ServerOptions { port: options.port, real_time_from: Some(options.now_ms), workers: WORKERS, ..ServerOptions::default() };
    let authority = if options.tls { Some(tls(&mut server_options)?) } else { None };
    let server = Server::start_with(Box::new(fake), &server_options)?;
    let address = server.address().to_owned();
    let mut variables = vec![
        ("SF_URL", address.clone()),
        ("SF_CLIENT_ID", TEST_CLIENT_ID.to_owned()),
        ("SF_CLIENT_SECRET", TEST_CLIENT_SECRET.to_owned()),
        ("SF_ADMIN_USER", admin),
        ("SF_ACCESS_TOKEN", token),
    ];
    if let Some(pem) = authority {
        let port = address.rsplit(':').next().unwrap_or_default();
        let file = options.ca_file.clone().unwrap_or_else(|| std::env::temp_dir().join(format!("fake-salesforce-ca-{port}.pem")));
        std::fs::write(&file, pem)?;
        variables.push(("SF_CA", file.display().to_string()));
    }
    Ok(Started { address, variables, server })
}

/// Lets Salesforce's command line sign in as the administrator without a page: where it runs without a browser, whatever fetches the
/// address must arrive at its callback. Every other app gets the pages.
fn approve_command_line(fake: &mut FakeSalesforce) {
    if let Some(app) = fake.auth.app_mut(PLATFORM_CLI) {
        app.auto_approve = Some(ADMIN.to_owned());
    }
}

#[cfg(feature = "tls")]
fn tls(options: &mut ServerOptions) -> io::Result<String> {
    let certificate = crm_fake::server::Certificate::make()?;
    let pem = certificate.authority_pem().to_owned();
    options.tls = Some(certificate);
    Ok(pem)
}

#[cfg(not(feature = "tls"))]
fn tls(_: &mut ServerOptions) -> io::Result<String> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "TLS is not built in (feature `tls` of fake-salesforce)"))
}

fn username(fake: &FakeSalesforce) -> String {
    let row = fake.org.row(fake.org.administrator()).zip(fake.org.object("User"));
    let name = row.map_or(&Value::Null, |(row, object)| row.named(object, "Username"));
    name.as_text().unwrap_or_default().to_owned()
}

/// A value as one word of a shell.
fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && value.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"_./:@%+=,-".contains(&sign));
    if plain { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        assert_eq!(quoted("http://127.0.0.1:80"), "http://127.0.0.1:80");
        assert_eq!(quoted("00D!a b"), "'00D!a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
