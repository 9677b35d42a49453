//! The little of WASI that Rust's std drags into every component, served empty: no arguments, no environment, no input,
//! output into a bounded sink; clock and randomness come from the core's `now` and seed, so a replay sees the same.

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime::{ResourceLimiter, Result};
use wasmtime_wasi::p2::bindings::{self, cli, clocks, random};
use wasmtime_wasi::p2::{DynPollable, pipe::MemoryOutputPipe};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::limits;

/// What each store has, whichever component runs in it.
pub(crate) struct Sandbox {
    wasi: WasiCtx,
    pub(crate) table: ResourceTable,
    source: Source,
    pub(crate) memory: MemoryLimit,
    stderr: MemoryOutputPipe,
}

impl Sandbox {
    /// `now` in milliseconds since 1970; `seed` decides every random number that the component sees.
    pub(crate) fn new(now: u64, seed: u64, handles: usize, memory: usize) -> Self {
        let stderr = MemoryOutputPipe::new(limits::STDERR_BYTES);
        let wasi = WasiCtxBuilder::new().stderr(stderr.clone()).build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(handles);
        Self { wasi, table, source: Source { now, state: seed }, memory: MemoryLimit { bytes: memory, refused: false }, stderr }
    }

    /// What the component wrote to its standard error: a panic's message, digits masked, since it may quote a number.
    pub(crate) fn last_words(&self) -> String {
        mask_digits(String::from_utf8_lossy(&self.stderr.contents()).trim())
    }
}

/// Replaces runs of three and more digits, so that no whole telephone number reaches a log.
pub(crate) fn mask_digits(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, masked: &mut String| {
        if run.len() >= 3 {
            masked.push('#');
        } else {
            masked.push_str(run);
        }
        run.clear();
    };
    for character in text.chars() {
        if character.is_ascii_digit() {
            run.push(character);
        } else {
            flush(&mut run, &mut masked);
            masked.push(character);
        }
    }
    flush(&mut run, &mut masked);
    masked
}

/// Refuses growth beyond the ceiling and remembers that it did, since a guest out of memory looks like one that panicked.
pub(crate) struct MemoryLimit {
    bytes: usize,
    pub(crate) refused: bool,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, _current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let fits = desired <= self.bytes && maximum.is_none_or(|maximum| desired <= maximum);
        self.refused |= !fits;
        Ok(fits)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let fits = desired <= limits::TABLE_ELEMENTS && maximum.is_none_or(|maximum| desired <= maximum);
        self.refused |= !fits;
        Ok(fits)
    }
}

/// A store's data that has a sandbox.
pub(crate) trait Sandboxed: Send + 'static {
    fn sandbox(&mut self) -> &mut Sandbox;
}

/// Time and randomness of one instance.
pub(crate) struct Source {
    now: u64,
    state: u64,
}

impl Source {
    // SplitMix64 (Steele, Lea, Flood 2014): good enough for hash seeds, and the same everywhere.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        if length > limits::RANDOM_BYTES {
            return Err(wasmtime::Error::msg(format!("asked for {length} random bytes, {} at most", limits::RANDOM_BYTES)));
        }
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < length {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(usize::try_from(length)?);
        Ok(bytes)
    }
}

impl clocks::wall_clock::Host for Source {
    fn now(&mut self) -> Result<clocks::wall_clock::Datetime> {
        Ok(clocks::wall_clock::Datetime { seconds: self.now / 1000, nanoseconds: (self.now % 1000) as u32 * 1_000_000 })
    }

    fn resolution(&mut self) -> Result<clocks::wall_clock::Datetime> {
        Ok(clocks::wall_clock::Datetime { seconds: 0, nanoseconds: 1_000_000 })
    }
}

impl clocks::monotonic_clock::Host for Source {
    fn now(&mut self) -> Result<u64> {
        Ok(self.now.saturating_mul(1_000_000))
    }

    fn resolution(&mut self) -> Result<u64> {
        Ok(1_000_000)
    }

    fn subscribe_instant(&mut self, _when: u64) -> Result<Resource<DynPollable>> {
        Err(no_sleep())
    }

