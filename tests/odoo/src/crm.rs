use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::JoinHandle;

use crm_fake::{
    Activity, Answer, ControlError, CrmFake, Fault, FaultKind, Faults, LateCommits, Operation, Outcome, Record, RecordedRequest,
    RequestLog, SeedRecord, SeedUser, wire,
};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::{Database, Instance, NotThere, chatter, rows};

/// A database of a real Odoo as the CRM of a scenario.
///
/// The connector's requests are carried to the server, whose answers come back as they are; faults lie in between. People who type in records, and the
/// test that looks at them, go through Odoo's own API as its administrator.
///
/// Odoo's clock is the machine's, so the fault `clock-shift` is refused. It has no search index that lags, so `search-lag` does nothing: a CRM cannot be
/// made to misbehave in a way that it does not have.
pub struct OdooCrm {
    database: Arc<Database>,
    faults: Faults,
    late: LateCommits,
    requests: RequestLog,
    operation: Operation,
    /// The connector's call to which the next request belongs; none: nobody has told.
    call: Option<u64>,
    /// Calls to which their faults have happened.
    decided: BTreeSet<u64>,
    names: Names,
    /// What was typed in by the one that this is [`OdooCrm::beside`].
    shared: Names,
    /// The highest ids of the template.
    before: BTreeMap<&'static str, u64>,
    /// What happens beside requests.
    beside: Option<Beside>,
    /// Why what it tells cannot be believed.
    broken: OnceCell<ControlError>,
}

/// Begins something that goes on beside a request; none: nothing this time.
type Beside = Box<dyn Fn() -> Option<JoinHandle<()>> + Send>;

/// Where records are made and calls are written.
const WORK: [&str; 3] = ["/json/2/res.partner/load", "/json/2/crm.lead/load", "/json/2/mail.message/load"];

fn refused() -> Answer {
    Answer { after_ms: 0, pace: None, outcome: Outcome::Refused }
}

/// What tests call records and users.
#[derive(Clone, Debug, Default)]
struct Names {
    records: BTreeMap<String, (&'static str, u64)>,
    users: BTreeMap<String, User>,
}

#[derive(Clone, Copy, Debug)]
struct User {
    id: u64,
    partner: u64,
}

impl OdooCrm {
    /// In a fresh database.
    ///
    /// # Errors
    /// It could not be made.
    pub fn new(instance: &Arc<Instance>) -> Result<Self, NotThere> {
        let database = instance.database()?;
        // So that no contact has the id of a lead: a test that mixes them up shall fail.
        database.sql("alter sequence crm_lead_id_seq restart with 500001")?;
        let mut before = BTreeMap::new();
        for (model, table) in [(rows::PARTNER, "res_partner"), (rows::LEAD, "crm_lead")] {
            let highest = database.sql(&format!("select coalesce(max(id), 0) from {table}"))?;
            before.insert(model, highest.trim().parse().unwrap_or(0));
        }
        Ok(Self {
            database: Arc::new(database),
            faults: Faults::default(),
            late: LateCommits::default(),
            requests: RequestLog::default(),
            operation: Operation::Verify,
            call: None,
            decided: BTreeSet::new(),
            names: Names::default(),
            shared: Names::default(),
            before,
            beside: None,
            broken: OnceCell::new(),
        })
    }

