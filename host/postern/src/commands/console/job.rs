//! A job that goes on while pages look at it, such as flashing: it has an end, whatever happens to it.

use anyhow::anyhow;

/// Says how a job ended, once.
struct End<T, F: FnOnce(anyhow::Result<T>)>(Option<F>, std::marker::PhantomData<T>);

impl<T, F: FnOnce(anyhow::Result<T>)> End<T, F> {
    fn say(&mut self, done: anyhow::Result<T>) {
        if let Some(end) = self.0.take() {
            end(done);
        }
    }
}

impl<T, F: FnOnce(anyhow::Result<T>)> Drop for End<T, F> {
    /// The job panicked, or its thread was never there.
    fn drop(&mut self) {
        self.say(Err(anyhow!(
            "it ended unexpectedly: see what the terminal of the console says, and try again"
        )));
    }
}

/// Does a job on a thread of its own. `end` hears what came of it, also if it panics, or if there is no thread for it.
pub fn begin<T: Send + 'static>(
    job: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    end: impl FnOnce(anyhow::Result<T>) + Send + 'static,
) {
    let mut end = End(Some(end), std::marker::PhantomData);
    // Without a thread the closure is dropped, and with it the end.
    let _ = std::thread::Builder::new().spawn(move || {
        let done = job();
        end.say(done);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn ends(job: impl FnOnce() -> anyhow::Result<u8> + Send + 'static) -> anyhow::Result<u8> {
        let (told, hears) = mpsc::channel();
        begin(job, move |done| told.send(done).unwrap());
        let end = hears.recv().expect("an end");
        assert!(hears.recv().is_err(), "it ends once");
        end
    }

    #[test]
    fn a_job_that_panics_has_an_end_too() {
        assert_eq!(ends(|| Ok(7)).unwrap(), 7);
        assert_eq!(ends(|| Err(anyhow!("refused"))).unwrap_err().to_string(), "refused");
        let panicked = ends(|| panic!("on purpose")).unwrap_err().to_string();
        assert!(panicked.contains("ended unexpectedly"), "{panicked}");
    }
}
