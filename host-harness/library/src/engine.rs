//! The one wasmtime engine of a host, with every limit set explicitly.

use std::sync::Arc;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::limits;

/// A shared engine with its ticking epoch. Clones are cheap; the ticker ends with the last of them.
#[derive(Clone)]
pub struct SandboxEngine {
    engine: Engine,
    // Held for its drop only: the ticker stops when the last clone is gone.
    _ticker: Arc<Ticker>,
}

impl SandboxEngine {
    /// Makes the engine and starts its ticker thread.
    ///
    /// # Errors
    /// The address space for the instance pool could not be reserved, or this processor is unknown to the compiler.
    pub fn new() -> wasmtime::Result<Self> {
        let engine = Engine::new(&config())?;
        let ticker = Ticker::start(&engine)?;
        Ok(Self { engine, _ticker: Arc::new(ticker) })
    }

    /// The engine for compiling and linking.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

fn config() -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(limits::INSTANCES)
        .total_core_instances(limits::INSTANCES * 5)
        .total_memories(limits::INSTANCES * limits::MEMORIES as u32)
        .total_tables(limits::INSTANCES * 5)
        .total_stacks(limits::RUNNING_CONNECTORS as u32 + 8)
        .max_core_instances_per_component(limits::CORE_INSTANCES as u32)
        .max_memories_per_component(limits::MEMORIES as u32)
        .max_memory_size(limits::CONNECTOR_MEMORY)
        .table_elements(limits::TABLE_ELEMENTS);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .memory_reservation(limits::MEMORY_RESERVATION)
        .memory_guard_size(limits::MEMORY_GUARD)
        .epoch_interruption(true)
        .max_wasm_stack(limits::WASM_STACK)
        .async_stack_size(limits::FIBER_STACK)
        // No component of ours is async; the support costs a call three times its price.
        .concurrency_support(false)
        .wasm_component_model(true);
    config
}

/// Number of epoch ticks that a duration of CPU time is worth; at least one, plus the tick that is under way.
pub(crate) fn ticks(time: std::time::Duration) -> u64 {
    let tick = limits::EPOCH_TICK.as_millis().max(1);
    u64::try_from(time.as_millis().div_ceil(tick)).unwrap_or(u64::MAX).saturating_add(1)
}

/// Advances the epoch until dropped.
struct Ticker {
    stop: Option<std::sync::mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Ticker {
    fn start(engine: &Engine) -> std::io::Result<Self> {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let engine = engine.weak();
        let thread = std::thread::Builder::new().name("pbx-crm-epoch".into()).spawn(move || {
            // `recv_timeout` is the tick: it returns early only when the sender is dropped.
            while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(limits::EPOCH_TICK) {
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => return,
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The ticker itself may hold the last engine for an instant and so run this drop; it cannot join itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}
