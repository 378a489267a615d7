//! Updates a board's firmware over its line: transfer as for a model, then a trial boot.

use std::time::{Duration, Instant};

use protocol::{ModelKind, Request, Response};
use sha2::{Digest, Sha256};

use crate::transfer::Place;
use crate::{Device, Error, Fallback, Firmware, FirmwareSignature, Machine, Patience, Result, Signer};

/// How long a board may take from its reset until it has accepted the update or rolled back. The update may hang in
/// each trial until the watchdog resets the board.
const UPDATE_PATIENCE: Duration = Duration::from_secs(600);

/// How often the host asks.
const POLL: Duration = Duration::from_millis(500);

/// How long a board still answers after it has announced its reset.
const FAREWELL: Duration = Duration::from_millis(1_000);

/// While a board boots, it may lose requests.
const BOOTING: Patience = Patience { repeat: Duration::from_secs(2), give_up: Duration::from_secs(10) };

impl Device {
    /// The firmware that the board runs, and a pending update. The running release is 0 if the board speaks a version of the protocol
    /// that does not tell it.
    ///
    /// # Errors
    /// As any request; refused if the board was started without its boot loader.
    pub fn running_firmware(&mut self) -> Result<protocol::Firmware> {
        match self.link.ask(&Request::Firmware)? {
            Response::Firmware(firmware) => Ok(firmware),
            _ => Err(Error::Garbled),
        }
    }

    /// Signs firmware by `signer`, under this release number or, without one, a higher number than the board has.
    ///
    /// # Errors
    /// [`Error::OtherFirmware`] before anything is sent; as any request.
    pub fn sign_firmware(
        &mut self,
        firmware: &Firmware,
        release: Option<u64>,
        fallback: Fallback,
        signer: &Signer,
    ) -> Result<FirmwareSignature> {
        firmware.check(Machine::named(self.board())?)?;
        let newest = self.running_firmware()?.newest;
        let release = release.unwrap_or_else(|| Signer::sequence().max(newest.saturating_add(1)));
        Ok(FirmwareSignature::new(firmware, release, fallback, signer))
    }

    /// Transfers firmware into the idle slot, by its signature. The board tries it at the next boot. Where `place` can write that
    /// slot by another way, nothing of it goes over the line. Returns the release number.
    ///
    /// # Errors
    /// [`Error::OtherFirmware`], [`Error::OtherSignature`] before anything is sent; as any request. The active firmware stays active.
    pub fn stage_firmware(
        &mut self,
        firmware: &Firmware,
        signature: &FirmwareSignature,
        place: Place<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<u64> {
        firmware.check(Machine::named(self.board())?)?;
        let (image, transfer) = signature.apply(firmware)?;
        self.install(ModelKind::Firmware, &image, signature.release, |_, _| transfer, place, progress)?;
        Ok(signature.release)
    }

    /// As [`stage_firmware`](Self::stage_firmware), for the image that the signature was made for.
    ///
    /// # Errors
    /// [`Error::OtherSignature`] before anything is sent; as any request.
    pub fn stage_image(
        &mut self,
        image: &[u8],
        signature: &FirmwareSignature,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<()> {
        let length = u32::try_from(image.len()).map_err(|_| Error::TooLong)?;
        let transfer = signature.check(length, Sha256::digest(image).into())?;
        if Machine::named(self.board())? != signature.machine {
            return Err(Error::OtherSignature);
        }
        self.install(
            ModelKind::Firmware,
            image,
            signature.release,
            |_, _| transfer,
            &mut |_| false,
            progress,
        )?;
        Ok(())
    }

    /// Resets a board that has a staged update, and waits until the update is active.
    ///
    /// # Errors
    /// [`Error::RolledBack`] if the board rolled back; as any request.
    pub fn try_firmware(&mut self, release: u64) -> Result<()> {
        self.reboot()?;
        std::thread::sleep(FAREWELL);
        let quick = std::mem::replace(&mut self.link.quick, BOOTING);
        let outcome = self.outcome(Instant::now() + UPDATE_PATIENCE);
        self.link.quick = quick;
        match outcome? {
            running if running == release => Ok(()),
            running => Err(Error::RolledBack { release, running }),
        }
    }

    /// Waits until no update is pending, and returns the release that runs then.
    fn outcome(&mut self, until: Instant) -> Result<u64> {
        loop {
            // A reset ends the session, and may come at any time. There are two: firmware that confirms itself restarts. It may speak
            // another version of the protocol than the one before it.
            let asked = self.link.hello().and_then(|_| self.link.shake_hands());
            match asked.and_then(|_| self.running_firmware()) {
                Ok(firmware) if firmware.pending.is_none() => return Ok(firmware.running),
                Ok(_)
                | Err(
                    Error::Silent { .. }
                    | Error::Handshake
                    | Error::Refused(protocol::Error::NoSession | protocol::Error::Busy),
                ) if Instant::now() < until => std::thread::sleep(POLL),
                Ok(_) => return Err(Error::Silent { seconds: UPDATE_PATIENCE.as_secs() }),
                Err(error) => return Err(error),
            }
        }
    }
}
