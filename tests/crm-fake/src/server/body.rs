use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::connection::Cut;
use crate::Pace;

/// The body of an answer: all at once, or dribbling.
pub(super) struct Outgoing {
    left: Bytes,
    pace: Option<Pace>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Outgoing {
    pub fn new(body: Vec<u8>, pace: Option<Pace>) -> Self {
        Self { left: body.into(), pace, pause: None }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let piece = match self.pace {
            None => std::mem::take(&mut self.left),
            Some(pace) => {
                let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(Duration::from_millis(pace.ms))));
                ready!(pause.as_mut().poll(context));
                self.pause = None;
                let length = usize::try_from(pace.bytes.max(1)).unwrap_or(usize::MAX).min(self.left.len());
                self.left.split_to(length)
            }
        };
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.left.len()).unwrap_or(u64::MAX))
    }
}
