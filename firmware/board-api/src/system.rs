//! The board as a whole: name, reset, random numbers, its secret.

/// Why a board started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetReason {
    /// The power came on.
    PowerOn,
    /// The application asked for it ([`System::restart`]).
    Requested,
    /// The watchdog reset a board that hung.
    Watchdog,
    /// A fault of the processor, or a panic.
    Fault,
    /// The board cannot tell.
    Unknown,
}

/// Where the secret of a board is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretPlace {
    /// In fuses.
    Fuses,
    /// In a credential that systemd decrypts when it starts the door.
    Credential,
    /// Derived from the one-time programmable memory of a Raspberry Pi.
    Otp,
    /// In a file.
    File,
}

/// What the camera gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraState {
    /// Pictures.
    Pictures,
    /// Pictures, and all of them are dark.
    Dark,
    /// No picture that can be used.
    Nothing {
        /// For so many milliseconds.
        for_ms: u32,
    },
}

/// What the display shows of what waits for the pairing button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The six digits of a pairing.
    Code(u32),
    /// That all but the log is to be erased.
    Erase,
}

/// What a board finds at its start, and why it admits nobody then, or not everybody. The audit log has it too, which is read by
/// whoever the board still serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFault {
    /// The flash is an older copy than the monotonic counter says, or the list of its records is lost: nobody is admitted or served.
    OlderFlash,
    /// Records of the settings, of rules or of hosts are lost.
    LostRecords,
    /// The gallery does not open, or has lost people.
    Gallery,
}

/// The board as a whole.
pub trait System {
    /// The board's name, for example "an547".
    fn name(&self) -> &str;

    /// Why the board started.
    fn reset_reason(&self) -> ResetReason;

    /// Instructions executed since the start. Where they cannot be counted: the nearest thing, such as cycles.
    fn instructions(&self) -> u64;

    /// Moves the secret of this board's firmware to `secret`, and wipes it in its place: a second call gives zeros. It is
    /// the same at every boot, differs from board to board, and cannot be read from outside. A boot loader has derived it
    /// from the device secret, which the firmware never sees.
    ///
    /// The caller owns the buffer, and wipes it.
    fn take_secret(&mut self, secret: &mut [u8; 32]);

    /// Where the secret is kept.
    fn secret_place(&self) -> SecretPlace {
        SecretPlace::Fuses
    }

    /// What the camera gives. A board that cannot tell says pictures.
    fn camera_state(&self) -> CameraState {
        CameraState::Pictures
    }

    /// The time in milliseconds since 1970, if the board has a clock of its own and knows that it is right. `None`: hosts alone set the
    /// door's clock.
    fn unix_ms(&self) -> Option<u64> {
        None
    }

    /// Fills `bytes` with random numbers that cannot be predicted, not even after a reset.
    fn fill_random(&mut self, bytes: &mut [u8]);

    /// Shows what waits for the pairing button; `None` clears the display.
    fn show(&mut self, shown: Option<Shown>);

    /// Tells whoever looks after the board what it found at its start. A board with a log port alone has told it there.
    fn tell(&mut self, fault: StartFault) {
        let _ = fault;
    }

    /// Resets the board. Returns only in a test.
    fn restart(&mut self);
}
