use pbx_connector_kit::{
    Client, Request, Response,
    context::Context,
    failure,
    json::{self, Node, Wrong},
    types::{Failure, Usage},
};
use serde_json::{Map, Value};

use crate::{judgement, settings_page::Options};

/// The requests of one call of the connector.
pub struct Exchange<'c> {
    client: Client<'c>,
    /// What the call got.
    pub context: &'c Context,
    /// What the administrator chose.
    pub options: Options,
}

/// An answer that is a success.
#[derive(Debug)]
pub struct Answer {
    /// What the method gave.
    pub json: Value,
    effect: pbx_connector_kit::Effect,
}

impl Answer {
    /// Reads the answer. What is wrong with it becomes a failure: `garbled` for a question that only read, `unclear` for one that may have
    /// changed something.
    ///
    /// # Errors
    /// As said, where `reader` says that it is wrong.
    pub fn read<'a, T>(&'a self, reader: impl FnOnce(Node<'a>) -> Result<T, Wrong>) -> Result<T, Failure> {
        reader(Node::root(&self.json)).map_err(|wrong| failure::wrong_answer(self.effect, 200, &wrong))
    }

    /// The rows of a `search_read`.
    ///
    /// # Errors
    /// They are none, or one of them is wrong.
    pub fn rows<T>(&self, row: impl Fn(&Node<'_>) -> Result<T, Wrong>) -> Result<Vec<T>, Failure> {
        self.read(|answer| answer.required_list()?.iter().map(row).collect())
    }
}

impl<'c> Exchange<'c> {
    /// For the call that got this context.
    pub fn new(context: &'c Context) -> Self {
        Self { client: Client::new(context), context, options: Options::of(&context.settings) }
    }

    /// Calls a method that changes nothing.
    ///
    /// # Errors
    /// Odoo could not be asked, refused, or did not answer with JSON.
    pub fn ask(&mut self, model: &str, method: &str, arguments: Value) -> Result<Answer, Failure> {
        let body = in_utc(arguments);
        self.send(&Request::question(&path(model, method), &body))
    }

    /// Calls a method that may change something.
    ///
    /// # Errors
    /// As [`Exchange::ask`].
    pub fn change(&mut self, model: &str, method: &str, arguments: Value) -> Result<Answer, Failure> {
        let body = in_utc(arguments);
        self.send(&Request::post(&path(model, method), &body))
    }

    /// Asks what needs no key.
    ///
    /// # Errors
    /// As [`Exchange::ask`].
    pub fn get(&mut self, path: &str) -> Result<Answer, Failure> {
        self.send(&Request::get(path.to_owned()))
    }

    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        let request = match self.options.database.as_str() {
            "" => request.clone(),
            database => request.clone().with_header("x-odoo-database", database),
        };
        let response: Response = self.client.send(&request)?;
        if let Some(failure) = judgement::of_response(&response, request.effect, self.context.now) {
            return Err(failure);
        }
        let json = json::parse(&response.body).map_err(|wrong| failure::wrong_answer(request.effect, response.status, &wrong))?;
        Ok(Answer { json, effect: request.effect })
    }

    /// Requests that this call may still make.
    pub fn left(&self) -> u32 {
        self.context.requests_left.saturating_sub(self.client.usage().spent)
    }

    /// What was spent. Odoo has no allowance.
    pub fn usage(&self) -> Usage {
        self.client.usage()
    }

    /// Adds what was spent to a failure. Use it once, at the end of the exported function.
    ///
    /// # Errors
    /// Those that it was given.
    pub fn settle<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        self.client.settle(result)
    }
}

fn path(model: &str, method: &str) -> String {
    format!("/json/2/{model}/{method}")
}

/// Without a time zone Odoo reads the times of `load` in that of the key's user; archived records are hidden unless they are asked for.
fn in_utc(arguments: Value) -> Value {
    let mut arguments = match arguments {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let context = arguments.entry("context").or_insert_with(|| Value::Object(Map::new()));
    if let Some(context) = context.as_object_mut() {
        context.insert("tz".to_owned(), "UTC".into());
        context.insert("active_test".to_owned(), false.into());
    }
    Value::Object(arguments)
}
