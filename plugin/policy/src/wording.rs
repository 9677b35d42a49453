//! The forms in which people read numbers, lengths and moments.

use crate::contract::pbx::hooks::host::WallClock;

/// "Name <number>", or the number alone where there is no name that says more.
pub fn shown(name: Option<&str>, number: &str) -> String {
    let name = one_line(name.unwrap_or_default());
    if name.is_empty() || name == number { one_line(number) } else { format!("{name} <{}>", one_line(number)) }
}

/// Hours, minutes and seconds of a length in milliseconds; hours may pass 99.
pub fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// "YYYY-MM-DD HH:MM:SS".
pub fn time(at: &WallClock) -> String {
    let WallClock { year, month, day, hour, minute, second, .. } = at;
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// The text without line breaks and other control characters.
pub fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Line breaks as LF alone.
pub fn with_line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// At most this many bytes, never half a character.
pub fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// Several extensions in one reason.
pub fn list(items: &[&str]) -> String {
    items.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m_log_1_numbers_have_a_name_only_where_it_says_more() {
        assert_eq!(shown(Some("Ada Lovelace"), "+1 555 010 0199"), "Ada Lovelace <+1 555 010 0199>");
        assert_eq!(shown(Some(" "), "5503301"), "5503301");
        assert_eq!(shown(Some("5503301"), "5503301"), "5503301");
        assert_eq!(shown(None, "5503301"), "5503301");
        assert_eq!(shown(Some("Ada\r\nLovelace"), "5503301"), "Ada Lovelace <5503301>");
    }

    #[test]
    fn m_log_1_durations_count_whole_seconds() {
        assert_eq!(duration(0), "00:00:00");
        assert_eq!(duration(61_999), "00:01:01");
        assert_eq!(duration(360_000_000), "100:00:00");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("呼入", 5), "呼");
        assert_eq!(cut("呼入", 6), "呼入");
        assert_eq!(cut("abc", 255), "abc");
    }
}
