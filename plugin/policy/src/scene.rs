//! What every decision about a call looks at, gathered once for each hook.

use crate::contract::pbx::hooks::calls::Call;
use crate::involvement::{self, Member};
use crate::settings::Settings;
use crate::world::World;

/// A call, the bound extensions that take part in it, and the settings in force.
pub struct Scene<'a> {
    /// As the event shows it.
    pub call: &'a Call,
    /// Bound extensions only.
    pub members: Vec<Member<'a>>,
    /// In force.
    pub settings: Settings,
}

impl<'a> Scene<'a> {
    /// Reads what is needed.
    pub fn of(world: &impl World, call: &'a Call) -> Self {
        Self { call, members: involvement::members(world, call), settings: Settings::read(world) }
    }

    /// Is the call over?
    pub fn ended(&self) -> bool {
        involvement::ended(self.call)
    }
}
