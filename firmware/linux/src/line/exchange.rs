//! What waits between a line's callers and the door, in both directions. All of it belongs to the caller who has the line.
//!
//! | what happens | what waits |
//! |---|---|
//! | a caller begins to speak | what the one before has sent is forgotten, and so is what the door had to say to that one |
//! | a caller sends bytes | they wait for the door if the caller still has the line; else they go nowhere |
//! | the door reads | at most to the end of a frame, so that no byte of a further frame leaves the place where it is forgotten |
//! | the door writes | bytes for the caller who has the line at this moment; without one they are lost, as on a wire |
//!
//! So nothing that a caller sent reaches the door after another one has begun to speak.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Bytes that wait in one direction.
const ROOM: usize = 4096;

/// Begins and ends each frame of a host (`protocol`).
const FRAME_END: u8 = 0;

/// Who is at the other end, and what waits.
#[derive(Default)]
pub struct Exchange {
    state: Mutex<State>,
    /// The callers have something to wait for: room, bytes to send, or another caller.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Has the line.
    speaks: Option<Arc<File>>,
    /// Called last, and has said nothing yet.
    silent: Option<Arc<File>>,
    received: VecDeque<u8>,
    to_send: VecDeque<u8>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl State {
    fn is_speaker(&self, caller: &Arc<File>) -> bool {
        self.speaks.as_ref().is_some_and(|speaks| Arc::ptr_eq(speaks, caller))
    }
}

/// Ends a connection, whatever waits on it.
pub fn cut(end: &File) {
    let _ = rustix::net::shutdown(end, rustix::net::Shutdown::Both);
}

impl Exchange {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A caller is there.
    pub fn calls(&self, caller: &Arc<File>) {
        if let Some(before) = self.lock().silent.replace(caller.clone()) {
            cut(&before);
        }
    }

    /// A caller begins to speak, and has the line. Returns whether it still may: not if somebody else called meanwhile.
    pub fn speaks(&self, caller: &Arc<File>) -> bool {
        let mut state = self.lock();
        if state.is_speaker(caller) {
            return true;
        }
        let Some(caller) = state.silent.take_if(|silent| Arc::ptr_eq(silent, caller)) else { return false };
        if let Some(before) = state.speaks.replace(caller) {
            cut(&before);
        }
        state.received.clear();
        state.to_send.clear();
        self.changed.notify_all();
        wake(&mut state.writer);
        true
    }

    /// A caller says no more. Who has the line keeps it: a reply may be on its way.
    pub fn is_quiet(&self, caller: &Arc<File>) {
        self.lock().silent.take_if(|silent| Arc::ptr_eq(silent, caller));
    }

    /// Nobody has the line.
    pub fn is_gone(&self) {
        self.lock().speaks = None;
    }

