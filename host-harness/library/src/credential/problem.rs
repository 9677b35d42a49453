//! What went wrong with a credential, in words for an administrator.

use std::fmt;

use crate::bindings::base::types::Message;

/// Who can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The administrator, and nobody else: no request is made until they have acted.
    Administrator,
    /// Time: the credential is kept, and the same is tried later.
    Later,
    /// Whoever asked: nothing about the credential has changed.
    Asker,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal, $remedy:ident;)+) => {
        /// What kind of problem. Each has a message of its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Id of the message.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }

            /// Who can do something about it.
            #[must_use]
            pub fn remedy(self) -> Remedy {
                match self {
                    $(Self::$name => Remedy::$remedy,)+
                }
            }
        }
    };
}

kinds! {
    /// The person said no at the CRM.
    Denied = "credential.denied", Asker;
    /// A callback that belongs to no authorisation under way.
    UnknownCallback = "credential.unknown-callback", Asker;
    /// A callback that no CRM sends.
    SenselessCallback = "credential.senseless-callback", Asker;
    /// Too many authorisations are open.
    TooManyOpen = "credential.too-many-open", Asker;
    /// The login host is none that the connector declares.
    LoginHost = "credential.login-host", Asker;
    /// The setting for the address of the callback cannot be used.
    RedirectSetting = "credential.redirect-setting", Asker;
    /// The CRM wants another redirect URI.
    RedirectMismatch = "credential.redirect-mismatch", Administrator;
    /// The CRM sends the browser back with an error of its own.
    CallbackError = "credential.callback-error", Asker;
    /// The answer comes from another provider.
    ForeignIssuer = "credential.foreign-issuer", Asker;
    /// The code is used, too old or was never given out.
    CodeDead = "credential.code-dead", Asker;
    /// Client id or secret are wrong.
    WrongClient = "credential.wrong-client", Administrator;
    /// The refresh token is dead.
    AuthoriseAgain = "credential.authorise-again", Administrator;
    /// The CRM gave no refresh token.
    NoRefreshToken = "credential.no-refresh-token", Administrator;
    /// The user who connected is deactivated.
    UserInactive = "credential.user-inactive", Administrator;
    /// The organisation is closed or locked.
    OrganisationInactive = "credential.organisation-inactive", Administrator;
    /// The CRM's administrator blocked or did not install the app.
    AppBlocked = "credential.app-blocked", Administrator;
    /// The CRM does not take this machine's address.
    AddressRestricted = "credential.address-restricted", Administrator;
    /// Any other refusal.
    Refused = "credential.refused", Administrator;
    /// The login host is out of order or busy.
    Unavailable = "credential.unavailable", Later;
    /// The login host cannot be reached.
    Unreachable = "credential.unreachable", Later;
    /// Nobody knows whether the login host has seen the request.
    AnswerLost = "credential.answer-lost", Later;
    /// The answer is no token answer.
    SenselessAnswer = "credential.senseless-answer", Later;
    /// The login host sends elsewhere.
    Redirected = "credential.redirected", Later;
    /// Another thread is still at it.
    StillRefreshing = "credential.still-refreshing", Later;
    /// The signature of the answer is missing or wrong.
    SignatureWrong = "credential.signature-wrong", Administrator;
    /// The answer names an address that the connector does not declare.
    PinRefused = "credential.pin-refused", Administrator;
    /// The answer lacks an address that the connector declares.
    PinMissing = "credential.pin-missing", Administrator;
    /// The account is of another organisation than before.
    OtherOrganisation = "credential.other-organisation", Administrator;
    /// There is no account.
    NotConnected = "credential.not-connected", Administrator;
    /// The connector declares more than was approved when the account was connected.
    NotApproved = "credential.not-approved", Administrator;
    /// A field of an entered secret is empty or fits into no request.
    SecretUnusable = "credential.secret-unusable", Administrator;
    /// A token just made is refused.
    FreshTokenRefused = "credential.fresh-token-refused", Later;
    /// Somebody changed the account at the same time.
    ChangedMeanwhile = "credential.changed-meanwhile", Asker;
    /// The row is not what this release writes.
    RowUnreadable = "credential.row-unreadable", Administrator;
    /// No key file, no variable.
    KeyMissing = "credential.key-missing", Administrator;
    /// Others may read the key file.
    KeyMode = "credential.key-mode", Administrator;
    /// The key file is somebody else's.
    KeyOwner = "credential.key-owner", Administrator;
    /// It holds no key.
    KeyForm = "credential.key-form", Administrator;
    /// There is a key file already.
    KeyExists = "credential.key-exists", Asker;
    /// The file was sealed with another key.
    KeyWrong = "credential.key-wrong", Administrator;
    /// The file is damaged, or a row was moved.
    FileDamaged = "credential.file-damaged", Administrator;
    /// The file is of a later release.
    FileVersion = "credential.file-version", Administrator;
    /// No room on the disk.
    DiskFull = "credential.disk-full", Later;
    /// Another program holds the file.
    FileBusy = "credential.file-busy", Later;
    /// Reading or writing failed otherwise.
    FileFailed = "credential.file-failed", Later;
    /// No random bytes.
    NoRandomness = "credential.no-randomness", Later;
}

