//! Who is it: `userinfo` and the identity URL.

use http::Response;
use serde_json::{Map, Value as Json, json};

use super::{
    Ask, Auth,
    answer::{json_answer, text},
    form::{self, Form},
    person::Person,
};
use crate::id::Id;

/// Path of each API under the instance, as the answers list them.
const URLS: [(&str, &str); 16] = [
    ("enterprise", "/services/Soap/c/{version}/{org}"),
    ("metadata", "/services/Soap/m/{version}/{org}"),
    ("partner", "/services/Soap/u/{version}/{org}"),
    ("rest", "/services/data/v{version}/"),
    ("sobjects", "/services/data/v{version}/sobjects/"),
    ("search", "/services/data/v{version}/search/"),
    ("query", "/services/data/v{version}/query/"),
    ("recent", "/services/data/v{version}/recent/"),
    ("tooling_soap", "/services/Soap/T/{version}/{org}"),
    ("tooling_rest", "/services/data/v{version}/tooling/"),
    ("profile", "/{user}"),
    ("feeds", "/services/data/v{version}/chatter/feeds"),
    ("groups", "/services/data/v{version}/chatter/groups"),
    ("users", "/services/data/v{version}/chatter/users"),
    ("feed_items", "/services/data/v{version}/chatter/feed-items"),
    ("feed_elements", "/services/data/v{version}/chatter/feed-elements"),
];

impl Auth {
    pub(super) fn userinfo(&mut self, ask: Ask<'_>) -> Response<Vec<u8>> {
        let form = Form::of(ask.request);
        let user = match self.asker(ask, &form) {
            Ok(user) => user,
            Err(refusal) => return *refusal,
        };
        let Some(person) = Person::by_id(ask.org, user) else { return text(403, "Bad_OAuth_Token") };
        let zone = or(person.text("TimeZoneSidKey"), "Europe/London");
        let instance = self.instance(ask);
        json_answer(
            200,
            &json!({
                "sub": ask.identity_url(user),
                "user_id": user.to_string(),
                "organization_id": ask.org.organization().to_string(),
                "preferred_username": person.text("Username"),
                "nickname": nickname(&person),
                "name": person.name(),
                "email": person.text("Email"),
                "email_verified": true,
                "given_name": known(person.text("FirstName")),
                "family_name": person.text("LastName"),
                "zoneinfo": zone,
                "photos": photos(&instance),
                "profile": format!("{instance}/{user}"),
                "picture": picture(&instance),
                "address": {},
                "is_salesforce_integration_user": false,
                "urls": self.urls(ask, user, None),
                "active": person.is_active(),
                "user_type": user_type(&person),
                "language": or(person.text("LanguageLocaleKey"), "en_US"),
                "locale": or(person.text("LocaleSidKey"), "en_US"),
                "utcOffset": 0,
                "updated_at": person.moment("LastModifiedDate").replace("+0000", "Z"),
            }),
        )
    }

    /// `/id/{organisation}/{user}`
    pub(super) fn identity(&mut self, ask: Ask<'_>, rest: &str) -> Response<Vec<u8>> {
        let form = Form::of(ask.request);
        if !["GET", "HEAD", "POST"].contains(&ask.request.method().as_str()) {
            return text(405, "Method_Not_Allowed");
        }
        let asker = match self.asker(ask, &form) {
            Ok(user) => user,
            Err(refusal) => return *refusal,
        };
        let (organization, user) = rest.split_once('/').unwrap_or((rest, ""));
        let (Some(organization), Some(user)) = (Id::parse(organization), Id::parse(user)) else { return text(404, "Bad_Id") };
        if organization != ask.org.organization() {
            return text(403, "Wrong_Org");
        }
        let Some(person) = Person::by_id(ask.org, user) else { return text(404, "Bad_Id") };
        if !person.is_active() {
            return text(404, "Inactive");
        }
        json_answer(200, &self.identity_body(ask, &person, asker == user, form.get("version")))
    }

