//! How long queries take over the seeded org of 75,000 rows, one line each: `cargo run -p fake-salesforce --release --example query_speed`.
#![allow(clippy::panic, reason = "a benchmark may stop")]

use std::time::Instant;

use fake_salesforce::{org::Context, seed, soql, sosl};

const NOW: u64 = 1_795_334_400_000;
const ROUNDS: u32 = 20;

fn main() {
    let org = seed::org(1, seed::Size::default(), NOW);
    let context = Context { now_ms: NOW, user: org.administrator(), allow_save: false, include_record_details: false, auto_assign: true };
    for text in [
        "SELECT Id, Name FROM Contact WHERE Phone IN ('4155550123', '(415) 555-0123') OR MobilePhone IN ('4155550123')",
        "SELECT Id FROM Contact WHERE Email = 'ann@example.com'",
        "SELECT Id FROM Task WHERE CallObject = 'key' AND CreatedDate = LAST_N_DAYS:2",
        "SELECT COUNT() FROM Contact",
        "SELECT Id FROM Contact",
        "SELECT Id FROM Contact WHERE Phone LIKE '%555%0123'",
        "SELECT Id FROM Contact WHERE Account.Name LIKE 'a%' AND Title != 'x' AND CreatedDate < TODAY",
        "SELECT Id, Name FROM Contact ORDER BY LastName DESC, Name LIMIT 10",
        "SELECT LeadSource, COUNT(Id) FROM Contact GROUP BY LeadSource",
        "SELECT Id FROM Contact WHERE AccountId IN (SELECT Id FROM Account WHERE Name LIKE 'b%')",
        "SELECT Name, (SELECT Id FROM Contacts) FROM Account LIMIT 200",
    ] {
        let start = Instant::now();
        let mut total = 0;
        for _ in 0..ROUNDS {
            let found = soql::run(&org, &context, text, false).unwrap_or_else(|error| panic!("{}", error.message));
            total = found.total();
            assert!(found.page(&org, "66.0", 0, 2_000).len() <= total);
        }
        let took = start.elapsed() / ROUNDS;
        println!("{took:>12.1?} {total:>6} {text}");
    }
    let text = "FIND {4155550123 OR 14155550123 OR 014155550123} IN PHONE FIELDS RETURNING Contact(Id, Name, Phone), Lead(Id, Name, Phone), Account(Id, Name, Phone) LIMIT 20";
    let start = Instant::now();
    for _ in 0..ROUNDS {
        sosl::run(&org, &context, "66.0", text).unwrap_or_else(|error| panic!("{}", error.message));
    }
    let took = start.elapsed() / ROUNDS;
    println!("{took:>12.1?}        {text}");
}
