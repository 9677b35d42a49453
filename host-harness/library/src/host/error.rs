use crate::binding::Conflict;
use crate::component::LoadError;
use crate::core::CoreError;
use crate::number::UnknownCountry;
use crate::settings::SettingError;

/// Why a host did not start. Nothing of it is left running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A part that every host needs was not given.
    #[error("the host has no {part}; give it one with `HostBuilder::{method}`")]
    Missing {
        /// For people.
        part: &'static str,
        /// Of [`HostBuilder`](super::HostBuilder).
        method: &'static str,
    },
    /// The PBX says that it can dial, and nobody was given who does it.
    #[error(
        "the PBX names the ability \"dial\", but the host has no telephony; give it one with `HostBuilder::telephony`, or take the ability away"
    )]
    NoTelephony,
    /// The runtime for components could not be made.
    #[error(
        "the sandbox for components cannot start: {0}. It needs some 2 GiB of address space (not memory) and a processor that its compiler knows."
    )]
    Sandbox(String),
    /// A component was not taken.
    #[error(transparent)]
    Component(#[from] LoadError),
    /// A setting does not fit the component's schema.
    #[error("{component}: {why}. Correct the setting or leave it out.")]
    Setting {
        /// Path or name.
        component: String,
        /// What is wrong.
        #[source]
        why: SettingError,
    },
    /// The component itself finds something wrong with its settings.
    #[error("{component}: its settings cannot be used: {problems}")]
    Settings {
        /// Path or name.
        component: String,
        /// All that it found, in English.
        problems: String,
    },
    /// Two accounts are to make new records.
    #[error("connectors `{first}` and `{second}` are both to create records; choose one")]
    TwoCreate {
        /// Its id.
        first: String,
        /// Its id.
        second: String,
    },
    /// An account has no address, or one that cannot be used.
    #[error(
        "connector `{connector}`: `{base}` is no address for its account; give one such as https://crm.example, without user name and query"
    )]
    Base {
        /// Its id.
        connector: String,
        /// As given; "" if neither the setup nor the connector's settings have one.
        base: String,
    },
    /// An account is opened with a credential, and the host was given no store of them.
    #[error("connector `{0}` wants a credential; give the host the store in which it was connected, with `HostBuilder::credentials`")]
    NoCredentials(String),
    /// A host of an account cannot be marked as on premises.
    #[error("connector `{connector}`: {address} cannot be marked as on premises; connect the account again with a right address")]
    Mark {
        /// Its id.
        connector: String,
        /// As it was marked.
        address: String,
    },
    /// An account has an id that records cannot bear.
    #[error("`{0}` cannot be a connector's id; it has 1 to 64 bytes")]
    ConnectorId(String),
    /// A user is bound at a connector that the host does not have.
    #[error("{user} is bound at connector `{connector}`, which the host does not have; add the connector or leave the binding out")]
    UnboundConnector {
        /// The CRM user's name.
        user: String,
        /// The unknown id.
        connector: String,
    },
    /// An extension would belong to two users of one CRM.
    #[error(transparent)]
    Binding(#[from] Conflict),
    /// The PBX's country is none.
    #[error("the PBX's facts: {0}")]
    Country(#[from] UnknownCountry),
    /// The core refused its parts.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The operating system gave no thread.
    #[error("the host's thread cannot start: {0}. Close other programs, or allow this one more threads.")]
    Thread(#[from] std::io::Error),
}

/// Why the host did not take an event or question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// [`INBOX`](super::INBOX) others wait already: the store's disk or the firmware's own code holds the host up. Offer it again before
    /// any later event of the same call, or tell the call's events again with `resync` when there is room.
    #[error("the host is behind with its work: offer it again in some milliseconds")]
    Busy,
    /// The host has been stopped, or its thread has ended by a panic.
    #[error("the host has stopped: start a new one")]
    Stopped,
}
