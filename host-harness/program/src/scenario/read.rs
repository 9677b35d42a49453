//! Reading a scenario: every mistake is told with its file, line and what would be right.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{DirectionWord, Event, Scenario};

/// Largest file of a scenario or setup, in bytes: a PBX of ten thousand extensions takes one.
const FILE_BYTES: usize = 4 << 20;

/// A scenario that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("{file}: cannot read the scenario: {why}")]
    Read {
        /// The file.
        file: PathBuf,
        /// From the operating system.
        why: std::io::Error,
    },
    /// The file is something else.
    #[error("{file}: the scenario is larger than {} MiB, and so is none; give a text file in TOML", FILE_BYTES >> 20)]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// Something in it is wrong.
    #[error("{file}:{line}: {why}")]
    Wrong {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What, and what would be right.
        why: String,
    },
}

/// Reads a file.
///
/// # Errors
/// The first mistake, with its line.
pub fn load(file: &Path) -> Result<Scenario, ScenarioError> {
    Ok(Scenario::read(file)?.0)
}

impl Scenario {
    /// Reads a file. Gives its text too, for messages that come later.
    ///
    /// # Errors
    /// As [`load`].
    pub fn read(file: &Path) -> Result<(Self, String), ScenarioError> {
        let text = text_of(file)?;
        Ok((parse(file, &text)?, text))
    }
}

/// Reads no more than a scenario may have: what was meant may be a disk, or a pipe without end.
fn text_of(file: &Path) -> Result<String, ScenarioError> {
    let unread = |why| ScenarioError::Read { file: file.to_owned(), why };
    let mut bytes = Vec::new();
    File::open(file).and_then(|open| open.take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes)).map_err(unread)?;
    if bytes.len() > FILE_BYTES {
        return Err(ScenarioError::TooLarge { file: file.to_owned() });
    }
    String::from_utf8(bytes).map_err(|why| unread(std::io::Error::new(std::io::ErrorKind::InvalidData, why.utf8_error())))
}

/// Reads a text of any length; `file` is for messages.
///
/// # Errors
/// The first mistake, with its line.
pub fn parse(file: &Path, text: &str) -> Result<Scenario, ScenarioError> {
    let place = Place { file, text };
    let scenario: Scenario = toml::from_str(text).map_err(|why| place.wrong(why.span().unwrap_or(0..0), why.message().trim()))?;
    check(&place, &scenario)?;
    Ok(scenario)
}

/// Where in a file something stands.
pub struct Place<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Place<'_> {
    fn wrong(&self, span: Range<usize>, why: impl Into<String>) -> ScenarioError {
        let before = self.text.get(..span.start).unwrap_or("");
        ScenarioError::Wrong { file: self.file.to_owned(), line: before.matches('\n').count() + 1, why: why.into() }
    }
}

/// An error at a span of the scenario's text, for checks that need more than the text (settings, bindings).
pub fn wrong_at(file: &Path, text: &str, span: Range<usize>, why: impl Into<String>) -> ScenarioError {
    Place { file, text }.wrong(span, why)
}

