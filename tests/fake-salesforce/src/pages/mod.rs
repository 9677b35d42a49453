//! What a person sees who opens a record in the browser.
//!
//! Pages need no session: they stand in for what a signed-in user would see who may see everything.

mod frame;
pub(crate) mod html;
mod list;
mod new_record;
mod record;
mod search;
mod shown;
#[cfg(test)]
mod tests;
mod timeline;

use http::{Response, Uri};
use percent_encoding::percent_decode_str;

use crate::{id::Id, org::Org};

/// Answers a GET of a page; None: not one of its paths.
#[must_use]
pub fn respond(org: &Org, now_ms: u64, uri: &Uri) -> Option<Response<Vec<u8>>> {
    let path = uri.path();
    let query = pairs(uri.query().unwrap_or_default());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let page = match parts.as_slice() {
        [] | ["lightning"] | ["lightning", "page", "home"] | ["home", "home.jsp"] => list::home(org),
        ["resource", _] if path == html::STYLE_PATH => html::style(),
        ["_ui", "search", "ui", "UnifiedSearchResults"] => search::page(org, now_ms, get(&query, "str")),
        ["lightning", "o", object, "list" | "home"] => list::page(org, object, get(&query, "q"), get(&query, "page")),
        ["lightning", "o", object, "new"] => new_record::page(org, object, get(&query, "defaultFieldValues")),
        ["lightning", "r", object, id, "view"] => record::page(org, id, Some(object)),
        ["lightning", "r", id, "view"] => record::page(org, id, None),
        ["lightning" | "_ui", ..] => missing(org),
        // Any id leads to its record, whatever the object.
        [id] if Id::parse(id).is_some() => record::page(org, id, None),
        _ => return None,
    };
    Some(page)
}

/// The page for what is not there.
fn missing(org: &Org) -> Response<Vec<u8>> {
    let page = serde_json::json!({
        "frame": frame::Frame::new(org, None),
        "title": "Page not found",
        "text": "We looked high and low, but could not find that page or record. It may have been deleted, or the link is not complete.",
        "status": 404,
    });
    html::render(404, "message.html", &page)
}

/// The parameters of a query, decoded as forms are.
fn pairs(query: &str) -> Vec<(String, String)> {
    query.split('&').map(|part| part.split_once('=').unwrap_or((part, ""))).map(|(name, value)| (decode(name), decode(value))).collect()
}

fn get<'a>(query: &'a [(String, String)], name: &str) -> &'a str {
    query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
