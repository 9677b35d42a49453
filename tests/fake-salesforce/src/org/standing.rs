//! What every org has from its first day.

use std::collections::HashMap;

use super::{Org, OrgKnobs, Permissions, put::Fields, store::Journal, table::Table};
use crate::{id::Id, schema, value::Value};

/// A user of every org: first name, last name, user name's beginning, kind, profile.
type Standing = (&'static str, &'static str, &'static str, &'static str, Option<&'static str>);

/// Who is there besides the administrator. Some of these robots count as standard users, as in recorded answers.
const ROBOTS: &[Standing] = &[
    ("Automated", "Process", "autoproc", "AutomatedProcess", None),
    ("Platform", "Integration User", "cloud", "CloudIntegrationUser", None),
    ("Data.com", "Clean", "automatedclean", "AutomatedProcess", None),
    ("Integration", "User", "integration", "Standard", Some("Analytics Cloud Integration User")),
    ("Security", "User", "insightssecurity", "Standard", Some("Analytics Cloud Security User")),
    ("", "Chatter Expert", "chatty", "CsnOnly", Some("Chatter Free User")),
];

const STATUSES: &[(&str, bool)] =
    &[("Not Started", false), ("In Progress", false), ("Completed", true), ("Waiting on someone else", false), ("Deferred", false)];

impl Org {
    /// An org with its organisation row, profiles, its administrator and the users that every org has (robots among them), and nothing else.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        let mut org = Self {
            knobs: OrgKnobs::default(),
            tables: schema::standard_objects().into_iter().map(Table::new).collect(),
            organization: Id::new("00D", 1),
            administrator: Id::new("005", 1),
            permissions: HashMap::new(),
            person_accounts: false,
            journal: Journal::default(),
        };
        // What is put here is put by the fake itself into its own schema; a refusal would be a mistake in this file, which the
        // tests beside it find.
        let _ = org.put_standing(now_ms);
        org
    }

    fn put_standing(&mut self, now_ms: u64) -> Result<(), String> {
        let organization: Fields<'_> = &[
            ("Name", Value::text("Acme Telephony Fake")),
            ("OrganizationType", Value::text("Developer Edition")),
            ("InstanceName", Value::text("FAKE1")),
            ("DefaultLocaleSidKey", Value::text("en_US")),
            ("LanguageLocaleKey", Value::text("en_US")),
            ("TimeZoneSidKey", Value::text("America/Los_Angeles")),
            ("PrimaryContact", Value::text("Ada Admin")),
        ];
        self.put(now_ms, "Organization", organization, Some(self.organization), true)?;
        for (name, all) in [("System Administrator", true), ("Standard User", false)] {
            self.put_profile(now_ms, name, "Standard", all, true)?;
        }
        self.put_profile(now_ms, "Analytics Cloud Integration User", "Standard", false, true)?;
        self.put_profile(now_ms, "Analytics Cloud Security User", "Standard", false, true)?;
        self.put_profile(now_ms, "Chatter Free User", "CsnOnly", false, false)?;
        self.put_user(now_ms, "Ada", "Admin", "admin@fake.example", Some("System Administrator"), Some(self.administrator))?;
        for (first, last, start, kind, profile) in ROBOTS {
            let name = format!("{start}@{}.example", self.organization.short().to_lowercase());
            let user = self.put_user(now_ms, first, last, &name, *profile, None)?;
            self.amend(now_ms, user, &[("UserType", Value::text(kind))])?;
        }
        for (order, (label, closed)) in (1..).zip(STATUSES) {
            let status: Fields<'_> = &[
                ("MasterLabel", Value::text(label)),
                ("ApiName", Value::text(label)),
                ("SortOrder", Value::Integer(order)),
                ("IsDefault", Value::Boolean(order == 1)),
                ("IsClosed", Value::Boolean(*closed)),
            ];
            self.put(now_ms, "TaskStatus", status, None, true)?;
        }
        Ok(())
    }

    fn put_profile(&mut self, now_ms: u64, name: &str, kind: &str, all: bool, api: bool) -> Result<Id, String> {
        let profile: Fields<'_> = &[
            ("Name", Value::text(name)),
            ("UserType", Value::text(kind)),
            ("PermissionsApiEnabled", Value::Boolean(api)),
            ("PermissionsModifyAllData", Value::Boolean(all)),
            ("PermissionsViewAllData", Value::Boolean(all)),
            ("PermissionsManageUsers", Value::Boolean(all)),
            ("PermissionsViewSetup", Value::Boolean(api)),
        ];
        self.put(now_ms, "Profile", profile, None, true)
    }

    /// Adds a user whose e-mail address is the user name, with the permissions of the profile.
    ///
    /// # Errors
    /// In words, when there is no such profile or a text is too long.
    pub fn put_user(
        &mut self,
        now_ms: u64,
        first: &str,
        last: &str,
        username: &str,
        profile: Option<&str>,
        id: Option<Id>,
    ) -> Result<Id, String> {
        let profile_id = match profile {
            None => None,
            Some(name) => Some(self.profile(name).ok_or_else(|| format!("there is no profile {name}"))?),
        };
        let alias: String = username.chars().take(8).take_while(|character| *character != '@').collect();
        let mut fields = vec![
            ("FirstName", Value::text(first)),
            ("LastName", Value::text(last)),
            ("Username", Value::text(username)),
            ("Email", Value::text(username)),
            ("Alias", Value::text(&alias)),
            ("CommunityNickname", Value::text(&alias)),
            ("IsActive", Value::Boolean(true)),
        ];
        if let Some(id) = profile_id {
            fields.push(("ProfileId", Value::Reference(id)));
        }
        let user = self.put(now_ms, "User", &fields, id, true)?;
        self.set_permissions(
            user,
            match profile {
                Some("System Administrator") => Permissions::ADMINISTRATOR,
                Some("Standard User") => Permissions::STANDARD,
                _ => Permissions::NONE,
            },
        );
        Ok(user)
    }

    fn profile(&self, name: &str) -> Option<Id> {
        let object = self.object("Profile")?;
        let (_, field) = object.field("Name")?;
        self.lookup(object, field, &Value::text(name))?.first().copied()
    }
}