    /// Hands bytes of a caller to the door, and waits for room. Returns whether the caller still has the line.
    pub fn receive(&self, caller: &Arc<File>, mut bytes: &[u8]) -> bool {
        let mut state = self.lock();
        while state.is_speaker(caller) {
            let (now, later) = bytes.split_at(bytes.len().min(ROOM - state.received.len()));
            if !now.is_empty() {
                state.received.extend(now);
                wake(&mut state.reader);
            }
            if later.is_empty() {
                return true;
            }
            bytes = later;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        false
    }

    /// Waits for bytes of the door, and moves as many of them to `bytes` as there is room. Returns how many, and the caller
    /// that they are for.
    pub fn send(&self, bytes: &mut [u8]) -> (usize, Arc<File>) {
        let mut state = self.lock();
        loop {
            let State { to_send, speaks, writer, .. } = &mut *state;
            if let (Some(end), false) = (speaks, to_send.is_empty()) {
                let count = take(to_send, bytes, |_| false);
                wake(writer);
                return (count, end.clone());
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Moves bytes that a caller has sent to `bytes`, to the end of a frame at most.
    pub fn poll_read(&self, context: &mut Context<'_>, bytes: &mut [u8]) -> Poll<usize> {
        let mut state = self.lock();
        if state.received.is_empty() {
            state.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let count = take(&mut state.received, bytes, |byte| byte == FRAME_END);
        self.changed.notify_all();
        Poll::Ready(count)
    }

    /// Takes bytes for the caller who has the line, and returns how many.
    pub fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        let mut state = self.lock();
        if state.speaks.is_none() || bytes.is_empty() {
            return Poll::Ready(bytes.len());
        }
        let count = bytes.len().min(ROOM - state.to_send.len());
        if count == 0 {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        state.to_send.extend(&bytes[..count]);
        self.changed.notify_all();
        Poll::Ready(count)
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// Moves bytes until `to` is full, `from` is empty, or one of them `is_last`; returns how many.
fn take(from: &mut VecDeque<u8>, to: &mut [u8], is_last: impl Fn(u8) -> bool) -> usize {
    let mut count = 0;
    for place in to {
        let Some(byte) = from.pop_front() else { break };
        *place = byte;
        count += 1;
        if is_last(byte) {
            break;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc;
    use std::thread;

    fn caller(exchange: &Exchange) -> Arc<File> {
        // What the other end does is no matter here.
        let (near, _) = UnixStream::pair().unwrap();
        let caller = Arc::new(File::from(OwnedFd::from(near)));
        exchange.calls(&caller);
        assert!(exchange.speaks(&caller));
        caller
    }

    fn read(exchange: &Exchange) -> Poll<Vec<u8>> {
        let mut bytes = [0; 128];
        let read = exchange.poll_read(&mut Context::from_waker(Waker::noop()), &mut bytes);
        read.map(|count| bytes[..count].to_vec())
    }

    #[test]
    fn nothing_of_a_caller_that_was_cut_off_reaches_the_door() {
        let exchange = Arc::new(Exchange::default());
        let first = caller(&exchange);
        let (told, hears) = mpsc::channel();
        // It says more than there is room for, so that its thread waits.
        let speaking = thread::spawn({
            let (exchange, first) = (exchange.clone(), first.clone());
            move || {
                assert!(exchange.receive(&first, &[b'a'; ROOM]));
                told.send(()).unwrap();
                exchange.receive(&first, &[b'a'; ROOM])
            }
        });
        hears.recv().unwrap();
        let second = caller(&exchange);
        assert!(!speaking.join().unwrap(), "it has the line no more");
        assert!(!exchange.receive(&first, b"a"));
        assert!(read(&exchange).is_pending(), "what it said is forgotten");
        assert!(exchange.receive(&second, b"b"));
        assert_eq!(read(&exchange), Poll::Ready(b"b".to_vec()));
    }

    #[test]
    fn a_frame_that_the_door_has_not_begun_to_read_is_forgotten_too() {
        let exchange = Exchange::default();
        let first = caller(&exchange);
        assert!(exchange.receive(&first, b"\0one\0\0two\0"));
        assert_eq!(read(&exchange), Poll::Ready(b"\0".to_vec()));
        assert_eq!(read(&exchange), Poll::Ready(b"one\0".to_vec()));
        let second = caller(&exchange);
        assert!(exchange.receive(&second, b"\0three\0"));
        assert_eq!(read(&exchange), Poll::Ready(b"\0".to_vec()));
        assert_eq!(read(&exchange), Poll::Ready(b"three\0".to_vec()));
        assert!(read(&exchange).is_pending());
    }

    #[test]
    fn what_the_door_says_is_for_the_caller_of_that_moment() {
        let exchange = Exchange::default();
        let write = |bytes| exchange.poll_write(&mut Context::from_waker(Waker::noop()), bytes);
        assert_eq!(write(&[1; 2 * ROOM]), Poll::Ready(2 * ROOM), "nobody is there: it is lost");
        let _first = caller(&exchange);
        assert_eq!(write(&[1; 2 * ROOM]), Poll::Ready(ROOM));
        assert!(write(&[1]).is_pending());
        let second = caller(&exchange);
        assert_eq!(write(b"two"), Poll::Ready(3));
        let mut bytes = [0; ROOM];
        let (count, end) = exchange.send(&mut bytes);
        assert_eq!(&bytes[..count], b"two");
        assert!(Arc::ptr_eq(&end, &second));
    }
}
