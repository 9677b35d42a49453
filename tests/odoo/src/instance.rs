use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Database;

/// Exit code of the scripts where Odoo is not installed, or cannot be had.
const CANNOT: i32 = 3;

/// An Odoo with a PostgreSQL of its own. Dropping it stops both; they end too if this process dies.
#[derive(Debug)]
pub struct Instance {
    run: PathBuf,
    variables: BTreeMap<String, String>,
    databases: AtomicU32,
    // The folder above the run folder; removed last.
    _folder: tempfile::TempDir,
}

/// Why there is no Odoo.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotThere {
    /// It is not installed: tests that need it are skipped, loudly.
    #[error("{0}")]
    NotInstalled(String),
    /// It is installed and does not work: that is a failure.
    #[error("{0}")]
    Broken(String),
}

impl Instance {
    /// Starts one, which takes some five seconds.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start() -> Result<Arc<Self>, NotThere> {
        let broken = |why: std::io::Error| NotThere::Broken(why.to_string());
        let folder = tempfile::Builder::new().prefix("pbx-crm-odoo-").tempdir().map_err(broken)?;
        // PostgreSQL may run as another account, which must get there.
        #[cfg(unix)]
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).map_err(broken)?;
        let run = folder.path().join("run");
        let own = std::process::id().to_string();
        // One that is kept for a whole process is never dropped: then its folder is removed by whoever watches the process.
        let told = script(&run, &["start", "--die-with", &own, "--remove"])?;
        Ok(Arc::new(Self { run, variables: variables(&told), databases: AtomicU32::new(0), _folder: folder }))
    }

    /// As [`Instance::start`]; where it is not installed, says so on standard error and gives none.
    ///
    /// # Panics
    /// If it is installed and does not start.
    #[must_use]
    pub fn start_or_skip(what: &str) -> Option<Arc<Self>> {
        match Self::start() {
            Ok(instance) => Some(instance),
            Err(NotThere::NotInstalled(why)) => {
                // Not by a macro, whose words the test runner would keep to itself.
                let _unread = writeln!(std::io::stderr(), "!!! SKIPPED, not tested on a real Odoo: {what}. {}", why.replace('\n', " "));
                None
            }
            #[allow(clippy::panic, reason = "a test may stop")]
            Err(NotThere::Broken(why)) => panic!("the installed Odoo does not start: {why}"),
        }
    }

    /// What the script told, such as "ODOO_URL"; "" if it did not.
    #[must_use]
    pub fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    /// Where it listens: "http://127.0.0.1:8069".
    #[must_use]
    pub fn address(&self) -> &str {
        self.variable("ODOO_URL")
    }

    /// The API key of one of the template's people: "integration", "admin", "seller", "reader", or the "expired" one.
    #[must_use]
    pub fn key(&self, login: &str) -> &str {
        self.variable(&format!("ODOO_KEY_{}", login.to_uppercase()))
    }

    /// The password of one of the template's people.
    #[must_use]
    pub fn password(&self, login: &str) -> &str {
        self.variable(&format!("ODOO_PASSWORD_{}", login.to_uppercase()))
    }

    /// A fresh company.
    ///
    /// # Errors
    /// The script failed.
    pub fn database(self: &Arc<Self>) -> Result<Database, NotThere> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("crm_{number}");
        self.script(&["database", &name])?;
        Ok(Database::new(Arc::clone(self), name))
    }

    /// Kills PostgreSQL outright.
    ///
    /// # Errors
    /// The script failed.
    pub fn crash_postgres(&self) -> Result<(), NotThere> {
        self.script(&["crash-postgres"]).map(drop)
    }

    /// Starts PostgreSQL again.
    ///
    /// # Errors
    /// The script failed.
    pub fn start_postgres(&self) -> Result<(), NotThere> {
        self.script(&["start-postgres"]).map(drop)
    }

    pub(crate) fn script(&self, arguments: &[&str]) -> Result<String, NotThere> {
        script(&self.run, arguments)
    }

    /// A statement in PostgreSQL's own client; gives what it prints.
    pub(crate) fn sql(&self, database: &str, statement: &str) -> Result<String, NotThere> {
        let mut psql = Command::new(self.variable("ODOO_PSQL"));
        psql.args(["--host", self.variable("ODOO_PG_SOCKET_DIR"), "--username", self.variable("ODOO_PG_USER")]);
        psql.args(["--dbname", database, "--no-psqlrc", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", "--command", statement]);
        finished(psql.output(), "psql")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Err(why) = self.script(&["stop", "--remove"]) {
            eprintln!("Odoo does not stop: {why}");
        }
    }
}

fn script(run: &Path, arguments: &[&str]) -> Result<String, NotThere> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("odoo.sh");
    finished(Command::new("bash").arg(file).args(arguments).env("PBX_CRM_ODOO_RUN", run).output(), "bash")
}

fn finished(output: std::io::Result<std::process::Output>, program: &str) -> Result<String, NotThere> {
    let output = match output {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            return Err(NotThere::NotInstalled(format!("`{program}` is not there: {why}")));
        }
        output => output.map_err(|why| NotThere::Broken(format!("`{program}` does not start: {why}")))?,
    };
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Some(CANNOT) => Err(NotThere::NotInstalled(told)),
        _ => Err(NotThere::Broken(told)),
    }
}

fn variables(lines: &str) -> BTreeMap<String, String> {
    lines.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
