//! A call as Odoo keeps it: a note in the chatter of a record.
//!
//! A message has fields for record, author, time and subject. Length, direction, outcome and recording have none: they stand in the body, the last as
//! a link, the others as classes of the text, for programs (what people read is the template's business). Of what else HTML would have for that, Odoo
//! takes away all that it does not know.

use html_escape::{encode_double_quoted_attribute, encode_quoted_attribute, encode_text};
use pbx_connector_kit::{time::rfc3339, types::JournalEntry, words};

use crate::texts;

/// The columns of a message, as [`row`] fills them.
pub const COLUMNS: [&str; 10] =
    ["id", "model", "res_id", "subject", "body", "message_type", "subtype_id/id", "date", "mail_activity_type_id/id", "message_id"];
/// One more where somebody else than the key's user is the author.
pub const AUTHOR: &str = "author_id/.id";

const TEXT: &str = "<div class=\"pbx-call";
const RECORDING: &str = "<div class=\"pbx-recording\">";
const END: &str = "</div>";

/// Values for [`COLUMNS`].
pub fn row(key: &str, (model, id): (&str, u64), entry: &JournalEntry, language: &str) -> Vec<String> {
    vec![
        crate::external_id::of(key),
        model.to_owned(),
        id.to_string(),
        plain(&entry.subject),
        body(entry, language),
        "comment".to_owned(),
        // For colleagues: a comment would be sent to the customer.
        "mail.mt_note".to_owned(),
        time(entry.started_at),
        "mail.mail_activity_data_call".to_owned(),
        crate::external_id::message_id(key),
    ]
}

/// "2026-11-20 10:00:00", in UTC.
fn time(moment: u64) -> String {
    rfc3339(moment, 0).replace('T', " ").chars().take("2026-11-20 10:00:00".len()).collect()
}

/// Without characters that PostgreSQL refuses, or that would break a line.
pub fn plain(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

fn body(entry: &JournalEntry, language: &str) -> String {
    let (direction, outcome) = (words::direction(entry.direction), words::outcome(&entry.outcome));
    let start = format!("{TEXT} pbx-{direction} pbx-{outcome} pbx-talked-{}-ms\">", entry.talked);
    let recording = entry.recording.as_deref().map(|address| recording(address, language)).unwrap_or_default();
    format!("{start}{}{END}{recording}", lines(&entry.body))
}

/// Plain text as HTML. Quotation marks are escaped too: Odoo would take an image out of a text that has one in it, and keep it as a file.
fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| encode_quoted_attribute(&plain(line)).into_owned()).collect();
    lines.join("<br>")
}

fn recording(address: &str, language: &str) -> String {
    // Whatever else it is, a browser is not to open it.
    if !["https://", "http://"].iter().any(|scheme| address.starts_with(scheme)) {
        return String::new();
    }
    let (address, label) = (plain(address), texts::that_stays(language, "odoo.recording", &[]));
    format!("{RECORDING}<a href=\"{}\">{}</a>{END}", encode_double_quoted_attribute(&address), encode_text(&label))
}

/// The same body with another text or recording. Where people have written over it, so that the parts are not found, a text replaces all, and a
/// recording is put behind it.
pub fn amended(body: &str, text: Option<&str>, recording_address: Option<&str>, language: &str) -> String {
    let mut body = body.to_owned();
    if let Some(text) = text {
        body = match part(&body, TEXT) {
            Some((start, end)) => {
                let inside = body.get(start..).and_then(|rest| rest.find('>')).map_or(end, |at| start + at + 1);
                let (before, after) = (body.get(..inside).unwrap_or_default(), body.get(end..).unwrap_or_default());
                format!("{before}{}{after}", lines(text))
            }
            None => format!("{TEXT}\">{}{END}", lines(text)),
        };
    }
    if let Some(address) = recording_address {
        let link = recording(address, language);
        body = match part(&body, RECORDING) {
            Some((start, end)) => {
                let (before, after) = (body.get(..start).unwrap_or_default(), body.get(end + END.len()..).unwrap_or_default());
                format!("{before}{link}{after}")
            }
            None => format!("{body}{link}"),
        };
    }
    body
}

/// Where a part of ours begins, and where its end tag does: no part has another inside.
fn part(body: &str, start: &str) -> Option<(usize, usize)> {
    let begin = body.find(start)?;
    let end = body.get(begin..)?.find(END)?;
    Some((begin, begin + end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_text_in_the_page() {
        assert_eq!(lines("a <b> & \"c\"\nd\u{0}e\r\n\u{1b}[2Jf"), "a &lt;b&gt; &amp; &quot;c&quot;<br>d e<br> [2Jf");
        assert_eq!(
            recording("https://pbx.example/r?a=1&b=\"x\"><script>", "en"),
            "<div class=\"pbx-recording\"><a href=\"https://pbx.example/r?a=1&amp;b=&quot;x&quot;&gt;&lt;script&gt;\">Recording</a></div>"
        );
        assert_eq!(recording("javascript:alert(1)", "en"), "");
    }

    #[test]
    fn times_are_those_of_the_server() {
        assert_eq!(time(1_795_339_016_999), "2026-11-22 09:16:56");
        assert_eq!(time(0), "1970-01-01 00:00:00");
    }

    #[test]
    fn parts_are_changed_and_the_rest_stays() {
        let body = "<div class=\"pbx-call pbx-answered\">old &gt; text</div><p>somebody's remark</p>";
        let first = amended(body, Some("new <text>\ntwo"), Some("https://pbx.example/1"), "en");
        assert_eq!(
            first,
            "<div class=\"pbx-call pbx-answered\">new &lt;text&gt;<br>two</div><p>somebody's remark</p>\
            <div class=\"pbx-recording\"><a href=\"https://pbx.example/1\">Recording</a></div>"
        );
        // The same twice is the same as once.
        assert_eq!(amended(&first, Some("new <text>\ntwo"), Some("https://pbx.example/1"), "en"), first);
        assert!(
            amended(&first, None, Some("https://pbx.example/2"), "zh-CN").ends_with("<a href=\"https://pbx.example/2\">录音</a></div>")
        );
        assert_eq!(amended("<p>all new</p>", Some("text"), None, "en"), "<div class=\"pbx-call\">text</div>");
        assert_eq!(amended("<p>all new</p>", None, None, "en"), "<p>all new</p>");
    }
}
