use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Instance, NotThere};

/// How long a database may be away before a test cannot look into it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A company in an Odoo.
#[derive(Debug)]
pub struct Database {
    instance: Arc<Instance>,
    name: String,
    agent: ureq::Agent,
}

impl Database {
    pub(crate) fn new(instance: Arc<Instance>, name: String) -> Self {
        let settings = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self { instance, name, agent: settings.into() }
    }

    /// Its name, which goes into the header `X-Odoo-Database`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Calls a method as one of the template's people, such as "admin". Gives the bare result.
    ///
    /// # Errors
    /// What Odoo answered instead, or why it did not.
    pub fn call(&self, login: &str, model: &str, method: &str, arguments: &Value) -> Result<Value, String> {
        let url = format!("{}/json/2/{model}/{method}", self.instance.address());
        let request = self
            .agent
            .post(&url)
            .header("authorization", format!("bearer {}", self.instance.key(login)))
            .header("x-odoo-database", &self.name)
            .header("content-type", "application/json");
        let mut answer = request.send(arguments.to_string()).map_err(|why| format!("{model}.{method}: {why}"))?;
        let text = answer.body_mut().read_to_string().map_err(|why| format!("{model}.{method}: {why}"))?;
        if answer.status() != 200 {
            let said = serde_json::from_str::<Value>(&text).ok().and_then(|said| Some(said.get("message")?.as_str()?.to_owned()));
            return Err(format!("{model}.{method}: status {}: {}", answer.status(), said.unwrap_or(text)));
        }
        serde_json::from_str(&text).map_err(|why| format!("{model}.{method}: {why}: {text}"))
    }

    /// Makes one record as the administrator; gives its id.
    ///
    /// # Errors
    /// Odoo refused.
    pub fn create(&self, model: &str, values: &Value) -> Result<u64, String> {
        let made = self.call("admin", model, "create", &json!({ "vals_list": [values], "context": { "no_reset_password": true } }))?;
        made.pointer("/0").and_then(Value::as_u64).ok_or_else(|| format!("{model}.create answered {made}"))
    }

    /// Rows as the administrator sees them, archived ones included, by id.
    ///
    /// # Errors
    /// Odoo refused.
    pub fn rows(&self, model: &str, domain: &Value, fields: &[&str]) -> Result<Vec<Value>, String> {
        let arguments = json!({ "domain": domain, "fields": fields, "order": "id", "context": { "active_test": false } });
        let begun = Instant::now();
        let rows = loop {
            match self.call("admin", model, "search_read", &arguments) {
                // A test may just have killed PostgreSQL, and when that is back each connection of Odoo's to it fails once.
                Err(_) if begun.elapsed() < PATIENCE => std::thread::yield_now(),
                told => break told?,
            }
        };
        rows.as_array().cloned().ok_or_else(|| format!("{model}.search_read answered {rows}"))
    }

    /// A statement in the database itself, for what Odoo lets nobody do, such as changing when a record was changed.
    ///
    /// # Errors
    /// PostgreSQL refused.
    pub fn sql(&self, statement: &str) -> Result<String, NotThere> {
        self.instance.sql(&self.name, statement)
    }

    /// Sends a request of whatever kind to the server. Gives status, content type and body.
    ///
    /// # Errors
    /// It did not answer.
    pub(crate) fn forward(&self, request: &http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, String> {
        let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let mut sent = http::Request::builder().method(request.method()).uri(format!("{}{path}", self.instance.address()));
        for (name, value) in request.headers() {
            if *name != http::header::HOST && *name != http::header::CONTENT_LENGTH {
                sent = sent.header(name, value);
            }
        }
        let sent = sent.body(request.body().clone()).map_err(|why| why.to_string())?;
        let mut answer = self.agent.run(sent).map_err(|why| why.to_string())?;
        let body = answer.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec().map_err(|why| why.to_string())?;
        let mut response = http::Response::new(body);
        *response.status_mut() = answer.status();
        if let Some(kind) = answer.headers().get(http::header::CONTENT_TYPE) {
            response.headers_mut().insert(http::header::CONTENT_TYPE, kind.clone());
        }
        Ok(response)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(why) = self.instance.script(&["drop", &self.name]) {
            eprintln!("the database {} is not dropped: {why}", self.name);
        }
    }
}
