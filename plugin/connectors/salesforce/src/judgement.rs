//! Which kind of failure a refusal is.
//!
//! A code says more than a status: it is looked up in the table first, and only what stands nowhere in it is judged by its status.

use pbx_connector_kit::{
    Effect, Response,
    base_types::{Message, Milliseconds},
    context,
    failure::{detail, lost},
    status::{self, Refusal},
    text::{message, quoting},
    types::{Detail, Failure, Pause, WrongFields},
};

use crate::complaint::Complaint;

/// Kinds of refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sort {
    /// The credential is no longer taken.
    Again,
    /// We may not.
    Forbidden,
    /// It is not there.
    Gone,
    /// Somebody else holds a lock.
    Conflict,
    /// Refused for its content.
    Invalid,
    /// Patience.
    Busy,
    /// Too many at once: again within seconds.
    Crowded,
    /// The allowance is used up.
    Quota,
    /// Salesforce broke down underway: a write may be done.
    Broken,
    /// The connector asked what makes no sense. A write is refused for good, a read may be right tomorrow.
    Mistake,
    /// Not in this version.
    Unsupported,
}

/// Code, what it is, and the message that says so to an administrator.
const TABLE: [(&str, Sort, &str); 62] = [
    ("INVALID_SESSION_ID", Sort::Again, "salesforce.session"),
    ("INVALID_AUTH_HEADER", Sort::Again, "salesforce.session"),
    ("Bad_OAuth_Token", Sort::Again, "salesforce.session"),
    ("API_DISABLED_FOR_ORG", Sort::Forbidden, "salesforce.edition"),
    ("RESTAPINOTENABLED", Sort::Forbidden, "salesforce.edition"),
    ("API_CURRENTLY_DISABLED", Sort::Forbidden, "salesforce.user-without-api"),
    ("INSUFFICIENT_ACCESS", Sort::Forbidden, "salesforce.no-access"),
    ("INSUFFICIENT_ACCESS_OR_READONLY", Sort::Forbidden, "salesforce.no-access"),
    ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", Sort::Forbidden, "salesforce.no-access"),
    ("CANNOT_EXECUTE_FLOW_TRIGGER", Sort::Invalid, "salesforce.automation"),
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Sort::Invalid, "salesforce.automation"),
    ("FORBIDDEN", Sort::Forbidden, "salesforce.no-access"),
    ("FUNCTIONALITY_NOT_ENABLED", Sort::Forbidden, "salesforce.no-access"),
    ("TXN_SECURITY_NO_ACCESS", Sort::Forbidden, "salesforce.security-policy"),
    ("TRANSACTION_SECURITY_BLOCK", Sort::Forbidden, "salesforce.security-policy"),
    ("INVALID_TYPE", Sort::Forbidden, "salesforce.object-hidden"),
    ("STORAGE_LIMIT_EXCEEDED", Sort::Forbidden, "salesforce.storage"),
    ("ENTITY_IS_DELETED", Sort::Gone, "salesforce.deleted"),
    ("INVALID_CROSS_REFERENCE_KEY", Sort::Gone, "salesforce.deleted"),
    ("INVALID_QUERY_LOCATOR", Sort::Gone, "salesforce.cursor"),
    ("UNABLE_TO_LOCK_ROW", Sort::Conflict, "salesforce.locked"),
    ("REQUEST_LIMIT_EXCEEDED", Sort::Quota, "salesforce.quota"),
    ("SERVER_UNAVAILABLE", Sort::Busy, "salesforce.unavailable"),
    ("QUERY_TIMEOUT", Sort::Busy, "salesforce.slow"),
    ("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", Sort::Busy, "salesforce.maintenance"),
    ("API_TEMPORARILY_UNAVAILABLE", Sort::Busy, "salesforce.unavailable"),
    ("UNKNOWN_EXCEPTION", Sort::Broken, "salesforce.internal"),
    ("UNSUPPORTED_API_VERSION", Sort::Unsupported, "salesforce.version"),
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", Sort::Invalid, "salesforce.validation-rule"),
    ("REQUIRED_FIELD_MISSING", Sort::Invalid, "salesforce.required"),
    ("STRING_TOO_LONG", Sort::Invalid, "salesforce.too-long"),
    ("NUMBER_OUTSIDE_VALID_RANGE", Sort::Invalid, "salesforce.value"),
    ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Sort::Invalid, "salesforce.picklist"),
    ("FIELD_INTEGRITY_EXCEPTION", Sort::Invalid, "salesforce.integrity"),
    ("INVALID_FIELD_FOR_INSERT_UPDATE", Sort::Invalid, "salesforce.field-hidden"),
    ("INVALID_FIELD", Sort::Invalid, "salesforce.field-hidden"),
    ("INVALID_EMAIL_ADDRESS", Sort::Invalid, "salesforce.value"),
    ("INVALID_TYPE_ON_FIELD_IN_RECORD", Sort::Invalid, "salesforce.value"),
    ("MALFORMED_ID", Sort::Invalid, "salesforce.value"),
    ("INACTIVE_OWNER_OR_USER", Sort::Invalid, "salesforce.owner"),
    ("TRANSFER_REQUIRES_READ", Sort::Invalid, "salesforce.owner"),
    ("CANNOT_UPDATE_CONVERTED_LEAD", Sort::Invalid, "salesforce.converted"),
    ("DUPLICATE_VALUE", Sort::Invalid, "salesforce.duplicate-value"),
    ("DUPLICATES_DETECTED", Sort::Invalid, "salesforce.duplicate"),
    ("MALFORMED_QUERY", Sort::Mistake, "salesforce.mistake"),
    ("MALFORMED_SEARCH", Sort::Mistake, "salesforce.mistake"),
    ("INVALID_SEARCH", Sort::Mistake, "salesforce.mistake"),
    ("QUERY_TOO_COMPLICATED", Sort::Mistake, "salesforce.mistake"),
    ("JSON_PARSER_ERROR", Sort::Mistake, "salesforce.mistake"),
    ("METHOD_NOT_ALLOWED", Sort::Mistake, "salesforce.mistake"),
    ("UNSUPPORTED_MEDIA_TYPE", Sort::Mistake, "salesforce.mistake"),
    ("NOT_ACCEPTABLE", Sort::Mistake, "salesforce.mistake"),
    ("URI_TOO_LONG", Sort::Mistake, "salesforce.mistake"),
    ("REQUEST_HEADER_FIELDS_TOO_LARGE", Sort::Mistake, "salesforce.mistake"),
    ("REQUEST_TOO_LARGE", Sort::Mistake, "salesforce.mistake"),
    ("EXCEEDED_ID_LIMIT", Sort::Mistake, "salesforce.mistake"),
    ("LIMIT_EXCEEDED", Sort::Mistake, "salesforce.mistake"),
    ("INVALID_INPUT", Sort::Mistake, "salesforce.mistake"),
    ("INVALID_BATCH_REQUEST", Sort::Mistake, "salesforce.mistake"),
    ("MISSING_ARGUMENT", Sort::Mistake, "salesforce.mistake"),
    ("PROCESSING_HALTED", Sort::Mistake, "salesforce.halted"),
    ("ALL_OR_NONE_OPERATION_ROLLED_BACK", Sort::Mistake, "salesforce.halted"),
];

