use super::HookData;
use crate::bindings::base::types::Message;
use crate::bindings::hooks::log::{Host, Level};
use crate::component::wasi::mask_digits;
use crate::hook::unit::{Line, LogLine};
use crate::limits;
use crate::number::cut;

impl Host for HookData {
    fn write(&mut self, level: Level, text: String, fields: Vec<(String, String)>) -> wasmtime::Result<()> {
        if self.unit.log.len() >= limits::LOG_LINES {
            self.unit.log_dropped += 1;
            return Ok(());
        }
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        self.unit.log.push(LogLine {
            level: level.to_owned(),
            text: mask_digits(cut(&text, limits::LOG_BYTES)),
            fields: fields
                .iter()
                .take(32)
                .map(|(name, value)| (cut(name, 64).to_owned(), mask_digits(cut(value, limits::LOG_BYTES))))
                .collect(),
        });
        Ok(())
    }

    fn reason(&mut self, decision: String, why: Message) -> wasmtime::Result<()> {
        if self.unit.reasons() < limits::REASONS {
            self.unit.lines.push(Line::Reason { decision: cut(&decision, 64).to_owned(), why });
        }
        Ok(())
    }
}
