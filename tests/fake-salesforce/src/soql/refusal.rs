//! Why a query is refused, where in its text, and how Salesforce words it.

use crate::error::ApiError;

/// A refused query: the error, and the place in the text that it points to.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Byte in the text; None: the error points nowhere.
    pub at: Option<usize>,
    /// `errorCode`.
    pub code: &'static str,
    /// What is wrong, without the place.
    pub message: String,
}

/// An answer or a refusal.
pub type Parsed<T> = Result<T, Refusal>;

/// How far Salesforce quotes the query to either side of the fault, before it goes on to the next blank or comma.
const QUOTED: usize = 30;

impl Refusal {
    /// A refusal that points to a place.
    #[must_use]
    pub fn new(at: usize, code: &'static str, message: impl Into<String>) -> Self {
        Self { at: Some(at), code, message: message.into() }
    }

    /// A refusal of the whole query.
    #[must_use]
    pub fn whole(code: &'static str, message: impl Into<String>) -> Self {
        Self { at: None, code, message: message.into() }
    }

    /// `MALFORMED_QUERY` at a place.
    #[must_use]
    pub fn malformed(at: usize, message: impl Into<String>) -> Self {
        Self::new(at, "MALFORMED_QUERY", message)
    }

    /// `INVALID_FIELD` at a place.
    #[must_use]
    pub fn field(at: usize, message: impl Into<String>) -> Self {
        Self::new(at, "INVALID_FIELD", message)
    }

    /// A name that is no field of the object.
    #[must_use]
    pub fn no_column(at: usize, column: &str, object: &str) -> Self {
        Self::field(
            at,
            format!(
                "No such column '{column}' on entity '{object}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
            ),
        )
    }

    /// A name that is no object.
    #[must_use]
    pub fn no_object(at: usize, object: &str) -> Self {
        Self::new(
            at,
            "INVALID_TYPE",
            format!(
                "sObject type '{object}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
            ),
        )
    }

    /// A name that is no relationship.
    #[must_use]
    pub fn no_relationship(at: usize, relationship: &str, part: &str) -> Self {
        Self::new(
            at,
            if part == "field path" { "INVALID_FIELD" } else { "INVALID_TYPE" },
            format!(
                "Didn't understand relationship '{relationship}' in {part}. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names."
            ),
        )
    }

    /// The error of the API: the part of the text around the place, a caret under it, row and column. Without a text there is no place.
    #[must_use]
    pub fn shown(&self, text: &str) -> ApiError {
        match self.at {
            Some(at) if !text.is_empty() => ApiError::bad(self.code, format!("\n{}\n{}", pointed(text, at), self.message)),
            _ => ApiError::bad(self.code, self.message.clone()),
        }
    }
}

/// The quoted part, the caret, and `ERROR at Row:r:Column:c`. The rule how much is quoted was read off recorded answers.
fn pointed(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let row = before.matches('\n').count() + 1;
    let row_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line: Vec<char> = text.get(row_start..).unwrap_or_default().lines().next().unwrap_or_default().chars().collect();
    let place = before.get(row_start..).unwrap_or_default().chars().count();
    let parts = |character: &char| *character == ',' || character.is_whitespace();
    let start = match place.checked_sub(QUOTED) {
        Some(from) => line.iter().take(from + 1).rposition(parts).map_or(0, |separator| separator + 1),
        None => 0,
    };
    let end = line.iter().skip(place + QUOTED + 1).position(parts).map_or(line.len(), |further| place + QUOTED + 1 + further);
    let quoted: String = line.iter().take(end).skip(start).collect();
    format!("{quoted}\n{}^\nERROR at Row:{row}:Column:{}", " ".repeat(place.saturating_sub(start)), place + 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]
mod tests {
    use super::pointed;

    #[test]
    fn short_queries_are_quoted_whole() {
        let text = "select count() from XYZZY";
        assert_eq!(pointed(text, 20), "select count() from XYZZY\n                    ^\nERROR at Row:1:Column:21");
    }

    #[test]
    fn long_queries_are_quoted_around_the_fault_as_in_recorded_answers() {
        let text = "select Id, Company,Email,LastName,SF_date__c, ConvertedContactId from Lead where Email = null";
        assert_eq!(
            pointed(text, text.find("SF_date").unwrap()),
            "select Id, Company,Email,LastName,SF_date__c, ConvertedContactId from\n                                  ^\nERROR at Row:1:Column:35"
        );
        let text = "SELECT A,B,CreatedById,OCE__ActualCap__c,TPI_Product__c,Name,OCE__JobId__c,OwnerId FROM X";
        let shown = pointed(text, text.find("TPI").unwrap());
        assert!(
            shown.starts_with("CreatedById,OCE__ActualCap__c,TPI_Product__c,Name,OCE__JobId__c\n                              ^\n"),
            "{shown}"
        );
    }

    #[test]
    fn rows_are_counted_and_any_place_is_safe() {
        assert_eq!(pointed("SELECT Id\nFROM Nope", 15), "FROM Nope\n     ^\nERROR at Row:2:Column:6");
        for at in 0..12 {
            let _ = pointed("é\n\r\n𝄞,x", at);
        }
    }
}