fn check(place: &Place<'_>, scenario: &Scenario) -> Result<(), ScenarioError> {
    super::time::local_moment(scenario.pbx.starts.get_ref(), scenario.pbx.time_zone.get_ref()).map_err(|why| {
        let zone_is_wrong = scenario.pbx.time_zone.get_ref().parse::<chrono_tz::Tz>().is_err();
        place.wrong(if zone_is_wrong { scenario.pbx.time_zone.span() } else { scenario.pbx.starts.span() }, why)
    })?;
    let mut extensions = BTreeSet::new();
    for extension in &scenario.extensions {
        if !extensions.insert(extension.get_ref().id.as_str()) {
            return Err(place.wrong(extension.span(), format!("extension `{}` stands there twice", extension.get_ref().id)));
        }
    }
    let known = |id: &str| {
        if extensions.contains(id) {
            Ok(())
        } else {
            let all: Vec<&str> = extensions.iter().copied().collect();
            Err(format!("there is no extension `{id}`; add an [[extension]] with that id, or use one of: {}", all.join(", ")))
        }
    };
    let mut groups = BTreeSet::new();
    for group in &scenario.groups {
        let form = group.get_ref();
        if !groups.insert(form.id.as_str()) {
            return Err(place.wrong(group.span(), format!("group `{}` stands there twice", form.id)));
        }
        form.members.iter().try_for_each(|id| known(id)).map_err(|why| place.wrong(group.span(), why))?;
    }
    let known_group =
        |id: &str| if groups.contains(id) { Ok(()) } else { Err(format!("there is no group `{id}`; add a [[group]] with that id")) };
    let users: BTreeSet<&str> = scenario.crm.users.iter().map(|user| user.get_ref().id.as_str()).collect();
    for binding in &scenario.bindings {
        let form = binding.get_ref();
        let user = if users.contains(form.user.as_str()) {
            Ok(())
        } else {
            Err(format!("the CRM has no user `{}`; add a [[crm.user]] with that id", form.user))
        };
        user.and_then(|()| form.extensions.iter().try_for_each(|id| known(id)))
            .and_then(|()| form.groups.iter().try_for_each(|id| known_group(id)))
            .map_err(|why| place.wrong(binding.span(), why))?;
        if form.extensions.is_empty() && form.groups.is_empty() {
            return Err(place.wrong(binding.span(), "a binding names at least one extension or group"));
        }
    }
    let started: BTreeSet<&str> = scenario
        .events
        .iter()
        .filter_map(|event| if let Event::Start { call, .. } = event.get_ref() { Some(call.as_str()) } else { None })
        .collect();
    // A merge may give the call a new id that never started.
    let renamed: BTreeSet<&str> = scenario
        .events
        .iter()
        .filter_map(|event| if let Event::Merge { call, .. } = event.get_ref() { Some(call.as_str()) } else { None })
        .collect();
    let known_inside = |id: &str| known(id).or_else(|why| if groups.contains(id) { Ok(()) } else { Err(why) });
    let joined: BTreeSet<&str> = scenario
        .events
        .iter()
        .filter_map(|event| if let Event::Join { party, .. } = event.get_ref() { Some(party.as_str()) } else { None })
        .collect();
    let known_party = |party: &str| {
        if party == "outside" || joined.contains(party) {
            Ok(())
        } else {
            Err(format!("there is no outside party `{party}`; the first of every call is \"outside\", others come in with what = \"join\""))
        }
    };
    for event in &scenario.events {
        let form = event.get_ref();
        let named = match form {
            Event::Start { direction: DirectionWord::Internal, to, .. } => known_inside(to),
            Event::Transfer { to, .. } if !is_outside(to) => known_inside(to),
            Event::Talk { parties, .. } => parties.iter().try_for_each(|party| known_party(party)),
            Event::PartyLeave { party, .. } => known_party(party),
            Event::Merge { vanished, .. } if !started.contains(vanished.as_str()) && !renamed.contains(vanished.as_str()) => {
                Err(format!("call `{vanished}` never starts; add an event with what = \"start\" for it"))
            }
            _ => Ok(()),
        };
        named.map_err(|why| place.wrong(event.span(), why))?;
        if let Some(call) = form.call().filter(|call| !started.contains(call) && !renamed.contains(call)) {
            return Err(place.wrong(event.span(), format!("call `{call}` never starts; add an event with what = \"start\" for it")));
        }
        form.extensions().into_iter().try_for_each(known).map_err(|why| place.wrong(event.span(), why))?;
        if let Event::Ring { via: Some(via), .. } | Event::Dial { via: Some(via), .. } = form {
            let (word, target) = via.split_once(' ').unwrap_or((via, ""));
            let target = target.trim();
            let checked = match word {
                "direct" if target.is_empty() => Ok(()),
                "ring-group" | "queue" => known_group(target),
                "transfer" | "forward" | "pickup" => known(target),
                _ => Err(format!(
                    "via = \"{via}\" is not known; write direct, ring-group ID, queue ID, transfer EXT, forward EXT or pickup EXT"
                )),
            };
            checked.map_err(|why| place.wrong(event.span(), why))?;
        }
    }
    Ok(())
}

