//! Looks for pieces of secrets, in every writing in which a program could have let them out.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A piece of a secret is so many bytes of it: too many to stand somewhere by chance.
const PIECE: usize = 12;

/// Pieces of secrets, each with the secret's name and the writing.
pub struct Search {
    /// By length.
    pieces: BTreeMap<usize, HashMap<Vec<u8>, String>>,
    /// With which first bytes they begin, so that most places are passed by fast.
    beginnings: Vec<bool>,
    known: HashSet<String>,
}

impl Search {
    /// For these (name, secret).
    pub fn of<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut search = Self { pieces: BTreeMap::new(), beginnings: vec![false; 1 << BITS], known: HashSet::new() };
        secrets.into_iter().for_each(|(name, secret)| search.add(name, secret));
        search
    }

    fn add(&mut self, name: &str, secret: &str) {
        // In front of the "!" of a session stands the organisation's id, which is no secret.
        let secret = secret.rsplit('!').next().unwrap_or_default();
        assert!(secret.len() >= PIECE, "{name} is too short to be told from other texts");
        if !self.known.insert(secret.to_owned()) {
            return;
        }
        for piece in secret.as_bytes().windows(PIECE) {
            for (writing, written) in writings(piece) {
                self.beginnings[beginning(&written)] = true;
                self.pieces.entry(written.len()).or_default().insert(written, format!("{name}, {writing}"));
            }
        }
    }

    /// The name and writing of a secret of which a piece stands there. Not the piece itself: this text is printed.
    pub fn find(&self, bytes: &[u8]) -> Option<&str> {
        let places = bytes.windows(4).enumerate().filter(|(_, four)| self.beginnings[beginning(four)]);
        places.flat_map(|(at, _)| self.pieces.iter().map(move |(length, named)| (at, *length, named))).find_map(|(at, length, named)| {
            let piece = bytes.get(at..at + length)?;
            named.get(piece).map(String::as_str)
        })
    }

    /// Stops the test where a piece stands.
    #[track_caller]
    pub fn nothing_in(&self, place: &str, bytes: impl AsRef<[u8]>) {
        assert_eq!(self.find(bytes.as_ref()), None, "a piece of a secret stands in {place}");
    }
}

/// The first four bytes as a number of so many bits.
const BITS: u32 = 20;

fn beginning(bytes: &[u8]) -> usize {
    let four = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    (four.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

fn writings(piece: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let each = |form: fn(u8) -> String| piece.iter().map(|byte| form(*byte)).collect::<String>().into_bytes();
    let mut all = vec![
        ("plain", piece.to_vec()),
        ("reversed", piece.iter().rev().copied().collect()),
        ("hexadecimal", each(|byte| format!("{byte:02x}"))),
        ("hexadecimal in capitals", each(|byte| format!("{byte:02X}"))),
        ("percent-encoded", each(|byte| format!("%{byte:02X}"))),
        ("percent-encoded in small letters", each(|byte| format!("%{byte:02x}"))),
        ("escaped as JSON", each(|byte| format!("\\u{byte:04x}"))),
        ("as numbers", piece.iter().map(u8::to_string).collect::<Vec<_>>().join(",").into_bytes()),
        ("as numbers with spaces", piece.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes()),
        ("UTF-16", piece.iter().flat_map(|byte| [*byte, 0]).collect()),
        ("in the thief's letters", piece.iter().flat_map(|byte| [b'a' + (byte >> 4), b'a' + (byte & 15)]).collect()),
    ];
    // What base64 makes of a piece depends on what stands in front of it: the signs that depend on nothing else.
    for before in 0..3 {
        let text = [vec![0; before], piece.to_vec()].concat();
        let (from, to) = ((before * 8).div_ceil(6), text.len() * 8 / 6);
        all.push(("base64", STANDARD_NO_PAD.encode(&text).as_bytes()[from..to].to_vec()));
        all.push(("base64 for addresses", URL_SAFE_NO_PAD.encode(&text).as_bytes()[from..to].to_vec()));
    }
    all
}

#[test]
fn the_search_sees_a_piece_in_every_writing_and_nothing_else() {
    let secret = "00D000000000001!AQxm3Gk7pWb2ZtQ9vLr5NfYc8HdJ4sUe";
    let search = Search::of([("a session", secret)]);
    let whole = secret.as_bytes();
    let line = format!("authorization: Bearer {secret}");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for there in [
        format!("x{secret}y"),
        secret[30..42].to_owned(),
        hex(whole),
        STANDARD_NO_PAD.encode(whole),
        STANDARD_NO_PAD.encode(&line),
        STANDARD_NO_PAD.encode(format!(" {line}")),
        URL_SAFE_NO_PAD.encode(format!("  {line}")),
        secret.chars().rev().collect(),
        format!("{:?}", whole),
        serde_json::to_string(whole).unwrap(),
    ] {
        assert!(search.find(there.as_bytes()).is_some(), "{there}");
    }
    for not_there in ["", "00D000000000001", "00D000000000001AAA and AQxm3Gk7pWb", "Bearer ****************"] {
        assert_eq!(search.find(not_there.as_bytes()), None, "{not_there}");
    }
}
