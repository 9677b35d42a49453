//! Who may do and see what.

use std::sync::Arc;

use super::{Org, Row, knobs::Access, store::Indexed};
use crate::{id::Id, schema::Field, schema::ObjectType, value::Value};

/// What a user may do, permission sets included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Permissions {
    /// API Enabled.
    pub api: bool,
    /// Modify All Data and View All Data: an administrator for our purposes.
    pub all_data: bool,
    /// Manage Internal Users.
    pub manage_users: bool,
    /// View Setup and Configuration; `/limits` asks for it.
    pub view_setup: bool,
}

impl Permissions {
    /// An administrator's.
    pub const ADMINISTRATOR: Self = Self { api: true, all_data: true, manage_users: true, view_setup: true };
    /// Those of a user who works with the API.
    pub const STANDARD: Self = Self { api: true, all_data: false, manage_users: false, view_setup: true };
    /// Robots and free users.
    pub const NONE: Self = Self { api: false, all_data: false, manage_users: false, view_setup: false };
}

impl Org {
    /// What a user may do; nothing, if it is no user.
    #[must_use]
    pub fn permissions(&self, user: Id) -> Permissions {
        self.permissions.get(&user).map_or(Permissions::NONE, |(_, permissions)| *permissions)
    }

    /// Sets what a user may do; its row of `UserPermissionAccess` follows.
    pub fn set_permissions(&mut self, user: Id, permissions: Permissions) {
        let Some(table) = self.table_of("UserPermissionAccess") else { return };
        let Some(there) = self.tables.get_mut(table) else { return };
        let id = self.permissions.get(&user).map(|(id, _)| *id).unwrap_or_else(|| there.next_id());
        let mut row = there.blank(id);
        let object = Arc::clone(&there.object);
        for (name, allowed) in [
            ("PermissionsApiEnabled", permissions.api),
            ("PermissionsModifyAllData", permissions.all_data),
            ("PermissionsViewAllData", permissions.all_data),
            ("PermissionsManageUsers", permissions.manage_users),
            ("PermissionsViewSetup", permissions.view_setup),
        ] {
            row.set(&object, name, Value::Boolean(allowed));
        }
        self.permissions.insert(user, (id, permissions));
        self.store(table, row, Indexed::Always);
    }

    /// May this user see the row? Says nothing about deletion.
    #[must_use]
    pub fn visible(&self, user: Id, row: &Row) -> bool {
        let Some(table) = self.tables.iter().find(|table| table.object.prefix == row.id.prefix()) else { return false };
        let name = table.object.name;
        if name == "UserPermissionAccess" {
            return self.permissions.get(&user).is_some_and(|(id, _)| *id == row.id);
        }
        let Some(owner) = table.places.owner else { return true };
        let private = self.knobs.private_objects.iter().any(|object| object.eq_ignore_ascii_case(name))
            || name == "Contact"
                && self.knobs.contacts_without_account_are_private
                && table.object.field("AccountId").is_some_and(|(place, _)| row.get(place).is_null());
        if !private || self.permissions(user).all_data {
            return true;
        }
        // What a queue owns is for all of its members, and the fake's queues have everybody.
        row.get(owner).as_id().is_none_or(|owner| owner == user || owner.prefix() == "00G")
    }

    /// May this user read the object at all? If not, it is to the user as if it did not exist.
    #[must_use]
    pub fn may_read(&self, user: Id, object: &ObjectType) -> bool {
        !self.restricted(user, object, |access| access == Access::None)
    }

    /// May this user write the object's rows?
    #[must_use]
    pub fn may_write(&self, user: Id, object: &ObjectType) -> bool {
        !self.restricted(user, object, |_| true)
    }

    fn restricted(&self, user: Id, object: &ObjectType, by: impl Fn(Access) -> bool) -> bool {
        self.knobs
            .object_access
            .iter()
            .any(|rule| rule.object.eq_ignore_ascii_case(object.name) && rule.user.is_none_or(|whom| whom == user) && by(rule.access))
    }

    /// May this user see the field? If not, it is to the user as if it did not exist.
    #[must_use]
    pub fn may_see(&self, user: Id, object: &ObjectType, field: &Field) -> bool {
        !self.knobs.hidden_fields.iter().any(|hidden| {
            hidden.object.eq_ignore_ascii_case(object.name)
                && hidden.field.eq_ignore_ascii_case(field.name)
                && hidden.user.is_none_or(|whom| whom == user)
        })
    }

    /// The object as this user knows it: without the fields that are hidden. None: the user may not read it.
    #[must_use]
    pub fn object_for(&self, user: Id, name: &str) -> Option<ObjectType> {
        let mut object = self.object(name).filter(|object| self.may_read(user, object))?.clone();
        let fields = std::mem::take(&mut object.fields);
        object.fields = fields.into_iter().filter(|field| self.may_see(user, &object, field)).collect();
        Some(object)
    }
}
