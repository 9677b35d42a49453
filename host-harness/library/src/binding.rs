//! Which extension belongs to which CRM user.

use std::collections::BTreeMap;

use crate::bindings::crm::connections::User;
use crate::pbx::Pbx;

/// A CRM user and the extensions and groups bound to them.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The user, with the connector in their reference.
    pub user: User,
    /// Bound directly.
    pub extensions: Vec<String>,
    /// Bound with all their members, as they are at the time of asking.
    pub groups: Vec<String>,
}

/// An extension would belong to two users of one CRM.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("extension {extension} cannot be bound to {second}: it is bound to {first} already. Remove it there first.")]
pub struct Conflict {
    /// The extension or group.
    pub extension: String,
    /// Who has it.
    pub first: String,
    /// Who was to get it.
    pub second: String,
}

/// All bindings of a PBX. An extension belongs to at most one user per CRM.
#[derive(Debug, Clone, Default)]
pub struct Bindings {
    of_connector: BTreeMap<String, Vec<Binding>>,
}

impl Bindings {
    /// Adds a user's bindings.
    ///
    /// # Errors
    /// An extension or group is bound to another user of that CRM; nothing is taken.
    pub fn bind(&mut self, binding: Binding) -> Result<(), Conflict> {
        let users = self.of_connector.entry(binding.user.reference.connector.clone()).or_default();
        for known in users.iter().filter(|known| known.user.reference != binding.user.reference) {
            let twice = binding
                .extensions
                .iter()
                .find(|id| known.extensions.contains(id))
                .or_else(|| binding.groups.iter().find(|id| known.groups.contains(id)));
            if let Some(twice) = twice {
                return Err(Conflict { extension: twice.clone(), first: known.user.name.clone(), second: binding.user.name.clone() });
            }
        }
        users.push(binding);
        Ok(())
    }

    /// The user at that connector. A direct binding beats a group; of several groups the one that was bound first.
    #[must_use]
    pub fn user_of(&self, extension: &str, connector: &str, pbx: &dyn Pbx) -> Option<&User> {
        let users = self.of_connector.get(connector)?;
        let direct = users.iter().find(|binding| binding.extensions.iter().any(|id| id == extension));
        direct
            .or_else(|| {
                users.iter().find(|binding| {
                    binding
                        .groups
                        .iter()
                        .filter_map(|group| pbx.group(group))
                        .any(|group| group.members.iter().any(|member| member == extension))
                })
            })
            .map(|binding| &binding.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::crm::types::UserRef;
    use crate::bindings::hooks::directory::{Group, GroupKind};
    use crate::pbx::StaticPbx;

    fn binding(user: &str, extensions: &[&str], groups: &[&str]) -> Binding {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Binding {
            user: User {
                reference: UserRef { connector: "c".into(), id: user.into() },
                name: user.into(),
                email: String::new(),
                active: true,
                extras: vec![],
            },
            extensions: list(extensions),
            groups: list(groups),
        }
    }

    #[test]
    fn m_bind_2_a_conflict_names_both_and_a_direct_binding_beats_a_group() {
        let members = vec!["1001".to_owned(), "1002".to_owned()];
        let pbx = StaticPbx::new("US", "UTC").with_group(Group {
            id: "g".into(),
            name: "G".into(),
            kind: GroupKind::ExtensionGroup,
            members,
            extras: vec![],
        });
        let mut bindings = Bindings::default();
        bindings.bind(binding("Ann", &["1001"], &[])).unwrap();
        bindings.bind(binding("Bob", &[], &["g"])).unwrap();
        let conflict = bindings.bind(binding("Cleo", &["1001"], &[])).unwrap_err();
        assert!(conflict.to_string().contains("Cleo") && conflict.to_string().contains("Ann"));
        assert_eq!(bindings.user_of("1001", "c", &pbx).unwrap().name, "Ann");
        assert_eq!(bindings.user_of("1002", "c", &pbx).unwrap().name, "Bob");
        assert!(bindings.user_of("1003", "c", &pbx).is_none());
        assert!(bindings.user_of("1001", "other", &pbx).is_none());
    }
}
