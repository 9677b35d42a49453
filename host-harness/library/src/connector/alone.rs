//! One function of a connector, run to its end by a thread that waits for it: an administrator asks, no telephone rings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::http::HttpAnswer;
use super::permit::Permits;
use super::run::{Answer, Finished, Question, RunFailure, Runs, Sent};
use crate::bindings::connector::pbx::crm::context::Context;
use crate::bindings::crm::types::Failure;
use crate::component::connector::PreparedConnector;
use crate::core::io::HttpRequest;
use crate::event::Moment;
use crate::limits;

/// Asks the connector, in an instance of its own. `carry` sends each request and waits for its answer, as long as it is told at most.
pub(crate) fn ask(
    connector: &Arc<PreparedConnector>,
    permits: &Arc<Permits>,
    context: Context,
    question: Question,
    mut carry: impl FnMut(&HttpRequest, Duration) -> HttpAnswer,
) -> Result<Result<Answer, Failure>, RunFailure> {
    let (started, began, time) = (Instant::now(), context.now, Duration::from_millis(context.time_left));
    let (account, deadline) = (context.connector.clone(), began.saturating_add(context.time_left));
    let function = question.function();
    let mut runs = Runs::new().map_err(|why| RunFailure::Trapped(why.to_string()))?;
    // Random numbers of the sandbox only spread hash tables: the moment is seed enough. And a busy machine must not end a sign-in, so the
    // computing time is the one that stops nothing but an endless loop.
    runs.start(RUN, Arc::clone(connector), Arc::clone(permits), context, began, limits::SIMULATION_CPU, question);
    loop {
        let passed = Moment::try_from(started.elapsed().as_millis()).unwrap_or(Moment::MAX);
        let (sent, finished) = runs.advance(began.saturating_add(passed));
        if let Some(Finished { outcome, denied, .. }) = finished.into_iter().next() {
            for why in denied {
                tracing::warn!(account, why, "a connector's request was not let out");
            }
            return outcome;
        }
        if sent.is_empty() {
            return Err(RunFailure::Stuck);
        }
        for sent in sent {
            let exchange = sent.exchange;
            let answer = carry(&request(sent, function, &account, deadline), time.saturating_sub(started.elapsed()));
            runs.answer(exchange, answer);
        }
    }
}

/// There is only one.
const RUN: u64 = 1;

fn request(sent: Sent, function: &'static str, account: &str, deadline: Moment) -> HttpRequest {
    let (head, body) = sent.request.into_parts();
    let headers = head.headers.iter();
    HttpRequest {
        exchange: sent.exchange,
        run: sent.run,
        function,
        connector: account.to_owned(),
        method: head.method.to_string(),
        url: head.uri.to_string(),
        headers: headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect(),
        body,
        deadline,
        // What an administrator does here is repeated by hand if it is interrupted.
        writes: false,
    }
}
