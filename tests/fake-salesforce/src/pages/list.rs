//! The list of an object, and the page on which all lists stand.

use http::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{
    frame::{Frame, has_tab, list_of, tone},
    html, missing,
    shown::{Shown, name_of, page_of, shown},
    timeline,
};
use crate::{
    org::{Org, Row},
    schema::{Field, FieldKind, ObjectType},
    value::Value,
};

/// Rows on a page.
const PAGE: usize = 50;
/// Most columns beside the name, for objects that have no columns of their own.
const COLUMNS: usize = 5;

/// The columns beside the name, as far as the object has these fields.
fn columns(object: &ObjectType) -> Vec<(usize, &Field)> {
    let names: &[&str] = match object.name {
        "Account" => &["Phone", "Industry", "BillingCity", "Website", "OwnerId"],
        "Contact" => &["AccountId", "Title", "Phone", "MobilePhone", "Email"],
        "Lead" => &["Company", "Phone", "MobilePhone", "Email", "Status"],
        "Task" => &["WhoId", "WhatId", "CallType", "CallDisposition", "CallDurationInSeconds", "ActivityDate"],
        "User" => &["Username", "Phone", "Extension", "ProfileId", "IsActive"],
        _ => &[],
    };
    if names.is_empty() {
        let plain = |field: &&Field| field.kind != FieldKind::Id && !field.name_field && field.name != "Name";
        return object.fields.iter().enumerate().filter(|(_, field)| plain(field)).take(COLUMNS).collect();
    }
    names.iter().filter_map(|name| object.field(name)).collect()
}

/// All objects with their numbers of records.
pub fn home(org: &Org) -> Response<Vec<u8>> {
    let tile = |object: &ObjectType| {
        json!({
            "label": object.label_plural,
            "name": object.name,
            "initial": object.label.chars().next().map(String::from),
            "href": list_of(object),
            "tone": tone(object),
            "count": grouped(org.rows(object).filter(|row| !row.is_deleted).count()),
        })
    };
    let (main, others): (Vec<&ObjectType>, Vec<&ObjectType>) = org.objects().partition(|object| has_tab(object));
    let tiles = |objects: Vec<&ObjectType>| objects.into_iter().map(tile).collect::<Vec<_>>();
    let view = json!({ "frame": Frame::new(org, None), "main": tiles(main), "others": tiles(others), "home": true });
    html::render(200, "home.html", &view)
}

/// One page of an object's list. `wanted`: what was typed into the search box.
pub fn page(org: &Org, object: &str, wanted: &str, page: &str) -> Response<Vec<u8>> {
    let Some(object) = org.object(object) else { return missing(org) };
    let columns = columns(object);
    let filter = Filter::new(object, wanted);
    let mut fitting: Vec<&Row> = org.rows(object).filter(|row| !row.is_deleted && filter.fits(object, row)).collect();
    if object.name == "Task" {
        timeline::sort(object, &mut fitting);
    }
    let pages = fitting.len().div_ceil(PAGE).max(1);
    let page = page.parse::<usize>().unwrap_or(1).clamp(1, pages);
    let from = (page - 1) * PAGE;
    let row = |row: &&Row| {
        let cells: Vec<Option<Shown>> = columns.iter().map(|(place, field)| shown(org, field, row.get(*place))).collect();
        json!({ "name": name_of(object, row), "href": page_of(object, row.id), "cells": cells })
    };
    let rows: Vec<serde_json::Value> = fitting.iter().skip(from).take(PAGE).map(row).collect();
    let label =
        |field: &Field| field.label.strip_suffix(" ID").filter(|_| field.kind == FieldKind::Reference).unwrap_or(field.label).to_owned();
    let view = json!({
        "frame": Frame::new(org, Some(object)),
        "object": { "label": object.label, "plural": object.label_plural, "list": list_of(object), "tone": tone(object), "writable": object.writable },
        "named": object.name_field().map_or("Name", |(_, field)| field.label),
        "columns": columns.iter().map(|(_, field)| label(field)).collect::<Vec<_>>(),
        "wanted": wanted,
        "total": grouped(fitting.len()),
        "from": grouped(if rows.is_empty() { 0 } else { from + 1 }),
        "to": grouped(from + rows.len()),
        "page": page,
        "pages": pages,
        "previous": page_link(object, wanted, page.saturating_sub(1)),
        "next": page_link(object, wanted, page + 1),
        "rows": rows,
    });
    html::render(200, "list.html", &view)
}

fn page_link(object: &ObjectType, wanted: &str, page: usize) -> String {
    let wanted = utf8_percent_encode(wanted, NON_ALPHANUMERIC);
    format!("{}?q={wanted}&page={page}", list_of(object))
}

/// What the search box of a list asks for.
struct Filter {
    words: Vec<String>,
    /// Three digits or more are looked for in telephone numbers, however these are written.
    digits: Option<String>,
    fields: Vec<usize>,
}

impl Filter {
    fn new(object: &ObjectType, wanted: &str) -> Self {
        let is_number = wanted.chars().all(|sign| sign.is_ascii_digit() || " +-().".contains(sign));
        let digits: String = wanted.chars().filter(char::is_ascii_digit).collect();
        let text = |field: &Field| matches!(field.kind, FieldKind::String | FieldKind::Phone | FieldKind::Email | FieldKind::Combobox);
        Self {
            words: wanted.split_whitespace().map(str::to_lowercase).collect(),
            digits: (is_number && digits.len() >= 3).then_some(digits),
            fields: object.fields.iter().enumerate().filter(|(_, field)| text(field)).map(|(place, _)| place).collect(),
        }
    }

    fn fits(&self, object: &ObjectType, row: &Row) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let texts = || self.fields.iter().filter_map(|place| row.get(*place).as_text());
        if let Some(digits) = &self.digits {
            let phone = |place: &&usize| object.fields.get(**place).is_some_and(|field| field.kind == FieldKind::Phone);
            let numbers = self.fields.iter().filter(phone).filter_map(|place| match row.get(*place) {
                Value::Text(text) => Some(text.chars().filter(char::is_ascii_digit).collect::<String>()),
                _ => None,
            });
            return numbers.into_iter().any(|number| number.contains(digits));
        }
        self.words.iter().all(|word| texts().any(|text| text.to_lowercase().contains(word)))
    }
}

/// "50,000"
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0, 999, 1000, 50_000, 1_234_567].map(grouped), ["0", "999", "1,000", "50,000", "1,234,567"]);
    }
}