    /// The same database as another host sees it: without faults, and with the names of what was typed in so far. What is typed in again under such a
    /// name is taken as what is there.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self {
            database: Arc::clone(&self.database),
            faults: Faults::default(),
            late: LateCommits::default(),
            requests: RequestLog::default(),
            operation: Operation::Verify,
            call: None,
            decided: BTreeSet::new(),
            names: self.names.clone(),
            shared: self.names.clone(),
            before: self.before.clone(),
            beside: None,
            broken: OnceCell::new(),
        }
    }

    /// With something that may happen beside each request of a connector's call. It is over before the request's answer is given.
    #[must_use]
    pub fn with_beside(mut self, begin: impl Fn() -> Option<JoinHandle<()>> + Send + 'static) -> Self {
        self.beside = Some(Box::new(begin));
        self
    }

    /// Its database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    fn carry(database: &Database, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        database.forward(request).unwrap_or_else(|why| wire::error(502, &why))
    }

    /// What the server makes of a request, and the faults of it.
    fn answered(&mut self, now_ms: u64, request: Request<Vec<u8>>) -> Answer {
        self.commit_late(now_ms);
        if !self.decides(&request) {
            let answer = if self.is_away() { refused() } else { Answer::now(Self::carry(&self.database, &request)) };
            self.requests.note(now_ms, request.method(), request.uri(), self.operation, &answer, 1);
            return answer;
        }
        let plan = self.faults.plan(self.operation);
        let commits_at = plan.commits_at(now_ms);
        let answer = plan.run(|| Self::carry(&self.database, &request));
        self.requests.note(now_ms, request.method(), request.uri(), self.operation, &answer, 1);
        if let Some(at_ms) = commits_at {
            self.late.keep(at_ms, request);
        }
        answer
    }
    /// All records that were not in the template and are no users' own, oldest first.
    fn rows(&self) -> Result<Vec<Row>, String> {
        let people: BTreeSet<u64> = self.names.users.values().map(|user| user.partner).collect();
        let mut rows = Vec::new();
        for (model, before) in &self.before {
            for values in self.database.rows(model, &json!([["id", ">", before]]), rows::fields(model))? {
                let id = values.get("id").and_then(Value::as_u64).unwrap_or_default();
                if *model != rows::PARTNER || !people.contains(&id) {
                    rows.push(Row { model, id, values });
                }
            }
        }
        rows.sort_by_key(|row| (row.values.get("create_date").and_then(Value::as_str).unwrap_or_default().to_owned(), row.id));
        Ok(rows)
    }

    /// Records that the test has not heard of get the next free numbers.
    fn name_new(&mut self) {
        for row in self.believed(self.rows()) {
            if self.names.of_record(row.model, row.id).is_none() {
                let name = self.names.next_free();
                self.names.records.insert(name, (row.model, row.id));
            }
        }
    }

    /// A call of the connector may need several requests, and a fault happens to it once: to the request that does the work, or to the first one of
    /// a call that only reads.
    fn decides(&mut self, request: &Request<Vec<u8>>) -> bool {
        let Some(call) = self.call else { return true };
        let works = WORK.contains(&request.uri().path());
        let reads = !matches!(self.operation, Operation::Create | Operation::Write | Operation::Amend);
        (works || reads) && self.decided.insert(call)
    }

    /// No request gets through at all, whatever it is for.
    fn is_away(&self) -> bool {
        let away = |fault: &&Fault| fault.what == FaultKind::Unreachable && fault.times.is_none() && fault.concerns(self.operation);
        self.faults.active().iter().any(|fault| away(&fault))
    }

    fn commit_late(&mut self, now_ms: u64) {
        while let Some((_, request)) = self.late.due(now_ms) {
            let _undelivered = Self::carry(&self.database, &request);
        }
    }

    fn try_activities(&self) -> Result<Vec<Activity>, String> {
        let domain = json!([["message_id", "like", chatter::MARK]]);
        let rows = self.database.rows("mail.message", &domain, &chatter::FIELDS)?;
        let activity = |row: &Value| {
            let model = row.get("model").and_then(Value::as_str).unwrap_or_default();
            let id = row.get("res_id").and_then(Value::as_u64).unwrap_or_default();
            let record = self.names.of_record(model, id).unwrap_or_else(|| format!("{model},{id}"));
            let author = row.pointer("/author_id/0").and_then(Value::as_u64);
            let user = self.names.users.iter().find(|(_, user)| Some(user.partner) == author).map(|(name, _)| name.clone());
            chatter::activity(row, record, user)
        };
        Ok(rows.iter().map(activity).collect())
    }

    fn type_in(&mut self, record: &SeedRecord) -> Result<String, ControlError> {
        let name = record.id.clone().unwrap_or_else(|| self.names.next_free());
        if self.shared.records.contains_key(&name) {
            return Ok(name);
        }
        if self.names.records.contains_key(&name) {
            return Err(ControlError::Invalid(format!("there is a record `{name}` already")));
        }
        let owner = match &record.owner {
            Some(owner) => {
                let user = self.names.users.get(owner).ok_or_else(|| ControlError::Invalid(format!("there is no user `{owner}`")))?;
                Some(user.id)
            }
            None => None,
        };
        let model = rows::model(record.role);
        let values = rows::typed(record, owner).map_err(ControlError::Unsupported)?;
        let id = self.database.create(model, &values).map_err(ControlError::Invalid)?;
        if let Some(changed_at) = record.changed_at {
            let table = model.replace('.', "_");
            let statement =
                format!("update {table} set write_date = to_timestamp({changed_at} / 1000.0) at time zone 'UTC' where id = {id}");
            self.database.sql(&statement).map_err(|why| ControlError::Invalid(why.to_string()))?;
        }
        self.names.records.insert(name.clone(), (model, id));
        Ok(name)
    }

    /// A test that cannot see what stands in Odoo must not take that for nothing.
    fn believed<T: Default>(&self, told: Result<T, String>) -> T {
        told.unwrap_or_else(|why| {
            let _first = self.broken.set(ControlError::Invalid(format!("Odoo does not tell what stands in it: {why}")));
            T::default()
        })
    }
}

