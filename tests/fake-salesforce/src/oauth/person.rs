//! Users of the org, as signing in sees them.

use crate::{
    id::Id,
    org::{Org, Row},
    schema::ObjectType,
    value::{Value, moment_text},
};

/// One user of the org.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    org: &'a Org,
    object: &'a ObjectType,
    row: &'a Row,
}

impl<'a> Person<'a> {
    /// The user with this id.
    pub fn by_id(org: &'a Org, id: Id) -> Option<Self> {
        let object = org.object("User")?;
        let row = org.row(id).filter(|row| !row.is_deleted)?;
        (id.prefix() == object.prefix).then_some(Self { org, object, row })
    }

    /// The user with this username, whatever the case.
    pub fn by_username(org: &'a Org, username: &str) -> Option<Self> {
        Self::all(org).find(|person| person.text("Username").eq_ignore_ascii_case(username))
    }

    /// A user by username or id, or the administrator as `admin`.
    pub fn named(org: &'a Org, name: &str) -> Option<Self> {
        if name == super::ADMIN {
            return Self::administrator(org);
        }
        Self::by_username(org, name).or_else(|| Self::by_id(org, Id::parse(name)?))
    }

    /// The first active person with the administrator's profile.
    pub fn administrator(org: &'a Org) -> Option<Self> {
        Self::active(org).find(|person| person.profile() == "System Administrator").or_else(|| Self::active(org).next())
    }

    /// All users, robots too.
    pub fn all(org: &'a Org) -> impl Iterator<Item = Self> {
        org.object("User").into_iter().flat_map(move |object| org.rows(object).map(move |row| Self { org, object, row }))
    }

    /// Those who can sign in: active, and no robots.
    pub fn active(org: &'a Org) -> impl Iterator<Item = Self> {
        Self::all(org).filter(|person| person.is_active() && person.text("UserType") == "Standard")
    }

    /// The user's id.
    pub fn id(&self) -> Id {
        self.row.id
    }

    /// Is the user active?
    pub fn is_active(&self) -> bool {
        !matches!(self.value("IsActive"), Value::Boolean(false))
    }

    /// A text of the user; empty where there is none.
    pub fn text(&self, field: &str) -> &'a str {
        self.value(field).as_text().unwrap_or_default()
    }

    /// A moment of the user as the REST API writes it.
    pub fn moment(&self, field: &str) -> String {
        match self.value(field) {
            Value::DateTime(moment) => moment_text(*moment),
            _ => moment_text(0),
        }
    }

    /// For people.
    pub fn name(&self) -> String {
        match self.text("Name") {
            "" => format!("{} {}", self.text("FirstName"), self.text("LastName")).trim().to_owned(),
            name => name.to_owned(),
        }
    }

    /// Name of the profile.
    pub fn profile(&self) -> &'a str {
        let named = || {
            let profile = self.org.object("Profile")?;
            let (place, _) = profile.field("Name")?;
            self.org.row(self.value("ProfileId").as_id()?)?.get(place).as_text()
        };
        named().unwrap_or_default()
    }

    fn value(&self, field: &str) -> &'a Value {
        self.object.field(field).map_or(&Value::Null, |(place, _)| self.row.get(place))
    }
}

/// A text of the organisation, such as its `Name`.
pub fn organization_text<'a>(org: &'a Org, field: &str) -> &'a str {
    let text = || {
        let (place, _) = org.object("Organization")?.field(field)?;
        org.row(org.organization())?.get(place).as_text()
    };
    text().unwrap_or_default()
}
