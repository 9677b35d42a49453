//! SOQL over REST, page by page.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    call::Call,
    desk::Desk,
    reply::{Answer, Reply},
};
use crate::{error::ApiError, id::Id, soql};

/// Rows in a page if nobody says otherwise.
pub const PAGE: usize = 2_000;
/// How long a cursor lives. Not documented: two days is what people see.
pub const CURSOR_MS: u64 = 2 * 24 * 60 * 60 * 1000;
/// Most cursors that are kept; the oldest goes first.
const CURSORS: usize = 1_000;

/// Queries whose rows were not all fetched yet.
#[derive(Debug)]
pub struct Cursors {
    open: BTreeMap<Id, Cursor>,
    opened: u64,
    /// Rows in a page.
    pub page: usize,
    /// How long a cursor lives.
    pub life_ms: u64,
}

#[derive(Debug)]
struct Cursor {
    rows: soql::ResultSet,
    user: Id,
    page: usize,
    opened_ms: u64,
}

impl Default for Cursors {
    fn default() -> Self {
        Self { open: BTreeMap::new(), opened: 0, page: PAGE, life_ms: CURSOR_MS }
    }
}

impl Cursors {
    /// Forgets all of them, so that all are stale.
    pub fn close_all(&mut self) {
        self.open.clear();
    }

    /// `GET /query`, `GET /queryAll`
    pub fn query(&mut self, desk: &Desk<'_>, call: &Call, all: bool) -> Answer {
        let Some(text) = call.parameter("q").filter(|text| !text.trim().is_empty()) else {
            return Err(ApiError::bad("MALFORMED_QUERY", "A query string has to be specified"));
        };
        if call.parameter("columns").is_some_and(|columns| columns.eq_ignore_ascii_case("true")) {
            return Ok(Reply::json(200, soql::columns(desk.org, text)?));
        }
        let rows = soql::run(desk.org, &desk.context, text, all)?;
        let page = call.batch_size.unwrap_or(self.page).max(1);
        if rows.len() <= page {
            let records = rows.page(desk.org, &call.version.to_string(), 0, page);
            return Ok(Reply::json(200, json!({ "totalSize": rows.total(), "done": true, "records": records })));
        }
        while self.open.len() >= CURSORS {
            self.open.pop_first();
        }
        self.opened = self.opened.saturating_add(1);
        let locator = Id::new("0r8", self.opened);
        let cursor = Cursor { rows, user: desk.context.user, page, opened_ms: desk.context.now_ms };
        let reply = cursor.page(desk, call, locator, 0);
        self.open.insert(locator, cursor);
        Ok(reply)
    }

    /// `GET /query/{locator}`
    pub fn more(&self, desk: &Desk<'_>, call: &Call, locator: &str) -> Answer {
        let stale = || ApiError::bad("INVALID_QUERY_LOCATOR", "invalid query locator");
        let (id, offset) = locator.rsplit_once('-').ok_or_else(stale)?;
        let id = Id::parse(id).ok_or_else(stale)?;
        let offset: usize = offset.parse().map_err(|_| stale())?;
        let cursor = self.open.get(&id).ok_or_else(stale)?;
        let too_old = desk.context.now_ms.saturating_sub(cursor.opened_ms) >= self.life_ms;
        if too_old || cursor.user != desk.context.user || offset >= cursor.rows.len() {
            return Err(stale());
        }
        Ok(cursor.page(desk, call, id, offset))
    }
}

impl Cursor {
    fn page(&self, desk: &Desk<'_>, call: &Call, locator: Id, offset: usize) -> Reply {
        let page = call.batch_size.unwrap_or(self.page);
        let records = self.rows.page(desk.org, &call.version.to_string(), offset, page);
        let next = offset.saturating_add(page);
        let done = next >= self.rows.len();
        let total = self.rows.total();
        let told = if done {
            json!({ "totalSize": total, "done": done, "records": records })
        } else {
            let next = format!("/services/data/v{}/query/{locator}-{next}", call.version);
            json!({ "totalSize": total, "done": done, "nextRecordsUrl": next, "records": records })
        };
        Reply::json(200, told)
    }
}
