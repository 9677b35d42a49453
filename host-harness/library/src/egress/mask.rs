//! A CRM that repeats the credential in its answer (an echo, a page for developers) tells it to nobody.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Response};

use crate::credential::secret::Secret;

/// Shorter secrets are not looked for: they would be found everywhere.
const SHORTEST: usize = 8;

/// So many bytes of a secret in a row are no chance. A page that cuts it, splits it or escapes one sign of it would tell it all the same.
const PIECE: usize = 16;

/// How much of a secret counts as the secret.
#[derive(Clone, Copy)]
pub(super) enum Extent {
    /// Any piece of it: it was drawn at random.
    Piece,
    /// The whole: people chose it, and a part may stand elsewhere with good reason, such as the company in a user's name.
    Whole,
}

/// The answer without the secret, as it is and in the writings in which servers repeat what they got. What is masked keeps its length.
pub(super) fn mask(answer: Response<Bytes>, secret: &Secret, extent: Extent) -> Response<Bytes> {
    let forms = forms(secret, extent);
    let pieces = Pieces::of(&forms);
    let (mut head, body) = answer.into_parts();
    for value in head.headers.values_mut() {
        if let Cow::Owned(masked) = pieces.without(value.as_bytes())
            && let Ok(masked) = HeaderValue::from_bytes(&masked)
        {
            *value = masked;
        }
    }
    let body = match pieces.without(&body) {
        Cow::Borrowed(_) => body,
        Cow::Owned(masked) => Bytes::from(masked),
    };
    Response::from_parts(head, body)
}

/// A text for people without any of the secrets.
pub(crate) fn mask_text(text: &str, secrets: &[&Secret]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        let forms = forms(secret, Extent::Piece);
        match Pieces::of(&forms).without(text.as_bytes()) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => String::from_utf8_lossy(&masked).into_owned(),
        }
    })
}

/// A secret in one writing.
struct Form {
    text: Secret,
    /// Length of a piece that counts.
    piece: usize,
}

fn forms(secret: &Secret, extent: Extent) -> Vec<Form> {
    let plain = secret.expose();
    if plain.len() < SHORTEST {
        return Vec::new();
    }
    let bytes = plain.as_bytes();
    let each = |form: fn(&u8) -> String| bytes.iter().map(form).collect::<String>();
    let percent: String = url::form_urlencoded::byte_serialize(bytes).collect();
    let mut forms = vec![
        plain.to_owned(),
        plain.chars().rev().collect(),
        percent.replace('%', "%25"),
        lower_escapes(&percent),
        percent,
        each(|byte| format!("{byte:02x}")),
        each(|byte| format!("{byte:02X}")),
        each(|byte| format!("%{byte:02X}")),
        each(|byte| format!("%{byte:02x}")),
        serde_json::to_string(plain).unwrap_or_default().trim_matches('"').replace('/', "\\/"),
    ];
    // What base64 makes of it depends on what stands in front of it, by three; the signs at the ends are shared with that.
    for before in 0..3 {
        let text = [vec![0; before], bytes.to_vec()].concat();
        let inner = (before * 8).div_ceil(6)..text.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
            forms.extend(encoded.get(inner.clone()).map(str::to_owned));
        }
    }
    forms.sort();
    forms.dedup();
    let piece = |form: &str| match extent {
        Extent::Piece => (PIECE * form.len() / plain.len()).clamp(1, form.len()),
        Extent::Whole => form.len(),
    };
    forms.into_iter().filter(|form| !form.is_empty()).map(|form| Form { piece: piece(&form), text: Secret::new(form) }).collect()
}

/// `%2F` as `%2f`, the rest as it is.
fn lower_escapes(percent: &str) -> String {
    let mut left = 0_u8;
    let lower = |sign: char| {
        left = if sign == '%' { 3 } else { left };
        let escape = left > 0;
        left = left.saturating_sub(1);
        if escape { sign.to_ascii_lowercase() } else { sign }
    };
    percent.chars().map(lower).collect()
}

/// All pieces of a secret's forms, by their lengths.
struct Pieces<'a> {
    of_length: BTreeMap<usize, HashSet<&'a [u8]>>,
    /// The pairs of bytes with which one begins: most places are passed by that alone.
    beginnings: Vec<bool>,
}

impl<'a> Pieces<'a> {
    fn of(forms: &'a [Form]) -> Self {
        let mut pieces = Self { of_length: BTreeMap::new(), beginnings: vec![false; 1 << 16] };
        for form in forms {
            for piece in form.text.expose().as_bytes().windows(form.piece) {
                if let Some(known) = beginning(piece).and_then(|pair| pieces.beginnings.get_mut(pair)) {
                    *known = true;
                }
                pieces.of_length.entry(form.piece).or_default().insert(piece);
            }
        }
        pieces
    }

