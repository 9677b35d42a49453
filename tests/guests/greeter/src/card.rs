use crate::contract::exports::pbx::hooks::call_events::Rang;
use crate::contract::pbx::base::types::HookError;
use crate::contract::pbx::hooks::calls::Call;
use crate::contract::pbx::hooks::clients::{self, Card, ClientError, Lifetime, Line};
use crate::contract::pbx::hooks::{log, notes};
use crate::settings_page::greeting;
use crate::texts::message;

/// The note that counts the phones which rang for a call.
const RANG: &str = "rang";

pub(crate) fn show(event: &Rang) -> Result<(), HookError> {
    let call = &event.call;
    let Some(leg) = call.legs.iter().find(|leg| leg.id == event.leg) else {
        return Err(HookError::Internal(format!("leg {} is not in its call", event.leg)));
    };
    if leg.placed_call {
        log::reason("nothing", &message("reason.own-call", &[]));
        return Ok(());
    }
    let count = notes::get(&call.id, RANG).and_then(|count| count.parse::<u32>().ok()).unwrap_or(0).saturating_add(1).to_string();
    notes::set(&call.id, RANG, &count);
    let card = Card {
        title: caller(call),
        tag: Some(message("card.ringing", &[("count", &count)])),
        lines: vec![Line { label: message("card.greeting", &[]), value: greeting(), extras: Vec::new() }],
        actions: Vec::new(),
        link: None,
        extras: Vec::new(),
    };
    log::reason("show-card", &message("reason.rang", &[]));
    if let Err(why) = clients::show_card(&leg.extension, &call.id, &card, &Lifetime::WhileInCall) {
        log::reason("nothing", &message("reason.refused", &[("why", word(&why))]));
    }
    Ok(())
}

/// The name that the network sent, or the number.
fn caller(call: &Call) -> String {
    let name = call.parties.iter().find(|party| party.main).and_then(|party| party.name.clone());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| call.caller.raw.clone())
}

fn word(why: &ClientError) -> &str {
    match why {
        ClientError::NoSuchExtension => "no-such-extension",
        ClientError::LinkNotOurs => "link-not-ours",
        ClientError::Expired => "expired",
        ClientError::Invalid(why) | ClientError::Other(why) => why,
    }
}