    fn subscribe_duration(&mut self, _length: u64) -> Result<Resource<DynPollable>> {
        Err(no_sleep())
    }
}

fn no_sleep() -> wasmtime::Error {
    wasmtime::Error::msg("a component cannot sleep: the host decides when something happens")
}

impl random::random::Host for Source {
    fn get_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        self.bytes(length)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        Ok(self.next())
    }
}

impl random::insecure::Host for Source {
    fn get_insecure_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        self.bytes(length)
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        Ok(self.next())
    }
}

impl random::insecure_seed::Host for Source {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        Ok((self.next(), self.next()))
    }
}

/// Projections of a store's data for the linker.
struct SourceOf;
impl HasData for SourceOf {
    type Data<'a> = &'a mut Source;
}
struct TableOf;
impl HasData for TableOf {
    type Data<'a> = &'a mut ResourceTable;
}

/// [`WasiView`] of any [`Sandboxed`] data.
impl WasiView for Sandbox {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// How the component waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Not at all: a hook.
    Never,
    /// On a fiber: a connector.
    Suspended,
}

/// Links the interfaces of [`crate::component::STD_IMPORTS`], and no other.
pub(crate) fn add_to_linker<T: Sandboxed>(linker: &mut Linker<T>, waiting: Waiting) -> Result<()> {
    use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};

    bindings::io::error::add_to_linker::<T, TableOf>(linker, |data| &mut data.sandbox().table)?;
    match waiting {
        Waiting::Never => {
            bindings::sync::io::poll::add_to_linker::<T, TableOf>(linker, |data| &mut data.sandbox().table)?;
            bindings::sync::io::streams::add_to_linker::<T, TableOf>(linker, |data| &mut data.sandbox().table)?;
        }
        Waiting::Suspended => {
            bindings::io::poll::add_to_linker::<T, TableOf>(linker, |data| &mut data.sandbox().table)?;
            bindings::io::streams::add_to_linker::<T, TableOf>(linker, |data| &mut data.sandbox().table)?;
        }
    }
    cli::environment::add_to_linker::<T, WasiCli>(linker, |data| data.sandbox().cli())?;
    cli::exit::add_to_linker::<T, WasiCli>(linker, |data| data.sandbox().cli())?;
    cli::stdin::add_to_linker::<T, WasiCli>(linker, |data| data.sandbox().cli())?;
    cli::stdout::add_to_linker::<T, WasiCli>(linker, |data| data.sandbox().cli())?;
    cli::stderr::add_to_linker::<T, WasiCli>(linker, |data| data.sandbox().cli())?;
    cli::terminal_input::add_to_linker::<T, WasiCli>(linker, |data| data.sandbox().cli())?;
    cli::terminal_output::add_to_linker::<T, WasiCli>(linker, |data| data.sandbox().cli())?;
    cli::terminal_stdin::add_to_linker::<T, WasiCli>(linker, |data| data.sandbox().cli())?;
    cli::terminal_stdout::add_to_linker::<T, WasiCli>(linker, |data| data.sandbox().cli())?;
    cli::terminal_stderr::add_to_linker::<T, WasiCli>(linker, |data| data.sandbox().cli())?;
    clocks::wall_clock::add_to_linker::<T, SourceOf>(linker, |data| &mut data.sandbox().source)?;
    clocks::monotonic_clock::add_to_linker::<T, SourceOf>(linker, |data| &mut data.sandbox().source)?;
    random::random::add_to_linker::<T, SourceOf>(linker, |data| &mut data.sandbox().source)?;
    random::insecure::add_to_linker::<T, SourceOf>(linker, |data| &mut data.sandbox().source)?;
    random::insecure_seed::add_to_linker::<T, SourceOf>(linker, |data| &mut data.sandbox().source)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::mask_digits;

    #[test]
    fn a_number_in_a_panic_message_is_masked() {
        assert_eq!(mask_digits("src/lib.rs:42:7: no +15550100199"), "src/lib.rs:42:7: no +#");
    }
}
