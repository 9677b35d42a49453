//! Running a connector: a fresh instance on a fiber, HTTP as values.

pub(crate) mod alone;
pub(crate) mod http;
pub(crate) mod permit;
pub(crate) mod run;

use wasmtime::component::ResourceTable;
use wasmtime::{Store as Instance, UpdateDeadline};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::bindings::connector::pbx::crm::connector_log::{self, Level};
use crate::component::wasi::{Sandbox, Sandboxed, mask_digits};
use crate::event::Moment;
use crate::hook::unit::LogLine;
use crate::limits;
use crate::number::cut;
use http::HttpGate;

/// What a connector's imports see.
pub(crate) struct ConnectorData {
    sandbox: Sandbox,
    http: WasiHttpCtx,
    gate: HttpGate,
    /// Epoch ticks since the last HTTP request.
    ticks: u64,
    pub(crate) log: Vec<LogLine>,
}

impl Sandboxed for ConnectorData {
    fn sandbox(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }
}

impl WasiHttpView for ConnectorData {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        // A connector that has come as far as to speak HTTP gets a new ration of CPU time.
        self.ticks = 0;
        let table: &mut ResourceTable = &mut self.sandbox.table;
        WasiHttpCtxView { hooks: &mut self.gate, table, ctx: &mut self.http }
    }
}

impl crate::bindings::base::types::Host for ConnectorData {}
impl crate::bindings::crm::types::Host for ConnectorData {}
impl crate::bindings::connector::pbx::crm::context::Host for ConnectorData {}

impl connector_log::Host for ConnectorData {
    fn write(&mut self, level: Level, text: String, fields: Vec<(String, String)>) -> wasmtime::Result<()> {
        if self.log.len() < limits::LOG_LINES {
            let level = match level {
                Level::Debug => "debug",
                Level::Info => "info",
                Level::Warning => "warning",
                Level::Error => "error",
            };
            self.log.push(LogLine {
                level: level.to_owned(),
                text: mask_digits(cut(&text, limits::LOG_BYTES)),
                fields: fields
                    .iter()
                    .take(32)
                    .map(|(name, value)| (cut(name, 64).to_owned(), mask_digits(cut(value, limits::LOG_BYTES))))
                    .collect(),
            });
        }
        Ok(())
    }
}

pub(crate) fn new_instance(
    engine: &wasmtime::Engine,
    gate: HttpGate,
    now: Moment,
    seed: u64,
    cpu: std::time::Duration,
) -> Instance<ConnectorData> {
    let mut http = WasiHttpCtx::new();
    http.set_field_size_limit(limits::HEADER_BYTES);
    let sandbox = Sandbox::new(now, seed, limits::CONNECTOR_HANDLES, limits::CONNECTOR_MEMORY);
    let mut instance = Instance::new(engine, ConnectorData { sandbox, http, gate, ticks: 0, log: Vec::new() });
    instance.limiter(|data| &mut data.sandbox.memory);
    instance.set_hostcall_fuel(limits::CONNECTOR_COPY);
    // Epochs pass while a connector is suspended too, so a tick counts only when its code runs into it: at most one for each
    // time that it goes on.
    let most = crate::engine::ticks(cpu);
    instance.set_epoch_deadline(1);
    instance.epoch_deadline_callback(move |mut context| {
        let data = context.data_mut();
        data.ticks += 1;
        if data.ticks > most { Ok(UpdateDeadline::Interrupt) } else { Ok(UpdateDeadline::Continue(1)) }
    });
    instance
}
