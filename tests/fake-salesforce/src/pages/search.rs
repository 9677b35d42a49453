//! The search page. It asks the same late index as SOSL.

use std::collections::BTreeSet;

use http::Response;
use serde_json::json;

use super::{
    frame::{Frame, tone},
    html,
    list::grouped,
    shown::{name_of, page_of, shown_by_name},
};
use crate::{
    id::Id,
    org::{Org, SearchGroup, Term},
    schema::ObjectType,
};

/// Most results for each object.
const MOST: usize = 20;

/// What is found for these words: all of them, each from its beginning.
pub fn page(org: &Org, now_ms: u64, wanted: &str) -> Response<Vec<u8>> {
    let words: Vec<Term> = wanted.split_whitespace().map(beginning).collect();
    let searched = |object: &&ObjectType| object.searchable && !words.is_empty();
    let groups: Vec<serde_json::Value> = org.objects().filter(searched).filter_map(|object| group(org, now_ms, object, &words)).collect();
    let view = json!({ "frame": Frame::new(org, None), "wanted": wanted, "search_page": true, "groups": groups });
    html::render(200, "search.html", &view)
}

fn group(org: &Org, now_ms: u64, object: &ObjectType, words: &[Term]) -> Option<serde_json::Value> {
    let mut found: Option<BTreeSet<Id>> = None;
    for word in words {
        let ids = org.search(now_ms, object, SearchGroup::All, word);
        found = Some(found.map_or_else(|| ids.clone(), |known| known.intersection(&ids).copied().collect()));
    }
    let rows: Vec<_> = found?.into_iter().filter_map(|id| org.row(id)).filter(|row| !row.is_deleted).collect();
    let shown = rows.iter().take(MOST).map(|row| {
        let facts: Vec<_> = ["Company", "AccountId", "Phone", "MobilePhone", "Email"]
            .iter()
            .filter_map(|name| shown_by_name(org, object, row, name))
            .collect();
        json!({ "name": name_of(object, row), "href": page_of(object, row.id), "facts": facts })
    });
    (!rows.is_empty()).then(|| {
        json!({
            "label": object.label_plural,
            "initial": object.label.chars().next().map(String::from),
            "tone": tone(object),
            "total": grouped(rows.len()),
            "rows": shown.collect::<Vec<_>>(),
        })
    })
}

/// A word with a `*` at its end, as the search box adds it.
fn beginning(word: &str) -> Term {
    let plain: String = word.chars().filter(|sign| !"*?\"".contains(*sign)).collect();
    let end = plain.chars().count();
    Term { text: format!("{plain}*"), wildcards: vec![end], phrase: false }
}
