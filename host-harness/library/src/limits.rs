//! Every limit of the sandbox, in one place, each with its reason.
//!
//! Changing a value here that reaches [`wasmtime::Config`] changes the identity of compiled components: `.cwasm` files of
//! another build are refused then.

use std::time::Duration;

/// A tick of the epoch counter. Deadlines below are rounded up to it. Shorter ticks cost nothing measurable; 5 ms keeps a
/// 50 ms deadline within 10 %.
pub const EPOCH_TICK: Duration = Duration::from_millis(5);

/// CPU time of one hook. A hook of the real policy takes 0.1 ms; what takes 50 ms is a loop.
pub const HOOK_DEADLINE: Duration = Duration::from_millis(50);

/// CPU time of a connector between two of its HTTP requests: parsing a 4 MiB answer takes about 60 ms.
pub const CONNECTOR_CPU: Duration = Duration::from_millis(250);

/// CPU time of a hook or connector where the clock is virtual. There only a true endless loop may end by time, or a busy
/// machine would change the result of a simulation.
pub const SIMULATION_CPU: Duration = Duration::from_secs(2);

/// A call of a connector in wall-clock time, its waiting included. Agents do not wait longer for a pop, and work that must
/// be done is tried again.
pub const CONNECTOR_TIME_MS: u64 = 15_000;

/// Journal entries wait this long for others after a call that wrote some, in milliseconds: an office with a call an hour sees its entry at once,
/// a call centre spends one request in five seconds.
pub const JOURNAL_POOL_MS: u64 = 5_000;

/// HTTP requests of one connector call: the largest look-up of the connectors that we know needs three.
pub const CONNECTOR_REQUESTS: u32 = 8;

/// Linear memory of one plugin instance. The policy uses 1.2 MiB.
pub const PLUGIN_MEMORY: usize = 32 << 20;

/// Linear memory of one connector instance: an answer of [`RESPONSE_BODY`] is parsed into some ten times its size.
pub const CONNECTOR_MEMORY: usize = 64 << 20;

/// Elements of a table. Components of our size have a few hundred functions.
pub const TABLE_ELEMENTS: usize = 10_000;

/// Core instances inside one component instance. One component of std drags in two to five.
pub const CORE_INSTANCES: usize = 20;

/// Memories inside one component instance. Components of one language have one, plus one of the adapter.
pub const MEMORIES: usize = 2;

/// Component instances alive at once: hooks run one at a time, connectors at most [`RUNNING_CONNECTORS`].
pub const INSTANCES: u32 = 40;

/// Connector calls suspended at once over all connectors. Each holds a fiber stack.
pub const RUNNING_CONNECTORS: usize = 32;

/// Address space reserved for each memory of the pool; the pool asks for no less than the largest memory may grow to. All of them
/// together take 5 GiB, where the default (4 GiB each) would not fit the 39-bit address space of small boards.
pub const MEMORY_RESERVATION: u64 = CONNECTOR_MEMORY as u64;

/// Guard behind each memory, in bytes. With explicit bounds checks beyond the reservation a small one suffices.
pub const MEMORY_GUARD: u64 = 64 << 10;

/// Stack of wasm code, in bytes. Deep recursion traps here and the host lives on.
pub const WASM_STACK: usize = 512 << 10;

/// Stack of a connector's fiber, in bytes: wasm stack plus what host functions need.
pub const FIBER_STACK: usize = 1 << 20;

/// Bytes that one host call may copy out of a plugin. The longest legal argument (a journal entry) is 36 KiB.
pub const PLUGIN_COPY: usize = 1 << 20;

/// Bytes that one host call may copy out of a connector: 200 records of an answer.
pub const CONNECTOR_COPY: usize = 4 << 20;

/// Resource handles of a plugin: std opens three.
pub const PLUGIN_HANDLES: usize = 256;

/// Resource handles of a connector: an HTTP request needs a dozen.
pub const CONNECTOR_HANDLES: usize = 1_000;

/// Random bytes of one host call.
pub const RANDOM_BYTES: u64 = 4 << 10;

/// Body of a connector's request, in bytes.
pub const REQUEST_BODY: usize = 1 << 20;

/// Body of an answer to a connector, in bytes, after decompression.
pub const RESPONSE_BODY: usize = 4 << 20;

/// Header section of a request or answer, in bytes.
pub const HEADER_BYTES: usize = 64 << 10;

/// Size of a component's file, in bytes. The policy has 0.3 MB.
pub const PLUGIN_FILE: usize = 4 << 20;

/// Size of a connector's file, in bytes.
pub const CONNECTOR_FILE: usize = 8 << 20;

/// Log lines of one hook or connector call; more are counted, not kept.
pub const LOG_LINES: usize = 100;

/// Bytes of one log line.
pub const LOG_BYTES: usize = 1 << 10;

/// Bytes kept of what a component writes to its standard error, which is where a panic says what happened.
pub const STDERR_BYTES: usize = 4 << 10;

/// Name and version of a connector, in bytes: they stand in every message about it.
pub const NAME_BYTES: usize = 100;

/// Ids of the CRM's records and users, in bytes. Those of some mailboxes have more than 150.
pub const CRM_ID_BYTES: usize = 255;

/// Texts at the border, in bytes, unless the contract says otherwise.
pub const TEXT_BYTES: usize = 4_096;

/// Items of a list at the border, unless the contract says otherwise.
pub const LIST_ITEMS: usize = 256;

/// Writes and requests of one hook: a ring group of 256 phones with a card, a page, two notes and an entry each.
pub const WRITES: usize = 2_048;

/// Reasons of one hook.
pub const REASONS: usize = 512;

/// Notes of one call.
pub const NOTES: usize = 64;

/// How long a call is remembered after its end, in milliseconds.
pub const CALL_MEMORY_MS: u64 = 600_000;

/// A card stays this long after the extension has left the call, in milliseconds.
pub const CARD_AFTER_MS: u64 = 60_000;

/// A question on a page that the plugin has not answered is answered by the host after this time, in milliseconds.
pub const QUESTION_MS: u64 = 30_000;

/// A text search is given up after this time, in milliseconds: nobody waits longer while dialling.
pub const SEARCH_MS: u64 = 10_000;
