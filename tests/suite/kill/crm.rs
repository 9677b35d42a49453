//! A Salesforce that listens, on real time, with an account connected to it; and all that goes wrong there.

use std::path::Path;
use std::sync::Arc;

use crm_fake::{CrmFake, Fault, FaultKind, Operation, Phone, RemoteCrm, Role, SeedRecord, SeedUser, Server, ServerOptions};
use fake_salesforce::fake::FakeSalesforce;
use pbx_crm::account::place::Place;
use pbx_crm::guests;
use pbx_crm_host::account::opening::Opening;
use pbx_crm_host::account::{AccountParts, CrmAccount};
use pbx_crm_host::component::PreparedConnector;
use pbx_crm_host::credential::connection::Client;
use pbx_crm_host::credential::endpoint::ByWire;
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::refresh::Credentials;
use pbx_crm_host::credential::secret::Secret;
use pbx_crm_host::credential::store::CredentialStore;
use pbx_crm_host::egress::Wire;
use pbx_crm_host::egress::sockets::Sockets;
use pbx_crm_host::egress::target::OnPremises;
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::host::now;
use pbx_crm_host::settings::Settings;

use crate::chance::Chance;
use crate::checker::{EntryFact, RecordFact};
use crate::office::{self, EXTENSIONS};

/// See the module.
pub struct Salesforce {
    server: Server,
    control: RemoteCrm,
    /// The CRM's own ids of the users, in the order of the extensions.
    users: Vec<String>,
}

impl Salesforce {
    /// With a user for each extension, and everybody who is known.
    pub fn start() -> Self {
        let options = ServerOptions { real_time_from: Some(now()), workers: 2, ..ServerOptions::default() };
        let server = Server::start_with(Box::new(FakeSalesforce::new(now())), &options).unwrap();
        let mut control = RemoteCrm::connect(server.address()).unwrap();
        let user = |extension: &&str| SeedUser {
            id: Some(format!("user-{extension}")),
            name: format!("Agent {extension}"),
            email: format!("{extension}@acme.example"),
            active: true,
        };
        // An allowance that is used up would end the run with work that waits for tomorrow.
        control.knob(now(), "quota", serde_json::json!({ "max": 10_000_000 })).unwrap();
        control.seed_users(now(), EXTENSIONS.iter().map(user).collect()).unwrap();
        let users = EXTENSIONS.iter().map(|extension| control.own_id(&format!("user-{extension}"))).collect();
        let known = |index: u64| {
            let mut record = SeedRecord::new(Role::Person);
            record.name = Some(format!("Caller Number{index}"));
            record.phones = vec![Phone { label: "mobile".to_owned(), number: office::number(index) }];
            record
        };
        control.seed(now(), (0..office::KNOWN).map(known).collect()).unwrap();
        Self { server, control, users }
    }

    /// Connects the account, as an administrator would, and writes what the host is set up with.
    pub fn connect(&mut self, folder: &Path, setup: &Path) {
        let opened = Place::of(Some(folder.to_owned())).unwrap().open_or_make(now()).unwrap_or_else(|why| panic!("{why}"));
        let store: Arc<dyn CredentialStore> = opened.store;
        let address = self.server.address().to_owned();
        let connector = PreparedConnector::load(&SandboxEngine::new().unwrap(), &guests::connector("salesforce").unwrap()).unwrap();
        let wire: Arc<dyn Wire> = Arc::new(Sockets::new(OnPremises::default().with(&address).unwrap()));
        let account = CrmAccount::new(AccountParts {
            settings: Settings::new(connector.schema().to_vec()),
            connector: Arc::new(connector),
            account: "salesforce".to_owned(),
            language: "en".to_owned(),
            credentials: Arc::new(Credentials::new(store.clone(), Arc::new(ByWire(wire.clone())))),
            store,
            wire,
            entropy: Arc::new(SystemEntropy),
            on_premises: vec![address.clone()],
        })
        .unwrap_or_else(|why| panic!("{why:?}"));
        let app = self.control.application(&address).unwrap();
        let opening = Opening {
            login: app.login,
            client: Client { id: app.client_id, secret: Some(Secret::new(app.client_secret)) },
            redirect_uri: "http://localhost:8080/callback".to_owned(),
        };
        let url = account.begin(&opening, "session", now()).unwrap_or_else(|trouble| panic!("{trouble}"));
        let callback = self.control.person_approves(now(), &url).unwrap();
        let query = callback.split_once('?').unwrap().1;
        account.finish(query, "session", now()).unwrap_or_else(|trouble| panic!("{trouble}"));
        let mut text = "title = \"An office whose host is killed\"\nsettings.\"create.mode\" = \"automatic\"\n".to_owned();
        for (extension, user) in EXTENSIONS.iter().zip(&self.users) {
            text.push_str(&format!(
                "[[extension]]\nid = \"{extension}\"\nname = \"Agent {extension}\"\n[[crm.user]]\nid = \"{user}\"\nname = \"Agent {extension}\"\n\
                 [[binding]]\nuser = \"{user}\"\nextensions = [\"{extension}\"]\n"
            ));
        }
        std::fs::write(setup, text).unwrap();
    }

    /// The CRM's own id of an extension's user.
    pub fn user_of(&self, extension: &str) -> &str {
        let index = EXTENSIONS.iter().position(|known| *known == extension).unwrap();
        &self.users[index]
    }

    /// Something goes wrong with the next requests.
    pub fn misbehave(&mut self, chance: &mut Chance) {
        let writes: &[Operation] = &[Operation::Write, Operation::Create];
        let all: &[Operation] =
            &[Operation::Find, Operation::ExactCheck, Operation::Create, Operation::FindCreated, Operation::Write, Operation::FindWritten];
        let delay = FaultKind::Delay { ms: 20, to_ms: Some(400) };
        let patience = FaultKind::Status { status: 503, body: None, retry_after: Some("1".to_owned()) };
        let (what, on, times) = match chance.below(8) {
            0 | 1 => (FaultKind::CommitAfterCut { ms: 200 + chance.below(15_000) }, writes, 1),
            2 | 3 => (FaultKind::CutAfterCommit, writes, 1),
            4 => (FaultKind::CutBeforeCommit, all, 1),
            5 => (FaultKind::Garbled, writes, 1),
            6 => (patience, all, 1 + u32::try_from(chance.below(3)).unwrap()),
            _ => (delay, all, 10),
        };
        self.control.inject(Fault::always(what).on(on).times(times)).unwrap();
    }

    /// Nothing goes wrong any more.
    pub fn behave(&mut self) {
        self.control.clear_faults();
    }

    pub fn entries(&self) -> Vec<EntryFact> {
        let entry = |activity: crm_fake::Activity| EntryFact { key: activity.key.unwrap_or_default(), record: activity.record };
        self.control.activities().into_iter().map(entry).collect()
    }

    pub fn records(&self) -> Vec<RecordFact> {
        let numbers = |phones: Vec<Phone>| phones.into_iter().map(|phone| phone.number).collect();
        self.control.records().into_iter().map(|record| RecordFact { id: record.id, numbers: numbers(record.phones) }).collect()
    }
}
