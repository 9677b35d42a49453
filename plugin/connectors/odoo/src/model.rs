use pbx_connector_kit::{
    context::Context,
    types::{RecordRef, Role, UserRef},
};

use crate::settings_page::{Options, Prospects};

/// Persons and companies: one table, in which `is_company` tells them apart. A row keeps its id when it changes from one to the other.
pub const PARTNER: &str = "res.partner";
/// Leads and opportunities, of the app CRM, which need not be installed.
pub const LEAD: &str = "crm.lead";
/// What stands in the chatter of a record.
pub const MESSAGE: &str = "mail.message";
/// What is planned for a record.
pub const ACTIVITY: &str = "mail.activity";
/// People who sign in.
pub const USERS: &str = "res.users";

/// The models in which a caller may stand, the preferred one first.
pub fn of_callers(options: &Options) -> &'static [&'static str] {
    match options.prospects {
        Prospects::None => &[PARTNER],
        Prospects::Leads | Prospects::Opportunities => &[PARTNER, LEAD],
    }
}

/// The model in which a record of this role is made; none: such records are not made.
pub fn to_create(role: &Role, kind: Option<&str>, options: &Options) -> Option<&'static str> {
    let of_role = match role {
        Role::Person => PARTNER,
        Role::Prospect if options.prospects != Prospects::None => LEAD,
        Role::Prospect | Role::Organisation | Role::Other(_) => return None,
    };
    kind.is_none_or(|kind| kind == of_role).then_some(of_role)
}

/// The model and the id of a record whose history can be written to; none: it is not one of ours.
pub fn of_record(about: &RecordRef) -> Option<(&'static str, u64)> {
    let model = [PARTNER, LEAD].into_iter().find(|model| *model == about.kind)?;
    Some((model, id(&about.id)?))
}

/// The id of a user, if it is one of this account: another account's may have the same number.
pub fn user(user: Option<&UserRef>, context: &Context) -> Option<u64> {
    user.filter(|user| user.connector == context.connector).and_then(|user| id(&user.id))
}

/// Ids are whole numbers from 1. Those of a database go up to 2^31.
pub fn id(text: &str) -> Option<u64> {
    let id = text.parse::<u32>().ok().filter(|id| *id > 0 && i32::try_from(*id).is_ok())?;
    // "+7" and "007" are no id: equal ids are equal texts.
    (id.to_string() == text).then_some(u64::from(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_ids_of_a_database_and_no_others() {
        assert_eq!((id("1"), id("2147483647")), (Some(1), Some(2_147_483_647)));
        for bad in ["", "0", "-1", "+7", "007", "7 ", "1.5", "2147483648", "99999999999999999999", "res.partner,7"] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }
}