/// Pause after too many long requests at once, if the answer names none: these end by themselves.
const CROWDED_PAUSE_MS: Milliseconds = 5_000;

/// 401 that a new token does not help: whoever goes on refreshing never ends.
const NO_SESSION_HELPS: [&str; 2] = ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"];

/// How a refusal came.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    /// With which status; None: for one row of many.
    pub status: Option<u16>,
    /// How long to wait, if the answer said so.
    pub wait: Option<Milliseconds>,
    /// What the request does.
    pub effect: Effect,
}

/// Judges a whole answer that is no success.
pub fn of_response(response: &Response, effect: Effect, now: context::Moment) -> Failure {
    let wait = response.header("retry-after").and_then(|text| status::retry_after(text, now));
    let came = Came { status: Some(response.status), wait, effect };
    let complaints = crate::complaint::read(&response.body);
    of_complaints(&came, &complaints)
}

/// Judges the first complaint, or the status if there is none.
pub fn of_complaints(came: &Came, complaints: &[Complaint]) -> Failure {
    let nothing = Complaint::default();
    let first = complaints.first().unwrap_or(&nothing);
    of_complaint(came, first)
}

/// Judges one complaint.
pub fn of_complaint(came: &Came, complaint: &Complaint) -> Failure {
    let words = complaint.words.as_str();
    let code = complaint.code.as_str();
    if came.status == Some(401) && NO_SESSION_HELPS.iter().any(|text| words.contains(text)) {
        return made(Sort::Again, "salesforce.session-unusable", came, complaint);
    }
    if code == "REQUEST_LIMIT_EXCEEDED" && words.contains("Concurrent") {
        return made(Sort::Crowded, "salesforce.concurrent", came, complaint);
    }
    // A query that makes no sense is our mistake; a row with a field that is not there is refused for that.
    if code == "INVALID_FIELD" && came.effect == Effect::Reads {
        return made(Sort::Forbidden, "salesforce.field-hidden", came, complaint);
    }
    match TABLE.iter().find(|(known, _, _)| *known == code) {
        Some((_, sort, id)) => made(*sort, id, came, complaint),
        None => match came.status {
            Some(status) => by_status(status, came, complaint),
            None => made(Sort::Invalid, "salesforce.item-refused", came, complaint),
        },
    }
}

