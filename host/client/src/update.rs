//! Firmware to a board over its line: as models come, and then a boot that the board must stand.

use std::time::{Duration, Instant};

use protocol::{ModelKind, Request, Response};

use crate::{Device, Error, Firmware, Machine, Patience, Result, Signer};

/// How long a board may take from its reset until the update is in force, or given up: it may hang in each of its
/// trials until the watchdog bites.
const UPDATE_PATIENCE: Duration = Duration::from_secs(600);

/// How often to ask.
const POLL: Duration = Duration::from_millis(500);

/// How long a board goes on after it has said that it will reset.
const FAREWELL: Duration = Duration::from_millis(1_000);

/// While a board boots, what is sent to it may be lost.
const BOOTING: Patience = Patience { repeat: Duration::from_secs(2), give_up: Duration::from_secs(10) };

impl Device {
    /// Which firmware the board runs, and what is under way.
    ///
    /// # Errors
    /// As any request; refused if no boot loader has started it.
    pub fn running_firmware(&mut self) -> Result<protocol::Firmware> {
        match self.link.ask(&Request::Firmware)? {
            Response::Firmware(firmware) => Ok(firmware),
            _ => Err(Error::Garbled),
        }
    }

    /// Transfers firmware into the idle slot, signed by `signer` as this release, without one as a newer one than the
    /// board has. It is tried at the next boot. Returns the release.
    ///
    /// # Errors
    /// [`Error::OtherFirmware`] before anything is sent; as any request. The firmware in force stays so.
    pub fn stage_firmware(
        &mut self,
        firmware: &Firmware,
        release: Option<u64>,
        signer: &Signer,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<u64> {
        firmware.check(Machine::named(self.board())?)?;
        let newest = self.running_firmware()?.newest;
        let release = release.unwrap_or_else(|| Signer::sequence().max(newest.saturating_add(1)));
        let image = firmware.image(release, Some(signer));
        self.install(ModelKind::Firmware, &image, release, signer, progress)?;
        Ok(release)
    }

    /// Resets a board that has an update staged, and waits until that is in force.
    ///
    /// # Errors
    /// [`Error::GivenUp`] if the board went back; as any request.
    pub fn try_firmware(&mut self, release: u64) -> Result<()> {
        self.reboot()?;
        std::thread::sleep(FAREWELL);
        let quick = std::mem::replace(&mut self.link.quick, BOOTING);
        let outcome = self.outcome(Instant::now() + UPDATE_PATIENCE);
        self.link.quick = quick;
        match outcome? {
            newest if newest == release => Ok(()),
            newest => Err(Error::GivenUp { release, newest }),
        }
    }

    /// Waits until nothing is under way, and returns the release in force then.
    fn outcome(&mut self, until: Instant) -> Result<u64> {
        loop {
            // A reset ends the session, and may come at any time.
            match self.link.shake_hands().and_then(|_| self.running_firmware()) {
                Ok(firmware) if firmware.pending.is_none() => return Ok(firmware.newest),
                Ok(_) | Err(Error::Silent { .. } | Error::Handshake) if Instant::now() < until => {
                    std::thread::sleep(POLL);
                }
                Ok(_) => return Err(Error::Silent { seconds: UPDATE_PATIENCE.as_secs() }),
                Err(error) => return Err(error),
            }
        }
    }
}