/// What went wrong. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: Kind,
    arguments: Vec<(String, String)>,
    words: Option<String>,
}

/// Longest foreign text that is shown.
const MOST_WORDS: usize = 300;

impl Problem {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, arguments: Vec::new(), words: None }
    }

    /// About an account at this vendor.
    pub(crate) fn about(kind: Kind, vendor: &str) -> Self {
        Self::new(kind).with("crm", vendor)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.arguments.push((name.to_owned(), plain(value, MOST_WORDS)));
        self
    }

    /// Foreign words, shown as they are but for what could not be shown.
    pub(crate) fn saying(mut self, words: &str) -> Self {
        let words = plain(words, MOST_WORDS);
        self.words = (!words.is_empty()).then_some(words);
        self
    }

    /// What kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Arguments of the message.
    #[must_use]
    pub fn arguments(&self) -> &[(String, String)] {
        &self.arguments
    }

    /// A foreign text, to be shown as such.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        self.words.as_deref()
    }

    /// Is the same of use again later, without anybody's doing?
    #[must_use]
    pub fn passes(&self) -> bool {
        self.kind.remedy() != Remedy::Administrator
    }
}

impl From<&Problem> for Message {
    /// For people; the CRM's own words stand behind it as they are.
    fn from(problem: &Problem) -> Self {
        Self { id: problem.kind.id().to_owned(), arguments: problem.arguments.clone(), verbatim: problem.words.clone() }
    }
}

impl fmt::Display for Problem {
    /// For logs; people get the message.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind.id())?;
        for (name, value) in &self.arguments {
            write!(formatter, " {name}={value:?}")?;
        }
        match &self.words {
            Some(words) => write!(formatter, ": {words:?}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// Foreign text on its way to a reader: without control characters and signs that turn the writing direction, and not too long.
pub(crate) fn plain(text: &str, most: usize) -> String {
    text.chars().filter(|sign| !tricks(*sign)).take(most).collect::<String>().trim().to_owned()
}

/// Does it do something to a terminal or a page instead of standing there?
pub(crate) fn tricks(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{061c}' | '\u{feff}')
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const FILES: [&str; 2] = [include_str!("../../messages/en.txt"), include_str!("../../messages/zh-CN.txt")];

    /// As an administrator reads it; nothing is left to fill in.
    pub(in crate::credential) fn rendered(problem: &Problem) -> String {
        let mut shown = text(FILES[0], problem.kind().id()).unwrap();
        for (name, value) in problem.arguments() {
            shown = shown.replace(&format!("{{{name}}}"), value);
        }
        assert!(!shown.contains('{'), "{shown}");
        shown
    }

    fn text(file: &str, id: &str) -> Option<String> {
        file.lines().filter_map(|line| line.split_once(" = ")).find(|(known, _)| *known == id).map(|(_, text)| text.to_owned())
    }

    #[test]
    fn every_kind_has_a_sentence_in_both_languages() {
        for kind in Kind::ALL {
            for file in FILES {
                assert!(text(file, kind.id()).is_some_and(|text| text.len() > 20), "{}", kind.id());
            }
        }
        let ids: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.id()).collect();
        assert_eq!(ids.len(), Kind::ALL.len());
    }

    #[test]
    fn what_an_administrator_must_do_is_told() {
        for kind in Kind::ALL.iter().filter(|kind| kind.remedy() == Remedy::Administrator && !kind.id().contains("row")) {
            let text = text(FILES[0], kind.id()).unwrap();
            let says = ["pbx-crm", "Connect", "Ask ", "Check ", "Set ", "Put ", "Restore ", "Install ", "Run "];
            assert!(says.iter().any(|word| text.contains(word)), "{}: {text}", kind.id());
        }
    }

    #[test]
    fn foreign_words_lose_what_could_trick_a_reader() {
        let problem = Problem::new(Kind::Denied).saying("a\u{1b}[2Jb\r\nc\u{202e}d\0 <script>");
        assert_eq!(problem.words(), Some("a[2Jbcd <script>"));
        assert_eq!(Problem::new(Kind::Denied).saying(&"x".repeat(9999)).words().map(str::len), Some(MOST_WORDS));
        assert_eq!(Problem::new(Kind::Denied).saying("\n").words(), None);
    }
}