fn by_status(status: u16, came: &Came, complaint: &Complaint) -> Failure {
    match status {
        // A person must choose: trying it again finds the same ones.
        300 => made(Sort::Mistake, "salesforce.several", came, complaint),
        // Records are never asked for by their path, so a thing that is not there is part of the API, and no record shall be forgotten.
        404 => garbled("salesforce.no-endpoint", came, complaint),
        // We never ask on conditions, and follow no redirection.
        301..=399 => garbled("salesforce.no-endpoint", came, complaint),
        401 => made(Sort::Again, "salesforce.session", came, complaint),
        403 => made(Sort::Forbidden, "salesforce.no-access", came, complaint),
        // Refused before anybody looked at the content: the connector asked in a way that no content makes right.
        405 | 406 | 412..=415 | 428 | 431 => made(Sort::Mistake, "salesforce.mistake", came, complaint),
        409 => made(Sort::Conflict, "salesforce.locked", came, complaint),
        410 => made(Sort::Unsupported, "salesforce.version", came, complaint),
        420 | 429 => made(Sort::Busy, "salesforce.unavailable", came, complaint),
        // The edge's page: a read is too much now, a write may have come through.
        503 if came.effect == Effect::Reads => made(Sort::Busy, "salesforce.unavailable", came, complaint),
        500..=599 => made(Sort::Broken, "salesforce.internal", came, complaint),
        _ => {
            let words = Some(complaint.words.clone()).filter(|words| !words.is_empty());
            let code = Some(complaint.code.clone()).filter(|code| !code.is_empty());
            let refusal = Refusal { code, words, fields: complaint.fields.clone() };
            let response = Response { status, headers: Vec::new(), body: Vec::new() };
            let usual = status::failure(&response, came.effect, 0, &refusal);
            usual.unwrap_or_else(|| Failure::Other(told("salesforce.item-refused", came, complaint)))
        }
    }
}

