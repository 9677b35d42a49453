//! What agents see, the calls that are made for them, and the answers to their questions.

use super::{HookData, good_key, too_long};
use crate::bindings::base::types::{Message, Number, NumberKind};
use crate::bindings::hooks::clients::{Card, ClientError, Lifetime};
use crate::bindings::hooks::replies::Row;
use crate::bindings::hooks::telephony::DialError;
use crate::bindings::hooks::{clients, replies, telephony};
use crate::hook::unit::Write;

impl clients::Host for HookData {
    fn show_card(&mut self, extension: String, call: String, card: Card, lifetime: Lifetime) -> wasmtime::Result<Result<(), ClientError>> {
        self.room()?;
        if let Err(why) = self.showable(&extension, &call, &lifetime) {
            return Ok(Err(why));
        }
        if card.lines.len() > 16 || card.actions.len() > 8 || card.title.len() > 1024 {
            return Ok(Err(ClientError::Invalid("at most 16 lines, 8 actions, a title of 1,024 bytes".to_owned())));
        }
        if card.actions.iter().any(|action| action.id.is_empty() || action.id.len() > 64) {
            return Ok(Err(ClientError::Invalid("an action's id has 1 to 64 bytes".to_owned())));
        }
        if card.link.as_ref().is_some_and(|link| !self.made_here(&call, link)) {
            return Ok(Err(ClientError::LinkNotOurs));
        }
        self.unit.write(Write::ShowCard { extension, call, card: Box::new(card), lifetime });
        Ok(Ok(()))
    }

    fn remove_card(&mut self, extension: String, call: String) -> wasmtime::Result<()> {
        self.room()?;
        self.unit.write(Write::RemoveCard { extension, call });
        Ok(())
    }

    fn open_page(
        &mut self,
        extension: String,
        call: String,
        link: String,
        title: String,
        lifetime: Lifetime,
    ) -> wasmtime::Result<Result<(), ClientError>> {
        self.room()?;
        if let Err(why) = self.showable(&extension, &call, &lifetime) {
            return Ok(Err(why));
        }
        if too_long(&[("title", &title, 1024)]).is_some() {
            return Ok(Err(ClientError::Invalid("a title of at most 1,024 bytes".to_owned())));
        }
        if !self.made_here(&call, &link) {
            return Ok(Err(ClientError::LinkNotOurs));
        }
        self.unit.write(Write::OpenPage { extension, call, link, title, lifetime });
        Ok(Ok(()))
    }
}

impl telephony::Host for HookData {
    fn dial(&mut self, key: String, extension: String, number: Number) -> wasmtime::Result<Result<(), DialError>> {
        self.room()?;
        if !self.state.pbx.facts().abilities.iter().any(|ability| ability == "dial") {
            return Ok(Err(DialError::Unsupported));
        }
        if self.state.pbx.extension(&extension).is_none() {
            return Ok(Err(DialError::NoSuchExtension));
        }
        let dialable = matches!(number.kind, NumberKind::External | NumberKind::Extension);
        if !dialable || !good_key(&key) {
            return Ok(Err(DialError::NotAllowed));
        }
        self.unit.write(Write::Dial { key, extension, number });
        Ok(Ok(()))
    }
}

impl replies::Host for HookData {
    fn done(&mut self, request: String, said: Message) -> wasmtime::Result<()> {
        self.room()?;
        self.unit.write(Write::ReplyDone { request, said });
        Ok(())
    }

    fn refused(&mut self, request: String, why: Message) -> wasmtime::Result<()> {
        self.room()?;
        self.unit.write(Write::ReplyRefused { request, why });
        Ok(())
    }

    fn rows(&mut self, request: String, mut rows: Vec<Row>, more: bool) -> wasmtime::Result<()> {
        self.room()?;
        let cut_off = rows.len() > 50;
        rows.truncate(50);
        self.unit.write(Write::ReplyRows { request, rows, more: more || cut_off });
        Ok(())
    }
}

impl HookData {
    fn showable(&self, extension: &str, call: &str, lifetime: &Lifetime) -> Result<(), ClientError> {
        if self.state.pbx.extension(extension).is_none() {
            return Err(ClientError::NoSuchExtension);
        }
        let alive = match lifetime {
            Lifetime::Until(moment) => *moment >= self.now,
            Lifetime::WhileInCall | Lifetime::Other(_) => self.state.takes_part(extension, call),
        };
        if alive { Ok(()) } else { Err(ClientError::Expired) }
    }

    /// Was the link made by an import of the host, in this hook or an earlier one of the call?
    fn made_here(&self, call: &str, link: &str) -> bool {
        self.unit.links.contains(link) || self.state.links.get(call).is_some_and(|links| links.contains(link))
    }
}
