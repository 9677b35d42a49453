//! Whatever the text of a query: rows, or an error of Salesforce; never a panic, never another error.
//!
//! The texts are made by a generator of fixed seeds from pieces of queries, so a failure can be repeated. The fuzz targets in
//! `tests/fuzz` go on where this stops.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use fake_salesforce::{
    error::ApiError,
    org::{Context, Org},
    soql, sosl,
};
use serde_json::json;

const NOW: u64 = 1_795_334_400_000;

/// Pieces of both languages, good ones and odd ones, one on each line.
const PIECES: &str = r#"SELECT
Id
Name
FROM
Contact
Lead
Task
Account
WHERE
AND
OR
NOT
(
)
,
=
!=
<>
<
<=
>
>=
LIKE
IN
NOT IN
'Ann'
'%5%_'
'O\'Hara'
'
\
5
-1
1.5
.
2026-11-22
2026-02-31
2026-11-22T08:00:00Z
2026-11-22T08:00:00.000+0000
9999-12-31T23:59:59-14:00
TODAY
LAST_N_DAYS:2
NEXT_N_YEARS:9999
LAST_N_DAYS:99999999999
THIS_WEEK
null
true
FALSE
ORDER BY
GROUP BY
HAVING
ASC
DESC
NULLS LAST
LIMIT
OFFSET
2000
99999999999999999999
COUNT()
COUNT(Id)
SUM(CallDurationInSeconds)
MAX(CreatedDate) m
Who.Name
What.Type
Owner.Profile.Name
a.b.c.d.e.f.g.h
FIELDS(ALL)
(SELECT Id FROM Contacts)
(SELECT WhoId FROM Task)
FOR VIEW
ALL ROWS
USING SCOPE
WITH
:x
Phone
CreatedDate
IsDeleted
Description
FIND
{
}
{ann}
{4155550123 OR 14155550123}
"
*
?
&
|
~
RETURNING
IN PHONE FIELDS
IN ALL FIELDS
Contact(Id WHERE Name = 'a')
AND NOT
é
𝄞
ﬀ
İ
%
_
@
;
--
/*"#;

/// Characters that are hard to see, besides.
const UNSEEN: [&str; 7] = ["\u{0}", "\u{feff}", "\n", "\t", "\r\n", "\u{2028}", "\u{202e}"];

const GOOD: [&str; 5] = [
    "SELECT Id, Name, Account.Name, Owner.Profile.Name FROM Contact WHERE Phone IN ('4155550123', '(415) 555-0123') AND (Email LIKE 'a%' OR CreatedDate = LAST_N_DAYS:2) ORDER BY Name DESC NULLS LAST LIMIT 5 OFFSET 1",
    "SELECT CallType, COUNT(Id) n, AVG(CallDurationInSeconds) FROM Task WHERE ActivityDate >= 2026-11-01 GROUP BY CallType HAVING COUNT(Id) > 0 ORDER BY COUNT(Id)",
    "SELECT Name, (SELECT Id FROM Contacts WHERE LastName != null) FROM Account WHERE Id IN (SELECT AccountId FROM Contact)",
    r"SELECT FIELDS(STANDARD) FROM Lead WHERE LastName = 'O\'Hara\u00e9' AND NOT IsConverted = true",
    "FIND {4155550123 OR \"ann lee\" AND NOT jo?n*} IN PHONE FIELDS RETURNING Contact(Id, Phone WHERE LastName > 'a' ORDER BY Name LIMIT 5), Lead LIMIT 20",
];

/// Numbers of a fixed sequence (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn piece(&mut self) -> &'static str {
        let pieces = PIECES.lines().count();
        match self.below(pieces + UNSEEN.len()) {
            at if at < pieces => PIECES.lines().nth(at).unwrap(),
            at => UNSEEN[at - pieces],
        }
    }
}

fn org() -> (Org, Context) {
    let mut org = Org::new(NOW);
    let context = Context { now_ms: NOW, user: org.administrator(), allow_save: false, include_record_details: false, auto_assign: true };
    let contact = json!({"FirstName": "Ann", "LastName": "Lee", "Phone": "(415) 555-0123"});
    org.create(&context, "Contact", contact.as_object().unwrap()).unwrap();
    let task = json!({"Subject": "Call", "CallDurationInSeconds": 5});
    org.create(&context, "Task", task.as_object().unwrap()).unwrap();
    (org, context)
}

/// Is it an error that Salesforce has for queries, and does it point into the text?
fn check(error: &ApiError, text: &str) {
    let codes = [
        "MALFORMED_QUERY",
        "INVALID_FIELD",
        "INVALID_TYPE",
        "INVALID_QUERY_FILTER_OPERATOR",
        "NUMBER_OUTSIDE_VALID_RANGE",
        "QUERY_TOO_COMPLICATED",
        "MALFORMED_SEARCH",
        "INVALID_SEARCH",
        "INVALID_TYPE_FOR_OPERATION",
    ];
    assert!(error.status == 400 && codes.contains(&error.code) && !error.message.is_empty(), "{text:?}: {error:?}");
    if let Some((_, place)) = error.message.rsplit_once("\nERROR at Row:") {
        let (row, rest) = place.split_once(":Column:").unwrap();
        let column: usize = rest.lines().next().unwrap().parse().unwrap();
        let line = text.split('\n').nth(row.parse::<usize>().unwrap() - 1).unwrap_or_else(|| panic!("{text:?}: no row {row}"));
        assert!(column <= line.chars().count() + 1, "{text:?}: {}", error.message);
    }
}

/// Gives whether the text was understood.
fn throw(org: &Org, context: &Context, text: &str) -> bool {
    let mut understood = false;
    match soql::run(org, context, text, false) {
        Ok(found) => {
            understood = true;
            assert_eq!(found.page(org, "66.0", 0, 2_000).len(), found.len(), "{text:?}");
            assert!(soql::columns(org, text).is_ok(), "{text:?}");
        }
        Err(error) => check(&error, text),
    }
    match sosl::run(org, context, "66.0", text) {
        Ok(_) => understood = true,
        Err(error) => check(&error, text),
    }
    understood
}

#[test]
fn heaps_of_pieces_are_answered_or_refused() {
    let (org, context) = org();
    let mut dice = Dice(0x5eed_5eed_5eed);
    let mut understood = 0;
    for _ in 0..40_000 {
        let begin = ["", "FIND {ann} ", "SELECT Id FROM Contact WHERE ", "SELECT "][dice.below(4)];
        let mut text = begin.to_owned();
        for _ in 0..dice.below(14) {
            text.push_str(dice.piece());
            if dice.below(5) > 0 {
                text.push(' ');
            }
        }
        understood += usize::from(throw(&org, &context, &text));
    }
    assert!((10..39_000).contains(&understood), "{understood}");
}

#[test]
fn damaged_queries_are_answered_or_refused_and_whole_ones_are_answered() {
    let (org, context) = org();
    let mut dice = Dice(0xdead_beef);
    for good in GOOD {
        assert!(throw(&org, &context, good), "{good}");
        for _ in 0..6_000 {
            let mut text: Vec<char> = good.chars().collect();
            for _ in 0..=dice.below(4) {
                let at = dice.below(text.len().max(1));
                match dice.below(4) {
                    0 => drop(text.splice(at..(at + dice.below(8)).min(text.len()), [])),
                    1 => drop(text.splice(at..at, dice.piece().chars())),
                    2 if !text.is_empty() => text[at] = char::from_u32(u32::try_from(dice.below(0x250)).unwrap()).unwrap_or('x'),
                    _ => text.truncate(at + dice.below(20)),
                }
            }
            throw(&org, &context, &text.into_iter().collect::<String>());
        }
    }
}

#[test]
fn parameters_of_any_shape_are_answered_or_refused() {
    let (org, context) = org();
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!("ann"),
        json!("'"),
        json!([]),
        json!([1]),
        json!(["Id", "Nope"]),
        json!({}),
        json!([{"name": "Lead"}]),
    ];
    for key in ["q", "in", "fields", "sobjects", "overallLimit", "defaultLimit", "spellCorrection", "metadata", "x"] {
        for value in &values {
            for inner in ["name", "fields", "limit", "where", "orderBy", "offset", "x"] {
                for body in [json!({"q": "ann", key: value}), json!({"q": "ann", "sobjects": [{"name": "Contact", inner: value}]})] {
                    match sosl::parameterized(&org, &context, "66.0", &body) {
                        Ok(_) => assert!(body.get("x").is_none(), "{body}"),
                        Err(error) => assert!(error.status == 400 && !error.message.is_empty(), "{body}: {error:?}"),
                    }
                    let _ = sosl::metadata(&org, &body);
                }
            }
        }
    }
}
