use pbx_connector_kit::{
    Client, Effect, Request, Response,
    context::Context,
    failure,
    json::{self, Node, Wrong},
    types::{Failure, Usage},
};
use serde_json::Value;

use crate::{
    complaint::{self, Complaint},
    judgement, limit_info,
};

/// Longest id that is taken, in bytes.
pub const MAX_ID: usize = 128;

/// The requests of one call of the connector.
pub struct Exchange<'c> {
    client: Client<'c>,
    /// What the call got.
    pub context: &'c Context,
    allowance: Option<(u64, u64)>,
}

/// A refusal: what Salesforce said, and what that is in the contract's words.
#[derive(Clone, Debug)]
pub struct Refused {
    /// As Salesforce said it; empty if it said nothing.
    pub complaints: Vec<Complaint>,
    /// As the host shall take it.
    pub failure: Failure,
}

impl Refused {
    /// The complaint with this code.
    pub fn complaint(&self, code: &str) -> Option<&Complaint> {
        self.complaints.iter().find(|complaint| complaint.code == code)
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { complaints: Vec::new(), failure }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        refused.failure
    }
}

/// A JSON answer with a status from 200 to 299.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    json: Value,
    effect: Effect,
}

impl Answer {
    /// A part of a composite answer.
    pub fn part(status: u16, json: Value, effect: Effect) -> Self {
        Self { status, json, effect }
    }

    /// Reads the answer. What is wrong with it becomes a failure: `garbled` for a question that only read, `unclear` for one that may have
    /// changed something.
    ///
    /// # Errors
    /// As said, where `reader` says that it is wrong.
    pub fn read<'a, T>(&'a self, reader: impl FnOnce(Node<'a>) -> Result<T, Wrong>) -> Result<T, Failure> {
        reader(Node::root(&self.json)).map_err(|wrong| failure::wrong_answer(self.effect, self.status, &wrong))
    }
}

impl<'c> Exchange<'c> {
    /// For the call that got this context.
    pub fn new(context: &'c Context) -> Self {
        Self { client: Client::new(context), context, allowance: None }
    }

    /// Asks one question.
    ///
    /// # Errors
    /// Salesforce could not be asked, refused, or did not answer with JSON.
    pub fn ask(&mut self, request: &Request) -> Result<Answer, Refused> {
        let response = self.send(request)?;
        if !(200..=299).contains(&response.status) {
            let complaints = complaint::read(&response.body);
            return Err(Refused { complaints, failure: judgement::of_response(&response, request.effect, self.context.now) });
        }
        let json = json::parse(&response.body).map_err(|wrong| failure::wrong_answer(request.effect, response.status, &wrong))?;
        Ok(Answer { status: response.status, json, effect: request.effect })
    }

    fn send(&mut self, request: &Request) -> Result<Response, Failure> {
        let response = self.client.send(request)?;
        if let Some(told) = limit_info::told(&response) {
            self.allowance = Some(told);
        }
        Ok(response)
    }

    /// What was spent, and what is left by the last answer. The period rolls, so it never ends.
    pub fn usage(&self) -> Usage {
        let mut usage = self.client.usage();
        if let Some((used, allowed)) = self.allowance {
            usage.left = Some(allowed.saturating_sub(used));
            usage.allowed = Some(allowed);
        }
        usage
    }

    /// Adds what was spent to a failure. Use it once, at the end of the exported function.
    ///
    /// # Errors
    /// Those that it was given.
    pub fn settle<T, E: Into<Failure>>(&self, result: Result<T, E>) -> Result<T, Failure> {
        result.map_err(|refused| failure::with_usage(refused.into(), self.usage()))
    }
}
