//! What SOQL refuses, where, and in which words.

use super::Office;

#[test]
fn an_unknown_object_or_field_is_refused_by_its_name() {
    let office = Office::new();
    let error = office.refusal("select count() from XYZZY");
    assert_eq!((error.status, error.code), (400, "INVALID_TYPE"));
    assert_eq!(
        error.message,
        "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\nsObject type 'XYZZY' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    );
    let error = office.refusal("select adfId, Name, Account.Name from Contact");
    assert_eq!(error.code, "INVALID_FIELD");
    assert_eq!(
        error.message,
        "\nselect adfId, Name, Account.Name from Contact\n       ^\nERROR at Row:1:Column:8\nNo such column 'adfId' on entity 'Contact'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
    );
    assert_eq!(office.refusal("SELECT Id FROM ScratchOrgInfo limit 1").code, "INVALID_TYPE");
}

#[test]
fn what_is_wrong_is_refused_where_it_is() {
    let office = Office::new();
    let acme = office.ids[0];
    for (text, code, column, message) in [
        ("SELECT", "MALFORMED_QUERY", 7, "unexpected token: '<EOF>'"),
        ("SELECT Id FORM Contact", "MALFORMED_QUERY", 16, "unexpected token: 'Contact'"),
        ("SELECT Id, FROM Contact", "MALFORMED_QUERY", 12, "unexpected token: 'FROM'"),
        ("UPDATE Contact", "MALFORMED_QUERY", 1, "unexpected token: 'UPDATE'"),
        ("SELECT * FROM Contact", "MALFORMED_QUERY", 8, "unexpected token: '*'"),
        ("SELECT Id FROM Contact;", "MALFORMED_QUERY", 23, "unexpected token: ';'"),
        ("SELECT Id FROM Contact WHERE Email = liam.carter@example.com", "MALFORMED_QUERY", 49, "unexpected token: '@'"),
        ("SELECT Id FROM Contact WHERE Email = :email", "MALFORMED_QUERY", 38, "Bind variables only allowed in Apex code"),
        ("SELECT Id FROM Contact WHERE Email = 'a' AND Phone = 'b' OR Fax = 'c'", "MALFORMED_QUERY", 58, "unexpected token: 'OR'"),
        ("SELECT Id FROM Contact WHERE (Email = 'a' OR Phone = 'b' AND Fax = 'c')", "MALFORMED_QUERY", 58, "unexpected token: 'AND'"),
        ("SELECT Id FROM Contact WHERE (Email = 'a'", "MALFORMED_QUERY", 42, "expecting a right parentheses, found '<EOF>'"),
        ("SELECT Id FROM Contact WHERE Email IS NULL", "MALFORMED_QUERY", 36, "unexpected token: 'IS'"),
        ("SELECT Id FROM Contact WHERE Name = 'O'Hara'", "MALFORMED_QUERY", 44, "line 1:43 mismatched character '<EOF>' expecting '''"),
        ("SELECT Id FROM Contact WHERE Name == 'a'", "MALFORMED_QUERY", 36, "unexpected token: '='"),
        ("SELECT Id FROM Contact WHERE Name = \"a\"", "MALFORMED_QUERY", 37, "unexpected token: '\"'"),
        ("SELECT Id FROM Contact LIMIT -1", "MALFORMED_QUERY", 30, "unexpected token: '-1'"),
        ("SELECT Id FROM Contact LIMIT 1 WHERE Id = null", "MALFORMED_QUERY", 32, "unexpected token: 'WHERE'"),
        ("SELECT Id FROM Contact OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", 31, "Maximum SOQL offset allowed is 2000"),
        ("SELECT Id FROM Contact ALL ROWS", "MALFORMED_QUERY", 24, "ALL ROWS not allowed in this context"),
        ("SELECT Id FROM Contact USING SCOPE mine", "MALFORMED_QUERY", 24, "unexpected token: 'USING'"),
        ("SELECT Id FROM Contact WITH SECURITY_ENFORCED", "MALFORMED_QUERY", 24, "unexpected token: 'WITH'"),
        ("SELECT Id FROM Contact, Lead", "MALFORMED_QUERY", 23, "unexpected token: ','"),
        ("SELECT toLabel(Status) FROM Lead", "MALFORMED_QUERY", 15, "unexpected token: '('"),
        ("SELECT Id FROM Contact WHERE CALENDAR_YEAR(CreatedDate) = 2026", "MALFORMED_QUERY", 43, "unexpected token: '('"),
        ("SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD", 30, "field 'Description' can not be filtered in a query call"),
        ("SELECT Id FROM Contact ORDER BY Description", "INVALID_FIELD", 33, "field 'Description' can not be sorted in a query call"),
        (
            "SELECT Id FROM Contact WHERE CreatedDate > '2026-11-22T08:00:00Z'",
            "INVALID_FIELD",
            44,
            "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Contact WHERE CreatedDate > 2026-11-22",
            "INVALID_FIELD",
            44,
            "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Contact WHERE Phone = 4155550123",
            "INVALID_FIELD",
            38,
            "value of filter criterion for field 'Phone' must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM User WHERE IsActive = 'true'",
            "INVALID_FIELD",
            38,
            "value of filter criterion for field 'IsActive' must be of type boolean and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Contact WHERE AccountId = 'xyz'", "INVALID_QUERY_FILTER_OPERATOR", 42, "invalid ID field: xyz"),
        ("SELECT Id FROM Contact WHERE AccountId LIKE '001%'", "INVALID_QUERY_FILTER_OPERATOR", 40, "invalid operator on ID field"),
        ("SELECT Id FROM User WHERE IsActive > false", "INVALID_QUERY_FILTER_OPERATOR", 36, "invalid operator on boolean field"),
        (
            "SELECT Nope.Name FROM Contact",
            "INVALID_FIELD",
            8,
            "Didn't understand relationship 'Nope' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.",
        ),
        (
            "SELECT Id, (SELECT Id FROM Nopes) FROM Account",
            "INVALID_TYPE",
            28,
            "Didn't understand relationship 'Nopes' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.",
        ),
        ("SELECT Id, id FROM Contact", "INVALID_FIELD", 12, "duplicate field selected: id"),
        ("SELECT Id i FROM Contact", "MALFORMED_QUERY", 11, "only aggregate expressions use field aliasing"),
        ("SELECT Name, COUNT(Id) FROM Contact", "MALFORMED_QUERY", 8, "Field must be grouped or aggregated: Name"),
        (
            "SELECT Title, COUNT(Id) FROM Contact GROUP BY Title ORDER BY Name",
            "MALFORMED_QUERY",
            62,
            "Field must be grouped or aggregated: Name",
        ),
        (
            "SELECT COUNT(Id) FROM Contact GROUP BY CreatedDate",
            "MALFORMED_QUERY",
            40,
            "field 'CreatedDate' can not be grouped in a query call",
        ),
        ("SELECT SUM(Name) FROM Contact", "MALFORMED_QUERY", 8, "field Name does not support aggregate operator SUM"),
        (
            "SELECT Id FROM Contact WHERE COUNT(Id) > 1",
            "MALFORMED_QUERY",
            30,
            "Aggregate expressions are only allowed in the HAVING clause of a query",
        ),
        ("SELECT Id FROM Contact WHERE CreatedDate = LAST_N_DAYS", "MALFORMED_QUERY", 55, "unexpected token: '<EOF>'"),
        (
            "SELECT Id FROM Contact WHERE Name = 'a' OR Id IN (SELECT WhoId FROM Task)",
            "MALFORMED_QUERY",
            47,
            "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions.",
        ),
        (
            "SELECT Id FROM Contact WHERE Id IN (SELECT Id FROM Contact)",
            "MALFORMED_QUERY",
            52,
            "The inner and outer selects should not be on the same object type",
        ),
    ] {
        let error = office.refusal(text);
        let lines: Vec<&str> = error.message.lines().collect();
        assert_eq!((error.status, error.code), (400, code), "{text}");
        assert_eq!(lines[lines.len() - 2..], [format!("ERROR at Row:1:Column:{column}").as_str(), message], "{text}");
    }
    for (text, code, message) in [
        ("", "MALFORMED_QUERY", "A query string has to be specified"),
        ("  \n", "MALFORMED_QUERY", "A query string has to be specified"),
        (
            "SELECT COUNT(Id) FROM Contact LIMIT 1",
            "MALFORMED_QUERY",
            "Non-grouped query that uses overall aggregate functions cannot also use LIMIT",
        ),
    ] {
        let error = office.refusal(text);
        assert_eq!((error.code, error.message.as_str()), (code, message), "{text}");
    }
    assert!(office.names(&format!("WHERE AccountId = '{acme}' FOR VIEW FOR REFERENCE")).starts_with("Ann"));
}

#[test]
fn nesting_is_bounded() {
    let office = Office::new();
    let nested = |depth: usize| format!("SELECT Id FROM Contact WHERE {}Name = 'a'{}", "(".repeat(depth), ")".repeat(depth));
    assert!(office.ask(&nested(20)).is_empty());
    let many = |count: usize| format!("SELECT Id FROM Contact WHERE {}", vec!["Name != 'a'"; count].join(" AND "));
    let ordered = format!("SELECT Id FROM Contact ORDER BY {}", ["Name"; 33].join(","));
    assert_eq!(office.refusal(&ordered).code, "MALFORMED_QUERY");
    assert_eq!(office.refusal(&many(501)).code, "QUERY_TOO_COMPLICATED");
    let third = "SELECT Id FROM Contact WHERE AccountId IN (SELECT Id FROM Account) AND AccountId IN (SELECT Id FROM Account) AND AccountId NOT IN (SELECT Id FROM Account)";
    assert!(office.refusal(third).message.ends_with("Maximum 2 semi join sub-selects are allowed"));
    assert_eq!(office.refusal(&nested(40_000)).code, "QUERY_TOO_COMPLICATED");
    assert_eq!(office.refusal(&format!("SELECT Id FROM Contact WHERE {}Name = 'a'", "NOT ".repeat(20_000))).code, "QUERY_TOO_COMPLICATED");
    assert_eq!(office.refusal(&format!("SELECT {}Id FROM Contact", "(SELECT ".repeat(10_000))).code, "MALFORMED_QUERY");
    let most = vec!["Name = 'a'"; 500].join(" OR ");
    assert!(office.ask(&format!("SELECT Id FROM Contact WHERE {most}")).is_empty());
    assert_eq!(office.refusal(&format!("SELECT Id FROM Contact WHERE Name = '{}'", "a".repeat(100_000))).code, "QUERY_TOO_COMPLICATED");
}