fn made(sort: Sort, id: &str, came: &Came, complaint: &Complaint) -> Failure {
    let detail = told(id, came, complaint);
    let fields = || complaint.named_fields().into_iter().map(str::to_owned).collect();
    match sort {
        Sort::Again => Failure::AuthoriseAgain(detail),
        Sort::Forbidden => Failure::Forbidden(detail),
        Sort::Gone => Failure::Gone(detail),
        Sort::Conflict => Failure::Conflict(detail),
        Sort::Invalid => Failure::Invalid(WrongFields { fields: fields(), detail }),
        Sort::Busy => Failure::Busy(Pause { wait: came.wait, detail }),
        Sort::Crowded => Failure::Busy(Pause { wait: came.wait.or(Some(CROWDED_PAUSE_MS)), detail }),
        // The period rolls, and Salesforce names no time: the host knows how long to wait then.
        Sort::Quota => Failure::Quota(Pause { wait: came.wait, detail }),
        Sort::Broken => lost(came.effect, detail),
        Sort::Mistake => match came.effect {
            Effect::Reads => Failure::Other(detail),
            Effect::Writes => Failure::Invalid(WrongFields { fields: fields(), detail }),
        },
        Sort::Unsupported => Failure::Unsupported(detail),
    }
}

fn garbled(id: &str, came: &Came, complaint: &Complaint) -> Failure {
    Failure::Garbled(told(id, came, complaint))
}

fn told(id: &str, came: &Came, complaint: &Complaint) -> Detail {
    let code = Some(complaint.code.clone()).filter(|code| !code.is_empty());
    Detail { status: came.status, code, ..detail(quoting(said(id, complaint), &complaint.words)) }
}