    fn identity_body(&self, ask: Ask<'_>, person: &Person<'_>, asserted: bool, version: Option<&str>) -> Json {
        let user = person.id();
        json!({
            "id": ask.identity_url(user),
            "asserted_user": asserted,
            "user_id": user.to_string(),
            "organization_id": ask.org.organization().to_string(),
            "username": person.text("Username"),
            "nick_name": nickname(person),
            "display_name": person.name(),
            "email": person.text("Email"),
            "email_verified": true,
            "first_name": known(person.text("FirstName")),
            "last_name": person.text("LastName"),
            "timezone": or(person.text("TimeZoneSidKey"), "Europe/London"),
            "photos": photos(&self.instance(ask)),
            "addr_street": known(person.text("Street")),
            "addr_city": known(person.text("City")),
            "addr_state": known(person.text("State")),
            "addr_country": known(person.text("Country")),
            "addr_zip": known(person.text("PostalCode")),
            "mobile_phone": known(person.text("MobilePhone")),
            "mobile_phone_verified": false,
            "is_lightning_login_user": false,
            "status": { "created_date": null, "body": null },
            "urls": self.urls(ask, user, version),
            "active": true,
            "user_type": user_type(person),
            "language": or(person.text("LanguageLocaleKey"), "en_US"),
            "locale": or(person.text("LocaleSidKey"), "en_US"),
            "utcOffset": 0,
            "last_modified_date": person.moment("LastModifiedDate"),
        })
    }

    /// The user whose token comes with the request: in the header, or as a parameter. Err: the answer of these two endpoints to a bad token.
    fn asker(&mut self, ask: Ask<'_>, form: &Form) -> Result<Id, Box<Response<Vec<u8>>>> {
        let token = form::bearer(ask.request.headers()).or(form.get("oauth_token")).or(form.get("access_token"));
        let token = token.ok_or_else(|| Box::new(text(403, "Missing_OAuth_Token")))?;
        let access = self.ledger.access(ask.now_ms, token, &self.knobs, true);
        let user = access.filter(|access| !access.client_id.is_empty()).map(|access| access.user);
        user.filter(|user| Person::by_id(ask.org, *user).is_some_and(|person| person.is_active()))
            .ok_or_else(|| Box::new(text(403, "Bad_OAuth_Token")))
    }

    fn instance(&self, ask: Ask<'_>) -> String {
        self.knobs.instance_url.as_deref().unwrap_or(ask.address).trim_end_matches('/').to_owned()
    }

    /// With a literal `{version}`, unless the request names one.
    fn urls(&self, ask: Ask<'_>, user: Id, version: Option<&str>) -> Json {
        let instance = self.instance(ask);
        let version = match version {
            Some("latest") => "67.0",
            Some(other) if other.bytes().all(|sign| sign.is_ascii_digit() || sign == b'.') => other,
            _ => "{version}",
        };
        let full = |path: &str| {
            let path = path.replace("{version}", version).replace("{org}", ask.org.organization().short());
            format!("{instance}{}", path.replace("{user}", &user.to_string()))
        };
        let mut urls: Map<String, Json> = URLS.iter().map(|(name, path)| ((*name).to_owned(), full(path).into())).collect();
        urls.insert("custom_domain".to_owned(), instance.clone().into());
        urls.into()
    }
}

fn photos(instance: &str) -> Json {
    json!({ "picture": picture(instance), "thumbnail": format!("{instance}/profilephoto/005/T") })
}

fn picture(instance: &str) -> String {
    format!("{instance}/profilephoto/005/F")
}

fn nickname<'a>(person: &Person<'a>) -> &'a str {
    let known = or(person.text("CommunityNickname"), person.text("Alias"));
    or(known, person.text("Username").split('@').next().unwrap_or_default())
}

fn user_type(person: &Person<'_>) -> String {
    or(person.text("UserType"), "Standard").to_uppercase()
}

fn or<'a>(text: &'a str, instead: &'a str) -> &'a str {
    if text.is_empty() { instead } else { text }
}

fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
