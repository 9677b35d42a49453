//! The whole host over real sockets.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crm_fake::{Activity, CrmFake};
use odoo_server::Instance;
use pbx_crm::guests;
use pbx_crm_host::account::{AccountParts, CrmAccount};
use pbx_crm_host::binding::Binding;
use pbx_crm_host::bindings::base::types::{Direction, SettingValue};
use pbx_crm_host::bindings::crm::connections::User;
use pbx_crm_host::bindings::crm::types::UserRef;
use pbx_crm_host::bindings::hooks::calls::Via;
use pbx_crm_host::bindings::hooks::clients::{Card, Lifetime};
use pbx_crm_host::component::PreparedConnector;
use pbx_crm_host::core::io::Reply;
use pbx_crm_host::credential::endpoint::ByWire;
use pbx_crm_host::credential::entropy::SystemEntropy;
use pbx_crm_host::credential::refresh::Credentials;
use pbx_crm_host::credential::secret::Secret;
use pbx_crm_host::credential::store::{CredentialStore, MemoryStore};
use pbx_crm_host::egress::Wire;
use pbx_crm_host::egress::sockets::Sockets;
use pbx_crm_host::egress::target::OnPremises;
use pbx_crm_host::engine::SandboxEngine;
use pbx_crm_host::event::{CallEvent, Happening, Start};
use pbx_crm_host::host::{Clients, ConnectorSetup, Host, Texts, now};
use pbx_crm_host::pbx::StaticPbx;
use pbx_crm_host::settings::Settings;

use super::office;

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells which pages open.
struct Screens(mpsc::Sender<String>);

impl Clients for Screens {
    fn show_card(&mut self, _extension: &str, _call: &str, _card: &Card, _texts: &Texts) {}
    fn remove_card(&mut self, _extension: &str, _call: &str) {}
    fn open_page(&mut self, _extension: &str, _call: &str, link: &str, _title: &str, _lifetime: &Lifetime) {
        let _ = self.0.send(link.to_owned());
    }
    fn left_call(&mut self, _extension: &str, _call: &str) {}
    fn reply(&mut self, _request: &str, _reply: &Reply, _texts: &Texts) {}
}

#[test]
fn m_pop_1_m_log_3_a_host_finds_pops_and_journals_over_real_sockets() {
    let Some(instance) = Instance::start_or_skip("the whole host over real sockets") else { return };
    let crm = office(&instance);
    let settings = [("address", instance.address().to_owned()), ("database", crm.database().name().to_owned())];
    let store: Arc<dyn CredentialStore> = Arc::new(MemoryStore::new());
    enter(&instance, &settings, &store);

    let (sender, pages) = mpsc::channel();
    let mut setup = ConnectorSetup::new("odoo", guests::connector("odoo").unwrap());
    setup.settings = settings.iter().map(|(key, value)| ((*key).to_owned(), value.as_str().into())).collect();
    let reference = UserRef { connector: "odoo".to_owned(), id: crm.own_id("ann") };
    let user = User { reference, name: "Ann Field".to_owned(), email: String::new(), active: true, extras: Vec::new() };
    let host = Host::builder()
        .plugin(guests::policy())
        .connector(setup)
        .bind(Binding { user, extensions: vec!["1001".to_owned()], groups: Vec::new() })
        .pbx(StaticPbx::new("US", "America/New_York").with_extension("1001", "Ann Field", None))
        .clients(Screens(sender))
        .credentials(store)
        .start()
        .unwrap_or_else(|why| panic!("{why}"));
    let tell = |happening| host.call(CallEvent::new("one", now(), happening)).unwrap();
    let leg = || "phone-1".to_owned();
    tell(Happening::Started(Start::new(Direction::Inbound, "+15550100142", "+15550100100")));
    tell(Happening::Ringing { leg: leg(), extension: "1001".to_owned(), via: Via::Direct });
    tell(Happening::Answered { leg: leg(), extension: Some("1001".to_owned()) });
    let page = pages.recv_timeout(PATIENCE).unwrap();
    assert_eq!(page, format!("{}/odoo/res.partner/{}", instance.address(), crm.own_id("maria")));
    tell(Happening::Ended { outcome: None });
    let entries = wait_for(&crm, 1);
    assert_eq!(entries.len(), 1);
    assert!(entries.iter().all(|entry| entry.record == "maria" && entry.user.as_deref() == Some("ann")), "{entries:?}");
    host.stop();
}

/// Opens the account as an administrator does.
fn enter(instance: &Instance, given: &[(&str, String)], store: &Arc<dyn CredentialStore>) {
    let connector = PreparedConnector::load(&SandboxEngine::new().unwrap(), &guests::connector("odoo").unwrap()).unwrap();
    let mut settings = Settings::new(connector.schema().to_vec());
    for (key, value) in given {
        settings.set(key, SettingValue::Text(value.clone())).unwrap();
    }
    let marked = OnPremises::default().with(instance.address()).unwrap();
    let wire: Arc<dyn Wire> = Arc::new(Sockets::new(marked));
    let account = CrmAccount::new(AccountParts {
        settings,
        connector: Arc::new(connector),
        account: "odoo".to_owned(),
        language: "en".to_owned(),
        credentials: Arc::new(Credentials::new(store.clone(), Arc::new(ByWire(wire.clone())))),
        store: store.clone(),
        wire,
        entropy: Arc::new(SystemEntropy),
        on_premises: vec![instance.address().to_owned()],
    });
    let key = Secret::new(instance.key("integration"));
    let opened = account.unwrap().enter(vec![("key".to_owned(), key)], now()).unwrap_or_else(|trouble| panic!("{trouble}"));
    assert_eq!((opened.who.user_name.as_str(), opened.who.organisation_name.as_str()), ("Integration", "My Company"));
    assert!(opened.warnings.is_empty(), "{:?}", opened.warnings);
}

/// Waits until so many calls stand in the histories.
fn wait_for(crm: &dyn CrmFake, count: usize) -> Vec<Activity> {
    let begun = Instant::now();
    loop {
        let activities = crm.activities();
        if activities.len() >= count || begun.elapsed() > PATIENCE {
            return activities;
        }
        std::thread::yield_now();
    }
}
