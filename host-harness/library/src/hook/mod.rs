//! Running a hook: a fresh instance, the state lent to it, its wishes collected.

mod imports;
pub(crate) mod unit;

use wasmtime::{Store as Instance, Trap};

use crate::bindings::base::types::HookError;
use crate::bindings::crm_exports::{agent_questions, crm_answers, visibility_answers};
use crate::bindings::hooks_exports::{call_events, hold_events, recording_events, transfer_events};
use crate::component::plugin::PreparedPlugin;
use crate::component::wasi::{Sandbox, Sandboxed};
use crate::core::state::State;
use crate::event::Moment;
use crate::limits;
use unit::Unit;

/// One event for the plugin.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) enum Hook {
    Start(call_events::Started),
    Ring(call_events::Rang),
    Answer(call_events::Answered),
    End(call_events::Ended),
    Merged(call_events::Merged),
    Transfer(transfer_events::Transferred),
    Hold(hold_events::Held),
    Recording(recording_events::Recorded),
    Voicemail(recording_events::VoicemailLeft),
    Matched(crm_answers::Matched),
    Searched(crm_answers::Searched),
    Created(crm_answers::Created),
    Journalled(crm_answers::Journalled),
    Amended(crm_answers::Amended),
    Refused(crm_answers::Refused),
    Visibility(visibility_answers::Visibility),
    Question(agent_questions::Asked),
}

impl Hook {
    /// The function's name in the contract.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Start(_) => "on-start",
            Self::Ring(_) => "on-ring",
            Self::Answer(_) => "on-answer",
            Self::End(_) => "on-end",
            Self::Merged(_) => "on-merged",
            Self::Transfer(_) => "on-transfer",
            Self::Hold(_) => "on-hold",
            Self::Recording(_) => "on-recording",
            Self::Voicemail(_) => "on-voicemail",
            Self::Matched(_) => "on-matched",
            Self::Searched(_) => "on-searched",
            Self::Created(_) => "on-created",
            Self::Journalled(_) => "on-journalled",
            Self::Amended(_) => "on-amended",
            Self::Refused(_) => "on-refused",
            Self::Visibility(_) => "on-visibility",
            Self::Question(_) => "on-question",
        }
    }
}

/// Why a hook's work was thrown away.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HookFailure {
    /// The plugin answered with an error.
    #[error("the plugin answered: {0}")]
    Answered(String),
    /// It ran longer than [`limits::HOOK_DEADLINE`].
    #[error("the plugin ran past its deadline")]
    Deadline,
    /// It wanted more memory than [`limits::PLUGIN_MEMORY`].
    #[error("the plugin wanted more memory than it may have")]
    Memory,
    /// It panicked or broke a rule of the sandbox.
    #[error("the plugin trapped: {0}")]
    Trapped(String),
    /// The plugin lacks the hook's interface.
    #[error("the plugin does not export {0}")]
    Missing(&'static str),
}

/// What a hook's imports see.
pub(crate) struct HookData {
    sandbox: Sandbox,
    pub(crate) state: Box<State>,
    pub(crate) unit: Unit,
    pub(crate) now: Moment,
}

impl Sandboxed for HookData {
    fn sandbox(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }
}

/// What a run needs beside the event.
pub(crate) struct Run {
    pub(crate) now: Moment,
    /// Decides every random number that the instance sees.
    pub(crate) seed: u64,
    /// CPU time.
    pub(crate) deadline: std::time::Duration,
}

