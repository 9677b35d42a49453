//! Ids of all messages, as the catalogue has them.

macro_rules! ids {
    ($($name:ident = $id:literal;)*) => {
        $(pub const $name: &str = $id;)*
        /// All ids of the catalogue.
        pub const ALL: &[&str] = &[$($id),*];
    };
}

ids! {
    // The page of settings.
    GROUP_POP = "settings.group.pop";
    POP_MODE = "settings.pop.mode";
    POP_MODE_HELP = "settings.pop.mode.help";
    POP_MODE_AUTOMATIC = "settings.pop.mode.automatic";
    POP_MODE_MANUAL = "settings.pop.mode.manual";
    POP_MODE_OFF = "settings.pop.mode.off";
    POP_WHEN = "settings.pop.when";
    POP_WHEN_HELP = "settings.pop.when.help";
    POP_WHEN_RINGING = "settings.pop.when.ringing";
    POP_WHEN_ANSWERED = "settings.pop.when.answered";
    POP_WHEN_ENDED = "settings.pop.when.ended";
    GROUP_CREATE = "settings.group.create";
    CREATE_MODE = "settings.create.mode";
    CREATE_MODE_HELP = "settings.create.mode.help";
    CREATE_MODE_OFF = "settings.create.mode.off";
    CREATE_MODE_AUTOMATIC = "settings.create.mode.automatic";
    CREATE_ROLE = "settings.create.role";
    CREATE_ROLE_PERSON = "settings.create.role.person";
    CREATE_ROLE_PROSPECT = "settings.create.role.prospect";
    CREATE_DIRECTIONS = "settings.create.directions";
    CREATE_DIRECTIONS_INBOUND = "settings.create.directions.inbound";
    CREATE_DIRECTIONS_OUTBOUND = "settings.create.directions.outbound";
    GROUP_JOURNAL = "settings.group.journal";
    JOURNAL_ENABLED = "settings.journal.enabled";
    JOURNAL_ENABLED_HELP = "settings.journal.enabled.help";
    JOURNAL_SUBJECT = "settings.journal.subject";
    JOURNAL_DESCRIPTION = "settings.journal.description";
    JOURNAL_VARIABLES_HELP = "settings.journal.variables.help";
    JOURNAL_ANSWERING_ONLY = "settings.journal.answering-only";
    JOURNAL_ANSWERING_ONLY_HELP = "settings.journal.answering-only.help";

    // What is wrong with the settings.
    PROBLEM_UNKNOWN_VARIABLE = "problem.unknown-variable";
    PROBLEM_UNCLOSED = "problem.unclosed";
    PROBLEM_NOT_A_VARIABLE = "problem.not-a-variable";
    PROBLEM_UNOPENED = "problem.unopened";
    PROBLEM_NO_MOMENT = "problem.no-moment";
    PROBLEM_NO_DIRECTION = "problem.no-direction";
    PROBLEM_NO_CONNECTION = "problem.no-connection";
    PROBLEM_ROLE_NOT_MADE = "problem.role-not-made";
    VERSION_UNKNOWN = "settings.version-unknown";

    // Who calls.
    CALL_NO_BOUND_EXTENSION = "call.no-bound-extension";
    ASK_SENT = "ask.sent";
    ASK_WITHHELD = "ask.withheld";
    ASK_EMERGENCY = "ask.emergency";
    ASK_SERVICE = "ask.service";
    ASK_IMPOSSIBLE = "ask.impossible";
    ASK_NO_FORMS = "ask.no-forms";
    REQUEST_SWITCHED_OFF = "request.switched-off";
    REQUEST_UNSUPPORTED = "request.unsupported";
    REQUEST_FULL = "request.full";
    REQUEST_MISTAKE = "request.mistake";
    KNOWN_USED = "known.used";
    MATCH_EXACT = "match.exact";
    MATCH_EXACT_OTHERS = "match.exact-others";
    MATCH_LAST = "match.last";
    MATCH_LAST_OTHERS = "match.last-others";
    MATCH_NONE = "match.none";

    // The card and the page.
    CARD_SHOWN = "card.shown";
    CARD_NOT_SHOWN = "card.not-shown";
    CARD_TAG = "card.tag";
    CARD_COMPANY = "card.company";
    CARD_ALSO = "card.also";
    POP_RINGING = "pop.ringing";
    POP_LATE = "pop.late";
    POP_ANSWERED = "pop.answered";
    POP_ENDED = "pop.ended";
    POP_ASKED_FOR = "pop.asked-for";
    POP_OFF = "pop.off";
    POP_MANUAL = "pop.manual";
    POP_OUTBOUND = "pop.outbound";
    POP_NOT_CALLER = "pop.not-caller";
    POP_NO_PAGE = "pop.no-page";
    POP_MOMENT_MISSED = "pop.moment-missed";
    POP_AFTER_END = "pop.after-end";
    POP_TOO_LATE = "pop.too-late";
    POP_EXPIRED = "pop.expired";
    POP_NOT_TAKEN = "pop.not-taken";

    // New records.
    CREATE_ASKED = "create.asked";
    CREATE_ASKED_OWNER = "create.asked-owner";
    CREATE_OFF = "create.off";
    CREATE_DIRECTION_OFF = "create.direction-off";
    CREATE_NO_CONNECTION = "create.no-connection";
    CREATE_ROLE_NOT_MADE = "create.role-not-made";
    CREATE_NOBODY_BOUND = "create.nobody-bound";
    CREATED_MADE = "created.made";
    CREATED_WAS_THERE = "created.was-there";

    // The call journal.
    JOURNAL_INCOMING = "journal.incoming";
    JOURNAL_OUTGOING = "journal.outgoing";
    JOURNAL_MISSED = "journal.missed";
    JOURNAL_VOICEMAIL = "journal.voicemail";
    JOURNAL_NO_ANSWER = "journal.no-answer";
    JOURNAL_BUSY = "journal.busy";
    JOURNAL_FAILED = "journal.failed";
    JOURNAL_FORWARDED = "journal.forwarded";
    JOURNAL_OFF = "journal.off";
    JOURNAL_ANSWERING_ONLY_LEFT = "journal.answering-only";
    JOURNAL_NOBODY_ANSWERED = "journal.nobody-answered";
    JOURNAL_NOT_BOUND = "journal.not-bound";
    JOURNAL_NOBODY = "journal.nobody";
    JOURNAL_TEMPLATE_BROKEN = "journal.template-broken";
    JOURNAL_WRITTEN = "journal.written";
    JOURNAL_AMENDED = "journal.amended";

    // Words of the entries themselves.
    STATUS_INCOMING = "status.incoming";
    STATUS_MISSED = "status.missed";
    STATUS_VOICEMAIL = "status.voicemail";
    STATUS_OUTGOING = "status.outgoing";
    STATUS_NO_ANSWER = "status.no-answer";
    STATUS_BUSY = "status.busy";
    STATUS_FAILED = "status.failed";
    STATUS_FORWARDED = "status.forwarded";

    // Requests that were not fulfilled.
    WAITING_UNREACHABLE = "waiting.unreachable";
    WAITING_BUSY = "waiting.busy";
    WAITING_QUOTA = "waiting.quota";
    WAITING_AUTHORISE_AGAIN = "waiting.authorise-again";
    WAITING_OTHER = "waiting.other";
    DEAD_FORBIDDEN = "dead.forbidden";
    DEAD_GONE = "dead.gone";
    DEAD_INVALID = "dead.invalid";
    DEAD_UNSUPPORTED = "dead.unsupported";
    DEAD_OTHER = "dead.other";

    // Answers to agents.
    QUESTION_OPENED = "question.opened";
    QUESTION_NOT_OPENED = "question.not-opened";
    QUESTION_NO_PAGE = "question.no-page";
    QUESTION_NEEDS_CALL = "question.needs-call";
    QUESTION_NOT_BOUND = "question.not-bound";
    QUESTION_NOT_OFFERED = "question.not-offered";
    QUESTION_UNKNOWN_BUTTON = "question.unknown-button";
}
