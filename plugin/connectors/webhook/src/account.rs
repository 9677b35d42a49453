use pbx_connector_kit::{
    Client, Request,
    context::Context,
    json::{Node, Wrong},
    types::Failure,
};

use crate::{
    Webhook,
    bindings::exports::pbx::crm::account::{Account, Administrator, Guest},
    exchange::{MAX_ID, ask},
};

impl Guest for Webhook {
    fn verify(context: Context) -> Result<Account, Failure> {
        let mut client = Client::new(&context);
        let told = ask(&mut client, context.now, &Request::get("/".to_owned()), &[])
            .and_then(|answer| answer.read(|answer| organisation(&answer)));
        let (organisation, name) = client.settle(told)?;
        let organisation = organisation.unwrap_or_else(|| context.base.clone());
        Ok(Account {
            organisation_name: name.unwrap_or_else(|| organisation.clone()),
            organisation,
            user: None,
            user_name: String::new(),
            // There are no users: whoever has the address has all that the service gives.
            administrator: Administrator::Yes,
            pages: None,
            warnings: Vec::new(),
            usage: client.usage(),
            extras: Vec::new(),
        })
    }
}

/// `{"organisation": "...", "name": "..."}`; both may be missing.
fn organisation(answer: &Node<'_>) -> Result<(Option<String>, Option<String>), Wrong> {
    if !answer.is_there() {
        return answer.wrong("object");
    }
    let name = answer.member("name")?.text()?.filter(|name| !name.trim().is_empty()).map(str::to_owned);
    Ok((answer.member("organisation")?.id(MAX_ID)?, name))
}
