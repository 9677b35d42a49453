//! A CRM that repeats the credential in its answer (an echo, a page for developers) tells it to nobody.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use bytes::Bytes;
use http::{HeaderValue, Response};

use crate::credential::secret::Secret;

/// Shorter secrets are not looked for: they would be found everywhere.
const SHORTEST: usize = 8;

/// The answer without the secret, as it is and in the writings in which servers repeat what they got. What is masked keeps its length.
pub(super) fn mask(answer: Response<Bytes>, secret: &Secret) -> Response<Bytes> {
    if secret.expose().len() < SHORTEST {
        return answer;
    }
    let forms = forms(secret);
    let (mut head, body) = answer.into_parts();
    for value in head.headers.values_mut() {
        if let Cow::Owned(masked) = without(value.as_bytes(), &forms)
            && let Ok(masked) = HeaderValue::from_bytes(&masked)
        {
            *value = masked;
        }
    }
    let body = match without(&body, &forms) {
        Cow::Borrowed(_) => body,
        Cow::Owned(masked) => Bytes::from(masked),
    };
    Response::from_parts(head, body)
}

fn forms(secret: &Secret) -> Vec<Secret> {
    let plain = secret.expose();
    let mut forms = vec![
        plain.to_owned(),
        url::form_urlencoded::byte_serialize(plain.as_bytes()).collect(),
        STANDARD.encode(plain),
        STANDARD_NO_PAD.encode(plain),
        URL_SAFE.encode(plain),
        plain.chars().rev().collect(),
        plain.bytes().map(|byte| format!("{byte:02x}")).collect(),
        serde_json::to_string(plain).unwrap_or_default().trim_matches('"').replace('/', "\\/"),
    ];
    forms.sort();
    forms.dedup();
    forms.into_iter().map(Secret::new).collect()
}

fn without<'a>(bytes: &'a [u8], forms: &[Secret]) -> Cow<'a, [u8]> {
    let mut masked = Cow::Borrowed(bytes);
    for form in forms.iter().map(|form| form.expose().as_bytes()) {
        let mut from = 0;
        while let Some(at) = find(masked.get(from..).unwrap_or_default(), form) {
            let end = from + at + form.len();
            if let Some(found) = masked.to_mut().get_mut(from + at..end) {
                found.fill(b'*');
            }
            from = end;
        }
    }
    masked
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    // The first byte is searched for fast; windows over a megabyte would cost a millisecond for each form.
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from + at;
        if bytes.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "00D5g00000AAAAA!AQ/MA+Q.canary";

    fn masked(body: &str, header: &str) -> (String, String) {
        let answer = Response::builder().header("x-echo", header).body(Bytes::from(body.to_owned())).unwrap();
        let answer = mask(answer, &Secret::new(TOKEN));
        (String::from_utf8(answer.body().to_vec()).unwrap(), answer.headers()["x-echo"].to_str().unwrap().to_owned())
    }

    #[test]
    fn what_repeats_the_credential_is_masked_in_every_writing() {
        for form in forms(&Secret::new(TOKEN)) {
            let text = form.expose();
            let (body, header) = masked(&format!("{{\"a\":\"{text}\",\"b\":\"{text}\"}}"), &format!("Bearer {text}"));
            assert!(!body.contains(text) && !header.contains(text), "{body} {header}");
            let stars = "*".repeat(text.len());
            assert_eq!((body, header), (format!("{{\"a\":\"{stars}\",\"b\":\"{stars}\"}}"), format!("Bearer {stars}")));
        }
    }

    #[test]
    fn other_answers_stay_as_they_are() {
        let body = "00D5g00000AAAAA!AQ and more, 00D5g00000AAAAA!AQ/MA+Q.canarx";
        assert_eq!(masked(body, "x"), (body.to_owned(), "x".to_owned()));
        let answer = Response::new(Bytes::from_static(b"key key"));
        assert_eq!(mask(answer, &Secret::new("key")).body().as_ref(), b"key key", "too short to be told from a word");
    }
}