fn said(id: &str, complaint: &Complaint) -> Message {
    match id {
        "salesforce.version" => message(id, &[("version", crate::api::VERSION)]),
        "salesforce.object-hidden" => message(id, &[("object", complaint.named_object().unwrap_or("Contact, Lead, Account, Task"))]),
        "salesforce.required"
        | "salesforce.too-long"
        | "salesforce.picklist"
        | "salesforce.field-hidden"
        | "salesforce.value"
        | "salesforce.integrity"
        | "salesforce.duplicate-value" => {
            let named = complaint.named_fields();
            let fields = if named.is_empty() { "-".to_owned() } else { named.join(", ") };
            message(id, &[("fields", &fields)])
        }
        _ => message(id, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str, effect: Effect) -> Failure {
        of_response(&Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }, effect, 0)
    }

    fn kind(failure: &Failure) -> String {
        format!("{failure:?}").trim_start_matches("Failure::").split('(').next().unwrap().to_owned()
    }

    fn error(code: &str, words: &str) -> String {
        serde_json::json!([{ "errorCode": code, "message": words }]).to_string()
    }

    #[test]
    fn kinds_and_messages_of_the_errors_of_the_guides() {
        let rows: [(u16, String, &str, &str, &str); 25] = [
            (401, error("INVALID_SESSION_ID", "Session expired or invalid"), "AuthoriseAgain", "AuthoriseAgain", "salesforce.session"),
            (
                401,
                error("X", "This session is not valid for use with the REST API"),
                "AuthoriseAgain",
                "AuthoriseAgain",
                "salesforce.session-unusable",
            ),
            (401, error("X", "Connected app is not attached to Agent"), "AuthoriseAgain", "AuthoriseAgain", "salesforce.session-unusable"),
            (403, "Bad_OAuth_Token".to_owned(), "AuthoriseAgain", "AuthoriseAgain", "salesforce.session"),
            (403, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), "Quota", "Quota", "salesforce.quota"),
            (
                403,
                error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
                "Busy",
                "Busy",
                "salesforce.concurrent",
            ),
            (403, error("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."), "Busy", "Busy", "salesforce.concurrent"),
            (403, error("API_DISABLED_FOR_ORG", "API is not enabled"), "Forbidden", "Forbidden", "salesforce.edition"),
            (403, r#"{"errorCode":"RESTAPINOTENABLED","message":"m"}"#.to_owned(), "Forbidden", "Forbidden", "salesforce.edition"),
            (
                403,
                error("API_CURRENTLY_DISABLED", "API is disabled for this User"),
                "Forbidden",
                "Forbidden",
                "salesforce.user-without-api",
            ),
            (403, error("INSUFFICIENT_ACCESS_OR_READONLY", "m"), "Forbidden", "Forbidden", "salesforce.no-access"),
            (404, error("ENTITY_IS_DELETED", "entity is deleted"), "Gone", "Gone", "salesforce.deleted"),
            (400, error("UNABLE_TO_LOCK_ROW", "m"), "Conflict", "Conflict", "salesforce.locked"),
            (400, error("FIELD_CUSTOM_VALIDATION_EXCEPTION", "m"), "Invalid", "Invalid", "salesforce.validation-rule"),
            (400, error("MALFORMED_QUERY", "m"), "Other", "Invalid", "salesforce.mistake"),
            (400, error("INVALID_FIELD", "No such column 'Fax' on entity 'Lead'"), "Forbidden", "Invalid", "salesforce.field-hidden"),
            (404, error("NOT_FOUND", "m"), "Garbled", "Garbled", "salesforce.no-endpoint"),
            (410, "<html>".to_owned(), "Unsupported", "Unsupported", "salesforce.version"),
            (300, r#"["/services/data/v66.0/sobjects/Contact/003"]"#.to_owned(), "Other", "Invalid", "salesforce.several"),
            (420, String::new(), "Busy", "Busy", "salesforce.unavailable"),
            (429, "<html>".to_owned(), "Busy", "Busy", "salesforce.unavailable"),
            (503, error("SERVER_UNAVAILABLE", "Server Unavailable"), "Busy", "Busy", "salesforce.unavailable"),
            (503, "<html>".to_owned(), "Busy", "Unclear", ""),
            (500, error("UNKNOWN_EXCEPTION", "An unexpected error occurred."), "Unreachable", "Unclear", "salesforce.internal"),
            (502, "<html>".to_owned(), "Unreachable", "Unclear", "salesforce.internal"),
        ];
        for (status, body, reads, writes, id) in rows {
            for (effect, wanted) in [(Effect::Reads, reads), (Effect::Writes, writes)] {
                let mut failure = judged(status, &body, effect);
                assert_eq!(kind(&failure), wanted, "{status} {body}");
                let detail = pbx_connector_kit::failure::detail_of(&mut failure);
                assert_eq!(detail.status, Some(status));
                assert!(id.is_empty() || detail.said.id == id, "{status} {body}: {}", detail.said.id);
            }
        }
    }

    #[test]
    fn the_administrators_own_words_stay_verbatim() {
        let Failure::Invalid(wrong) = judged(400, &error("FIELD_CUSTOM_VALIDATION_EXCEPTION", "请先填写“来源”！"), Effect::Writes)
        else {
            panic!("not invalid");
        };
        assert_eq!(wrong.detail.said.verbatim.as_deref(), Some("请先填写“来源”！"));
        assert_eq!(wrong.detail.code.as_deref(), Some("FIELD_CUSTOM_VALIDATION_EXCEPTION"));
    }

    #[test]
    fn f20_several_records_are_named() {
        let body = r#"["/services/data/v66.0/sobjects/Contact/003A", "/services/data/v66.0/sobjects/Contact/003B"]"#;
        let Failure::Invalid(wrong) = judged(300, body, Effect::Writes) else { panic!("not invalid") };
        assert_eq!(wrong.detail.said.verbatim.as_deref(), Some("Contact 003A, Contact 003B"));
    }

    #[test]
    fn a_row_of_many_with_an_unknown_code_is_refused_for_its_content() {
        let came = Came { status: None, wait: None, effect: Effect::Writes };
        let complaint = Complaint { code: "SOMETHING_NEW".to_owned(), ..Complaint::default() };
        assert!(matches!(of_complaint(&came, &complaint), Failure::Invalid(_)));
    }

    #[test]
    fn a_pause_that_is_told_is_kept() {
        let headers = vec![("retry-after".to_owned(), b"7".to_vec())];
        let response = Response { status: 503, headers, body: error("SERVER_UNAVAILABLE", "m").into_bytes() };
        let Failure::Busy(pause) = of_response(&response, Effect::Writes, 0) else { panic!("not busy") };
        assert_eq!(pause.wait, Some(7_000));
    }
}