    fn without<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let mut masked = Cow::Borrowed(bytes);
        for (at, pair) in bytes.windows(2).enumerate() {
            if !beginning(pair).and_then(|pair| self.beginnings.get(pair)).is_some_and(|known| *known) {
                continue;
            }
            for (length, pieces) in &self.of_length {
                if bytes.get(at..at + length).is_some_and(|window| pieces.contains(window))
                    && let Some(found) = masked.to_mut().get_mut(at..at + length)
                {
                    found.fill(b'*');
                }
            }
        }
        masked
    }
}

fn beginning(bytes: &[u8]) -> Option<usize> {
    let [first, second, ..] = bytes else { return None };
    Some(usize::from(*first) << 8 | usize::from(*second))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "00D5g00000AAAAA!AQ/MA+Q.canary-x3Gk7pWb2ZtQ9vLr5N";

    fn masked(body: &str, header: &str) -> (String, String) {
        let answer = Response::builder().header("x-echo", header).body(Bytes::from(body.to_owned())).unwrap();
        let answer = mask(answer, &Secret::new(TOKEN), Extent::Piece);
        (String::from_utf8(answer.body().to_vec()).unwrap(), answer.headers()["x-echo"].to_str().unwrap().to_owned())
    }

    #[test]
    fn what_repeats_the_credential_is_masked_in_every_writing() {
        for form in forms(&Secret::new(TOKEN), Extent::Whole) {
            let text = form.text.expose();
            let (body, header) = masked(&format!("{{\"a\":\"{text}\",\"b\":\"{text}\"}}"), &format!("Bearer {text}"));
            assert!(!body.contains(text) && !header.contains(text), "{body} {header}");
            let stars = "*".repeat(text.len());
            assert_eq!((body, header), (format!("{{\"a\":\"{stars}\",\"b\":\"{stars}\"}}"), format!("Bearer {stars}")));
        }
    }

    #[test]
    fn a_credential_that_is_cut_or_split_or_stands_in_a_longer_encoded_text_is_masked_too() {
        let (beginning, end) = TOKEN.split_at(24);
        assert_eq!(masked(&format!("{beginning}\n{end}"), "x").0, format!("{}\n{}", "*".repeat(24), "*".repeat(end.len())));
        assert_eq!(masked(&TOKEN.replace('!', "\\u0021"), "x").0, format!("00D5g00000AAAAA\\u0021{}", "*".repeat(TOKEN.len() - 16)));
        for before in ["", "a", "ab", "authorization: Bearer "] {
            for encoded in
                [STANDARD_NO_PAD.encode(format!("{before}{TOKEN}, and more")), URL_SAFE_NO_PAD.encode(format!("{before}{TOKEN}"))]
            {
                let shown = masked(&encoded, "x").0;
                assert!(shown.bytes().filter(|sign| *sign == b'*').count() >= TOKEN.len() * 8 / 6 - 2, "{shown}");
            }
        }
    }

    #[test]
    fn other_answers_stay_as_they_are() {
        let body = "00D5g00000AAAAA and more, 00D5g00000AAAAABCD, x!AQ/MA+Q.canarx";
        assert_eq!(masked(body, "x"), (body.to_owned(), "x".to_owned()));
        let answer = Response::new(Bytes::from_static(b"key key"));
        assert_eq!(mask(answer, &Secret::new("key"), Extent::Piece).body().as_ref(), b"key key", "too short to be told from a word");
    }

    #[test]
    fn of_what_people_chose_the_whole_is_masked_alone() {
        let body = "\"me@long-name.example.com\", \"you@long-name.example.com\"";
        let answer = mask(Response::new(Bytes::from(body)), &Secret::new("me@long-name.example.com"), Extent::Whole);
        assert_eq!(answer.body(), &format!("\"{}\", \"you@long-name.example.com\"", "*".repeat(24)));
    }

    #[test]
    fn words_for_people_hold_no_secret() {
        let secret = Secret::new("5Aep861.canary.canary");
        assert_eq!(
            mask_text("expired: token=5Aep861.canary.canary!", &[&Secret::new("other-secret"), &secret]),
            format!("expired: token={}!", "*".repeat(21))
        );
        assert_eq!(mask_text("schon gut \u{e4}", &[&secret]), "schon gut \u{e4}");
    }
}