/// A row of one of the tables of callers.
struct Row {
    model: &'static str,
    id: u64,
    values: Value,
}

impl Names {
    fn next_free(&self) -> String {
        let mut number = 1_u64;
        while self.records.contains_key(&number.to_string()) {
            number += 1;
        }
        number.to_string()
    }

    fn of_record(&self, model: &str, id: u64) -> Option<String> {
        self.records.iter().find(|(_, place)| **place == (model, id)).map(|(name, _)| name.clone())
    }

    /// Of the user in `user_id`.
    fn of_user(&self, row: &Value) -> Option<String> {
        let id = row.pointer("/user_id/0").and_then(Value::as_u64)?;
        self.users.iter().find(|(_, user)| user.id == id).map(|(name, _)| name.clone())
    }
}

impl CrmFake for OdooCrm {
    fn name(&self) -> &str {
        "odoo"
    }

    fn lost(&self) -> Option<&ControlError> {
        self.broken.get()
    }

    fn settings(&self, address: &str) -> Vec<(String, Value)> {
        vec![("address".to_owned(), address.into()), ("database".to_owned(), self.database.name().into())]
    }

    fn during(&mut self, call: u64, function: &str) {
        self.operation = serde_json::from_value(function.into()).unwrap_or(Operation::Other);
        self.call = Some(call);
    }

    fn secret(&self) -> Option<Vec<(String, String)>> {
        Some(vec![("key".to_owned(), self.database.instance().key("integration").to_owned())])
    }

    fn answer(&mut self, now_ms: u64, request: Request<Vec<u8>>) -> Answer {
        // An administrator connects the account before anything else happens.
        let beside = self.beside.as_ref().filter(|_| self.call.is_some()).and_then(|begin| begin());
        let answer = self.answered(now_ms, request);
        if beside.is_some_and(|beside| beside.join().is_err()) {
            let _first = self.broken.set(ControlError::Invalid("what happened beside a request failed".to_owned()));
        }
        answer
    }

    fn seed(&mut self, _now_ms: u64, records: Vec<SeedRecord>) -> Result<Vec<String>, ControlError> {
        records.iter().map(|record| self.type_in(record)).collect()
    }

    fn records(&self) -> Vec<Record> {
        let shown = |row: Row| {
            let name = self.names.of_record(row.model, row.id).unwrap_or_else(|| format!("{},{}", row.model, row.id));
            rows::shown(row.model, &row.values, name, self.names.of_user(&row.values))
        };
        self.believed(self.rows()).into_iter().map(shown).collect()
    }

    fn activities(&self) -> Vec<Activity> {
        self.believed(self.try_activities())
    }

    fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.all()
    }

    fn inject(&mut self, fault: Fault) -> Result<(), ControlError> {
        match fault.what {
            FaultKind::ClockShift { .. } => Err(ControlError::Unsupported("Odoo's clock is the machine's".to_owned())),
            _ => self.faults.inject(fault),
        }
    }

    fn clear_faults(&mut self) {
        self.faults.clear();
    }

    fn advance(&mut self, now_ms: u64) {
        self.commit_late(now_ms);
        self.name_new();
    }

    fn seed_users(&mut self, _now_ms: u64, users: Vec<SeedUser>) -> Result<Vec<String>, ControlError> {
        let mut names = Vec::new();
        for user in users {
            let name = user.id.clone().unwrap_or_else(|| format!("user-{}", self.names.users.len() + 1));
            if self.shared.users.contains_key(&name) {
                names.push(name);
                continue;
            }
            let mut values = json!({ "name": user.name, "login": format!("{name}@people.test"), "active": user.active });
            if let Some(values) = values.as_object_mut().filter(|_| !user.email.is_empty()) {
                values.insert("email".to_owned(), user.email.clone().into());
            }
            let id = self.database.create("res.users", &values).map_err(ControlError::Invalid)?;
            let row = self.database.rows("res.users", &json!([["id", "=", id]]), &["partner_id"]).map_err(ControlError::Invalid)?;
            let partner = row.first().and_then(|row| row.pointer("/partner_id/0")).and_then(Value::as_u64).unwrap_or_default();
            self.names.users.insert(name.clone(), User { id, partner });
            names.push(name);
        }
        Ok(names)
    }

    fn own_id(&self, name: &str) -> String {
        let user = self.names.users.get(name).map(|user| user.id);
        user.or(self.names.records.get(name).map(|(_, id)| *id)).map_or_else(|| name.to_owned(), |id| id.to_string())
    }
}
