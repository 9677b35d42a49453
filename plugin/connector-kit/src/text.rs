//! Messages and texts.

use crate::base_types::Message;

/// Longest quotation of the CRM's own words, in bytes.
pub const MAX_QUOTATION: usize = 500;

/// A message of the catalogue with its arguments.
#[must_use]
pub fn message(id: &str, arguments: &[(&str, &str)]) -> Message {
    let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Message { id: id.to_owned(), arguments, verbatim: None }
}

/// The same message with the CRM's own words, at most [`MAX_QUOTATION`] bytes of them. Control characters become spaces.
#[must_use]
pub fn quoting(message: Message, words: &str) -> Message {
    let plain: String = words.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    let words = cut(plain.trim(), MAX_QUOTATION);
    Message { verbatim: (!words.is_empty()).then(|| words.to_owned()), ..message }
}

/// At most so many bytes, cut between characters.
#[must_use]
pub fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("äöü", 3), "ä");
        assert_eq!(cut("äöü", 6), "äöü");
        assert_eq!(cut("äöü", 0), "");
    }

    #[test]
    fn quotes_without_control_characters() {
        let quoted = quoting(message("kit.refused", &[]), "\u{1b}[2Jno\r\nway\n");
        assert_eq!(quoted.verbatim.as_deref(), Some("[2Jno  way"));
        assert_eq!(quoting(message("kit.refused", &[]), " \n").verbatim, None);
    }
}
