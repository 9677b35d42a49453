//! How texts are cut into the words of the search index: at blanks, at punctuation, and where letters change to digits or back
//! (SOQL and SOSL Reference, FIND). Scripts without blanks are cut into single characters, which a search joins again as a phrase.

/// Kinds of character; a change of kind ends a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Letter,
    Digit,
    Ideograph,
    Gap,
}

/// The kind of a character.
pub(super) fn kind(character: char) -> Kind {
    if character.is_ascii() {
        return match character {
            '0'..='9' => Kind::Digit,
            'a'..='z' | 'A'..='Z' => Kind::Letter,
            _ => Kind::Gap,
        };
    }
    match character {
        '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Kind::Ideograph,
        _ if character.is_numeric() => Kind::Digit,
        // Marks join the letter before them.
        _ if character.is_alphabetic() || matches!(character, '\u{300}'..='\u{36f}') => Kind::Letter,
        _ => Kind::Gap,
    }
}

/// Calls `take` with each word in lower case and its place among the words.
pub(super) fn words(text: &str, mut take: impl FnMut(&str, usize)) {
    let mut word = String::new();
    let mut last = Kind::Gap;
    let mut place = 0;
    for character in text.chars() {
        let now = kind(character);
        if (now != last || now == Kind::Ideograph) && !word.is_empty() {
            take(&word, place);
            place += 1;
            word.clear();
        }
        if now != Kind::Gap {
            if character.is_ascii() {
                word.push(character.to_ascii_lowercase());
            } else {
                word.extend(character.to_lowercase());
            }
        }
        last = now;
    }
    if !word.is_empty() {
        take(&word, place);
    }
}

/// The digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]
mod tests {
    fn cut(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        super::words(text, |word, place| {
            assert_eq!(place, all.len());
            all.push(word.to_owned());
        });
        all
    }

    #[test]
    fn words_end_at_blanks_punctuation_and_changes_of_kind() {
        assert_eq!(cut("(415) 555-0123 x12"), ["415", "555", "0123", "x", "12"]);
        assert_eq!(cut("Ann.Lee@Example.com"), ["ann", "lee", "example", "com"]);
        assert_eq!(cut("A4 paper"), ["a", "4", "paper"]);
        assert_eq!(cut("Müller-Straße"), ["müller", "straße"]);
        assert_eq!(cut("王小明"), ["王", "小", "明"]);
        assert!(cut(" -+()").is_empty());
    }
}
