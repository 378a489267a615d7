//! A connection whose other end may take its time for a reply, but not without end.
//!
//! The clock runs while the other end takes no byte, and starts again with each that it takes. While nothing waits to be
//! sent it does not run: a page may take minutes, and a request comes when it comes.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A connection, and how long its other end may take no byte.
pub struct Patient<S> {
    stream: S,
    patience: Duration,
    /// Runs while bytes wait to be taken.
    clock: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Over `stream`, whose other end may take no byte for as long as `patience`.
    pub fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, clock: None }
    }

    /// What came of writing; an error if it waits for too long already.
    fn watch<T>(&mut self, context: &mut Context<'_>, written: Poll<Result<T>>) -> Poll<Result<T>> {
        if written.is_ready() {
            self.clock = None;
            return written;
        }
        let patience = self.patience;
        let clock =
            self.clock.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + patience)));
        ready!(clock.as_mut().poll(context));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the other end takes nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watch(context, shut)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Long enough that no machine is so busy.
    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn an_end_that_takes_nothing_is_given_up() {
        let (near, far) = tokio::io::duplex(8);
        let mut near = Patient::new(near, Duration::from_millis(50));
        near.write_all(&[0; 8]).await.expect("there is room");
        let error = near.write_all(&[0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        drop(far);
    }

    #[tokio::test]
    async fn the_clock_starts_again_with_each_byte_that_is_taken_and_stands_while_nothing_waits() {
        let (near, mut far) = tokio::io::duplex(8);
        let mut near = Patient::new(near, LONG);
        let write = async |near: &mut Patient<_>, count: usize| {
            poll_fn(|context| Poll::Ready(Pin::new(&mut *near).poll_write(context, &[0; 9][..count]))).await
        };
        assert!(matches!(write(&mut near, 9).await, Poll::Ready(Ok(8))));
        assert!(near.clock.is_none());
        for _ in 0..3 {
            assert!(write(&mut near, 1).await.is_pending());
            assert!(near.clock.is_some(), "it runs");
            far.read_exact(&mut [0]).await.unwrap();
            assert!(matches!(write(&mut near, 1).await, Poll::Ready(Ok(1))));
            assert!(near.clock.is_none(), "it stands");
        }
    }
}