/// Runs one hook in a fresh instance. The state comes back whatever happens; the unit counts only if the result is `ok`.
pub(crate) fn run(plugin: &PreparedPlugin, state: Box<State>, run: Run, hook: &Hook) -> (Box<State>, Unit, Result<(), HookFailure>) {
    let mut instance = new_instance(plugin, state, run);
    let result = dispatch(plugin, &mut instance, hook);
    let failure = match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(HookFailure::Answered(match error {
            HookError::Settings(message) => format!("the settings make this impossible ({})", message.id),
            HookError::Internal(text) | HookError::Other(text) => {
                crate::component::wasi::mask_digits(crate::number::cut(&text, limits::TEXT_BYTES))
            }
        })),
        Err(Failed::Missing(interface)) => Err(HookFailure::Missing(interface)),
        Err(Failed::Trap(error)) => Err(classify(&error, instance.data_mut().sandbox())),
    };
    let data = instance.into_data();
    (data.state, data.unit, failure)
}

pub(crate) fn new_instance(plugin: &PreparedPlugin, state: Box<State>, run: Run) -> Instance<HookData> {
    let sandbox = Sandbox::new(run.now, run.seed, limits::PLUGIN_HANDLES, limits::PLUGIN_MEMORY);
    let data = HookData { sandbox, state, unit: Unit::default(), now: run.now };
    let mut instance = Instance::new(plugin.engine(), data);
    instance.limiter(|data| &mut data.sandbox.memory);
    instance.set_epoch_deadline(crate::engine::ticks(run.deadline));
    instance.set_hostcall_fuel(limits::PLUGIN_COPY);
    instance
}

enum Failed {
    Missing(&'static str),
    Trap(wasmtime::Error),
}

impl From<wasmtime::Error> for Failed {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trap(error)
    }
}

fn dispatch(plugin: &PreparedPlugin, instance: &mut Instance<HookData>, hook: &Hook) -> Result<Result<(), HookError>, Failed> {
    let linked = plugin.pre().instantiate(&mut *instance)?;
    macro_rules! call {
        ($interface:ident . $function:ident ($event:expr)) => {{
            let indices = plugin.exports().$interface.as_ref().ok_or(Failed::Missing(stringify!($interface)))?;
            indices.load(&mut *instance, &linked)?.$function(&mut *instance, $event)?
        }};
    }
    Ok(match hook {
        Hook::Start(event) => call!(call_events.call_on_start(event)),
        Hook::Ring(event) => call!(call_events.call_on_ring(event)),
        Hook::Answer(event) => call!(call_events.call_on_answer(event)),
        Hook::End(event) => call!(call_events.call_on_end(event)),
        Hook::Merged(event) => call!(call_events.call_on_merged(event)),
        Hook::Transfer(event) => call!(transfer_events.call_on_transfer(event)),
        Hook::Hold(event) => call!(hold_events.call_on_hold(event)),
        Hook::Recording(event) => call!(recording_events.call_on_recording(event)),
        Hook::Voicemail(event) => call!(recording_events.call_on_voicemail(event)),
        Hook::Matched(event) => call!(crm_answers.call_on_matched(event)),
        Hook::Searched(event) => call!(crm_answers.call_on_searched(event)),
        Hook::Created(event) => call!(crm_answers.call_on_created(event)),
        Hook::Journalled(event) => call!(crm_answers.call_on_journalled(event)),
        Hook::Amended(event) => call!(crm_answers.call_on_amended(event)),
        Hook::Refused(event) => call!(crm_answers.call_on_refused(event)),
        Hook::Visibility(event) => call!(visibility_answers.call_on_visibility(event)),
        Hook::Question(event) => call!(agent_questions.call_on_question(event)),
    })
}

/// Tells a deadline, a memory bomb and a panic apart: to wasmtime the last two look the same.
pub(crate) fn classify(error: &wasmtime::Error, sandbox: &Sandbox) -> HookFailure {
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => HookFailure::Deadline,
        _ if sandbox.memory.refused => HookFailure::Memory,
        Some(Trap::UnreachableCodeReached) => {
            let words = sandbox.last_words();
            HookFailure::Trapped(if words.is_empty() { "it gave up without a word".to_owned() } else { words })
        }
        Some(trap) => HookFailure::Trapped(trap.to_string()),
        None => HookFailure::Trapped(crate::component::wasi::mask_digits(&error.root_cause().to_string())),
    }
}