/// Is it spelled as a number of the public network, which needs no extension here?
fn is_outside(number: &str) -> bool {
    number.starts_with('+') || number.chars().filter(char::is_ascii_digit).count() >= 7
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICE: &str = "title = \"t\"\n[[extension]]\nid = \"1001\"\n";

    fn mistake(text: &str) -> String {
        parse(Path::new("call.toml"), &format!("{OFFICE}{text}")).unwrap_err().to_string()
    }

    #[test]
    fn every_mistake_is_told_with_file_and_line() {
        let start =
            "[[event]]\nwhat = \"start\"\nat = \"0s\"\ncall = \"c\"\ndirection = \"inbound\"\nfrom = \"+15550100199\"\nto = \"100\"\n";
        for (text, wanted) in [
            ("nonsense = 1\n".to_owned(), "call.toml:4: unknown field `nonsense`"),
            (
                "[[event]]\nwhat = \"ring\"\nat = \"1s\"\ncall = \"c\"\nextension = \"1001\"\n".to_owned(),
                "call.toml:4: call `c` never starts",
            ),
            (
                format!("{start}[[event]]\nwhat = \"ring\"\nat = \"1s\"\ncall = \"c\"\nextension = \"1009\"\n"),
                "call.toml:11: there is no extension `1009`",
            ),
            (
                format!("{start}[[event]]\nwhat = \"ring\"\nat = \"soon\"\ncall = \"c\"\nextension = \"1001\"\n"),
                "`soon` is no length of time",
            ),
            (
                format!("{start}[[event]]\nwhat = \"ring\"\nat = \"1s\"\ncall = \"c\"\nextension = \"1001\"\ncolour = \"red\"\n"),
                "unknown field `colour`",
            ),
            (
                format!("{start}[[event]]\nwhat = \"ring\"\nat = \"1s\"\ncall = \"c\"\nextension = \"1001\"\nvia = \"queue 7\"\n"),
                "call.toml:11: there is no group `7`",
            ),
            (
                format!("{start}[[event]]\nwhat = \"transfer\"\nat = \"1s\"\ncall = \"c\"\nby = \"1001\"\nto = \"1009\"\n"),
                "call.toml:11: there is no extension `1009`",
            ),
            (
                format!("{start}[[event]]\nwhat = \"merge\"\nat = \"1s\"\ncall = \"c\"\nvanished = \"d\"\n"),
                "call.toml:11: call `d` never starts",
            ),
            (
                format!("{start}[[event]]\nwhat = \"talk\"\nat = \"1s\"\ncall = \"c\"\nextension = \"1001\"\nparties = [\"lucy\"]\n"),
                "call.toml:11: there is no outside party `lucy`",
            ),
            ("[[binding]]\nuser = \"u9\"\nextensions = [\"1001\"]\n".to_owned(), "call.toml:4: the CRM has no user `u9`"),
            ("[[extension]]\nid = \"1001\"\n".to_owned(), "call.toml:4: extension `1001` stands there twice"),
            ("[pbx]\nstarts = \"yesterday\"\n".to_owned(), "call.toml:5: `yesterday` is no moment"),
            ("[[extension]]\nid = 1002\n".to_owned(), "call.toml:5: invalid type: integer `1002`, expected a string"),
            ("[pbx]\ncountry = \"US\"\ncountry = \"GB\"\n".to_owned(), "call.toml:6: duplicate key"),
        ] {
            let told = mistake(&text);
            assert!(told.contains(wanted), "{told}\nwanted: {wanted}");
            assert!(told.starts_with("call.toml:"), "{told}");
        }
    }

    /// Some editors begin every file with a byte order mark.
    #[test]
    fn f68_a_byte_order_mark_is_taken_and_moves_no_line() {
        let file = Path::new("call.toml");
        assert_eq!(parse(file, &format!("\u{feff}{OFFICE}")).unwrap().title, "t");
        let told = parse(file, &format!("\u{feff}{OFFICE}nonsense = 1\n")).unwrap_err().to_string();
        assert!(told.starts_with("call.toml:4: unknown field `nonsense`"), "{told}");
        let told = parse(file, &format!("\u{feff}titel = \"t\"\n{OFFICE}")).unwrap_err().to_string();
        assert!(told.starts_with("call.toml:1: unknown field `titel`"), "{told}");
    }

    #[test]
    fn f68_a_file_that_is_too_large_is_named_with_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("call.toml");
        let mut text = OFFICE.to_owned();
        text.push('#');
        text.extend(std::iter::repeat_n('x', FILE_BYTES - text.len()));
        std::fs::write(&path, &text).unwrap();
        let (scenario, read) = Scenario::read(&path).unwrap();
        assert!(scenario.title == "t" && read == text, "{} bytes", read.len());
        text.push('x');
        std::fs::write(&path, &text).unwrap();
        for told in [Scenario::read(&path).map(|(scenario, _)| scenario), load(&path)] {
            let told = told.map(|scenario| scenario.title).unwrap_err().to_string();
            assert_eq!(told, format!("{}: the scenario is larger than 4 MiB, and so is none; give a text file in TOML", path.display()));
        }
        // What tests have generated is in memory already.
        assert_eq!(parse(&path, &text).unwrap().title, "t");
    }

    #[test]
    fn f68_a_file_that_is_no_text_or_absent_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("call.toml");
        for there in [false, true] {
            if there {
                // As Windows saves "Unicode".
                std::fs::write(&path, b"\xff\xfet\0i\0t\0l\0e\0").unwrap();
            }
            let told = load(&path).map(|scenario| scenario.title).unwrap_err().to_string();
            assert!(told.starts_with(&format!("{}: cannot read the scenario: ", path.display())), "{told}");
        }
    }
}
