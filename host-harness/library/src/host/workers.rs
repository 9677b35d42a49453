//! The threads that wait for CRMs, so that nobody else does.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::clock::Clock;
use super::core_thread::Message;
use crate::core::io::{HttpFailure, HttpRequest, Input};
use crate::egress::Egress;
use crate::limits;

/// A thread without work ends after this time: a PBX is busy at nine o'clock and silent at night.
const IDLE: Duration = Duration::from_secs(30);

/// Up to [`limits::RUNNING_CONNECTORS`] threads, begun when they are wanted.
pub(super) struct Workers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    more: Condvar,
    egress: Egress,
    clock: Arc<Clock>,
    answers: SyncSender<Message>,
}

#[derive(Default)]
struct Queue {
    /// The core has at most [`limits::RUNNING_CONNECTORS`] connector calls of [`limits::CONNECTOR_REQUESTS`] each under way.
    waiting: VecDeque<HttpRequest>,
    threads: usize,
    idle: usize,
    stopped: bool,
}

impl Workers {
    pub(super) fn new(egress: Egress, clock: Arc<Clock>, answers: SyncSender<Message>) -> Self {
        let shared = Shared { queue: Mutex::default(), more: Condvar::new(), egress, clock, answers };
        Self { shared: Arc::new(shared), threads: Vec::new() }
    }

    /// Hands a request over. Its answer comes as an input of the core.
    pub(super) fn send(&mut self, request: HttpRequest) {
        let now = self.shared.clock.now();
        let wanted = {
            let mut queue = self.shared.queue();
            // Nobody waits for these any more. They are here only if the system gave no thread.
            queue.waiting.retain(|request| request.deadline > now);
            queue.waiting.push_back(request);
            let wanted = queue.waiting.len() > queue.idle && queue.threads < limits::RUNNING_CONNECTORS;
            queue.threads += usize::from(wanted);
            wanted
        };
        if wanted {
            self.begin_thread();
        } else {
            self.shared.more.notify_one();
        }
    }

    fn begin_thread(&mut self) {
        self.threads.retain(|thread| !thread.is_finished());
        let shared = Arc::clone(&self.shared);
        match std::thread::Builder::new().name("pbx-crm-http".to_owned()).spawn(move || shared.work()) {
            Ok(thread) => self.threads.push(thread),
            Err(why) => {
                // What waits goes out with the next thread, or is over by its deadline.
                self.shared.queue().threads -= 1;
                tracing::error!(%why, "no thread for an HTTP request");
            }
        }
    }
}

impl Drop for Workers {
    /// Breaks off what is under way. The core's thread must have let go of its inbox, or a worker could wait for room in it for ever.
    fn drop(&mut self) {
        self.shared.queue().stopped = true;
        self.shared.more.notify_all();
        self.shared.egress.shut_down();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(request) = self.next() {
            let now = self.clock.now();
            let time_left = Duration::from_millis(request.deadline.saturating_sub(now));
            // Should the HTTP library trip over an answer, that answer is lost and not the thread.
            let answer = catch_unwind(AssertUnwindSafe(|| self.egress.send(&request, now, time_left))).unwrap_or(Err(HttpFailure::Cut));
            let input = Input::Http { exchange: request.exchange, answer };
            if self.answers.send(Message::Input(Box::new(input))).is_err() {
                return;
            }
        }
    }

    /// None: the thread is not wanted any more.
    fn next(&self) -> Option<HttpRequest> {
        let mut queue = self.queue();
        loop {
            if queue.stopped {
                return None;
            }
            if let Some(request) = queue.waiting.pop_front() {
                return Some(request);
            }
            queue.idle += 1;
            let (locked, waited) = self.more.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
            queue = locked;
            queue.idle -= 1;
            if waited.timed_out() && queue.waiting.is_empty() {
                queue.threads -= 1;
                return None;
            }
        }
    }
}
