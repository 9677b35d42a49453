//! Lines from a pipe, of which none takes more memory than is allowed.

use std::io::{BufRead, ErrorKind, Result};

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line without its line feed.
    Whole(Vec<u8>),
    /// A longer one than is allowed: thrown away to its end.
    TooLong,
}

/// The next line that is not blank; none: there are no more. The last one needs no line feed.
pub(super) fn next(from: &mut impl BufRead, most: usize) -> Result<Option<Line>> {
    loop {
        let (mut line, mut too_long, mut ended) = (Vec::new(), false, false);
        while !ended {
            let piece = match from.fill_buf() {
                Ok(piece) => piece,
                Err(why) if why.kind() == ErrorKind::Interrupted => continue,
                Err(why) => return Err(why),
            };
            if piece.is_empty() {
                let nothing = line.trim_ascii().is_empty() && !too_long;
                return Ok((!nothing).then(|| told(line, too_long)));
            }
            let (part, taken) = match piece.iter().position(|byte| *byte == b'\n') {
                Some(at) => (piece.split_at(at).0, at + 1),
                None => (piece, piece.len()),
            };
            ended = taken > part.len();
            too_long |= line.len() + part.len() > most;
            if too_long {
                line.clear();
            } else {
                line.extend_from_slice(part);
            }
            from.consume(taken);
        }
        if too_long || !line.trim_ascii().is_empty() {
            return Ok(Some(told(line, too_long)));
        }
    }
}

fn told(line: Vec<u8>, too_long: bool) -> Line {
    if too_long { Line::TooLong } else { Line::Whole(line) }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn all(text: &[u8], buffer: usize) -> Vec<Line> {
        let mut reader = BufReader::with_capacity(buffer, text);
        std::iter::from_fn(|| next(&mut reader, 8).unwrap()).collect()
    }

    #[test]
    fn a_long_line_is_told_once_and_the_next_one_is_read_whatever_the_pieces() {
        let text = b"one\n\n  \r\n12345678\n123456789\n123456789012345678901234567890\ntwo\r\nthree";
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        for buffer in 1..40 {
            let wanted = vec![whole("one"), whole("12345678"), Line::TooLong, Line::TooLong, whole("two\r"), whole("three")];
            assert_eq!(all(text, buffer), wanted, "in pieces of {buffer} bytes");
        }
        assert_eq!(all(b"123456789", 4), [Line::TooLong], "a last line without an end");
        assert_eq!(all(b"", 4), []);
    }
}
