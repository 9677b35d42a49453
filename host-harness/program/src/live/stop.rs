//! Being told to end: SIGTERM from a service manager, SIGINT from a terminal.

#[cfg(unix)]
mod signals {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    /// Calls `stop` when the program is told to end. Told a second time, the program ends at once.
    pub(in super::super) fn listen(stop: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        std::thread::Builder::new().name("pbx-crm-signals".to_owned()).spawn(move || {
            let mut told = signals.forever();
            if told.next().is_some() {
                stop();
            }
            if let Some(again) = told.next() {
                let _never_back = signal_hook::low_level::emulate_default_handler(again);
            }
        })?;
        Ok(())
    }
}

#[cfg(not(unix))]
mod signals {
    /// Where there are no such signals, the end of the input is the only way.
    pub(in super::super) fn listen(_stop: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        Ok(())
    }
}

pub(super) use signals::listen;
