use pbx_connector_kit::types::Role;

/// The kinds of record are called as their roles. Ids are unique over all of them.
pub const PERSON: &str = "person";
/// See [`PERSON`].
pub const PROSPECT: &str = "prospect";
/// See [`PERSON`].
pub const ORGANISATION: &str = "organisation";
/// The kind of an entry of the call history.
pub const CALL: &str = "call";

/// The kind's role; none: there is no such kind.
pub fn role(kind: &str) -> Option<Role> {
    match kind {
        PERSON => Some(Role::Person),
        PROSPECT => Some(Role::Prospect),
        ORGANISATION => Some(Role::Organisation),
        _ => None,
    }
}

/// The kind for a record that is to be made; none: such records are not made.
pub fn to_create(role: &Role, kind: Option<&str>) -> Option<&'static str> {
    let of_role = match role {
        Role::Person => PERSON,
        Role::Prospect => PROSPECT,
        Role::Organisation | Role::Other(_) => return None,
    };
    kind.is_none_or(|kind| kind == of_role).then_some(of_role)
}
