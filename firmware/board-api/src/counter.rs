//! A counter outside the flash, by which an older copy of the flash is found.

/// The counter cannot be read or raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterError;

/// A counter that nobody can lower: in a secure element, in a replay-protected block of an eMMC, or in fuses.
///
/// The application raises it by one at each change of what it must not forget: settings, rules, paired hosts, trusted
/// signer, active models and their releases, failures that ration guesses. It does not raise it for frames, entries of the
/// audit log, chunks of a transfer, people and templates. `firmware/door/tests/wear.rs` says how often that is in ten years;
/// secure elements endure some two million steps.
///
/// What is in the flash may be ahead of the counter, when the power failed in between. So an implementation needs no
/// transaction: a step that was interrupted is done at the next boot.
pub trait MonotonicCounter {
    /// The value. It is the same after a power cut.
    ///
    /// # Errors
    /// [`CounterError`]: then no record in flash is trusted.
    fn read(&mut self) -> Result<u32, CounterError>;

    /// Raises the value by one, before it returns.
    ///
    /// # Errors
    /// [`CounterError`]. The value may have been raised.
    fn increment(&mut self) -> Result<(), CounterError>;
}
