//! Pictures and models to a board, in chunks.
//!
//! The board asks for the next offset, and the host sends the bytes there. So a transfer
//! that was interrupted goes on where it stood, and a chunk that went twice does no harm.

use protocol::{Hash, MAX_CHUNK, ModelInfo, ModelKind, PixelFormat, Request, Response, Signature};
use sha2::{Digest, Sha256};

use crate::{Device, Error, ModelSignature, Result, Signer};

/// A picture as a camera gives it: rows from the top, two bytes a pixel, no padding.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// Order of the bytes.
    pub format: PixelFormat,
    /// The pixels.
    pub data: &'a [u8],
}

impl Device {
    /// Puts a picture into the board's memory, for requests with `Source::Staged`.
    ///
    /// # Errors
    /// As any request; refused with `FrameSize` if it is too large.
    pub fn stage(&mut self, picture: &Picture<'_>) -> Result<()> {
        let request =
            Request::BeginFrame { width: picture.width, height: picture.height, format: picture.format };
        match self.link.ask(&request)? {
            Response::Done => {}
            _ => return Err(Error::Garbled),
        }
        self.send_chunks(picture.data, 0, Chunk::Frame, &mut |_, _| {})
    }

    /// Transfers a model into the idle slot of its kind, signed by `signer`, and makes it active.
    /// Goes on with a transfer of the same image that was interrupted. `progress` hears bytes done and bytes
    /// in all.
    ///
    /// # Errors
    /// As any request; refused if the image does not fit, came damaged or cannot be loaded. The
    /// active model stays active.
    pub fn install_model(
        &mut self,
        kind: ModelKind,
        image: &[u8],
        signer: &Signer,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ModelInfo> {
        let sign = |sequence| move |length, sha256| signer.sign(kind, length, sha256, sequence);
        let now = Signer::sequence();
        match self.install(kind, image, now, sign(now), &mut |_| false, progress) {
            // Some clock was ahead. Who holds the key may go on from there, and nobody else.
            Err(Error::Refused(protocol::Error::TooOld { newest, .. })) => {
                let next = newest.saturating_add(1);
                self.install(kind, image, next, sign(next), &mut |_| false, progress)
            }
            installed => installed,
        }
    }

    /// As [`install_model`](Self::install_model), signed before on another computer.
    ///
    /// # Errors
    /// [`Error::OtherSignature`] before anything is sent; as any request; refused with `TooOld` if the board had a newer
    /// release.
    pub fn install_signed(
        &mut self,
        kind: ModelKind,
        image: &[u8],
        signature: &ModelSignature,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ModelInfo> {
        let checked = signature.apply(kind, image)?;
        self.install(kind, image, signature.release, |_, _| checked, &mut |_| false, progress)
    }

    /// Transfers an image as the release of a number, and commits it. `sign` gets its length and its SHA-256. `place` is asked once,
    /// when the board takes the transfer, to write the image into the idle slot by another way, and says whether it did.
    ///
    /// # Errors
    /// As any request.
    pub(crate) fn install(
        &mut self,
        kind: ModelKind,
        image: &[u8],
        sequence: u64,
        sign: impl FnOnce(u32, Hash) -> Signature,
        place: Place<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ModelInfo> {
        let length = u32::try_from(image.len()).map_err(|_| Error::TooLong)?;
        let sha256 = Sha256::digest(image).into();
        let signature = sign(length, sha256);
        let begin = Request::BeginModel { kind, length, sha256, sequence, signature };
        let mut from = next_offset(self.link.ask(&begin)?, image.len())?;
        if from < image.len() && place(image) {
            // The board looks into the slot again.
            from = next_offset(self.link.ask(&begin)?, image.len())?;
        }
        self.send_chunks(image, from, Chunk::Model, progress)?;
        match self.link.ask(&Request::CommitModel)? {
            Response::ModelActive(model) => Ok(model),
            _ => Err(Error::Garbled),
        }
    }

    /// Sends `data` from `from` on, and wherever the board wants to go on.
    fn send_chunks(
        &mut self,
        data: &[u8],
        from: usize,
        chunk: Chunk,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<()> {
        let mut next = from;
        let mut stalled = 0;
        progress(next as u64, data.len() as u64);
        while next < data.len() {
            let end = data.len().min(next + MAX_CHUNK);
            let wanted = match self.link.ask(&chunk.request(next as u32, &data[next..end])) {
                Err(Error::Refused(protocol::Error::Offset { next: wanted, .. })) => wanted as usize,
                reply => next_offset(reply?, data.len())?,
            };
            // A board that never gets further would be fed without end.
            stalled += usize::from(wanted <= next);
            if wanted > data.len() || stalled > 16 {
                return Err(Error::Garbled);
            }
            next = wanted;
            progress(next as u64, data.len() as u64);
        }
        Ok(())
    }
}

/// Another way to write an image into the idle slot of a board that has taken the transfer; returns whether it was written.
pub type Place<'a> = &'a mut dyn FnMut(&[u8]) -> bool;

/// What a chunk is part of.
#[derive(Clone, Copy)]
enum Chunk {
    Frame,
    Model,
}

impl Chunk {
    fn request(self, offset: u32, data: &[u8]) -> Request<'_> {
        match self {
            Chunk::Frame => Request::FrameChunk { offset, data },
            Chunk::Model => Request::ModelChunk { offset, data },
        }
    }
}

fn next_offset(reply: Response, length: usize) -> Result<usize> {
    match reply {
        Response::Progress { next } if next as usize <= length => Ok(next as usize),
        _ => Err(Error::Garbled),
    }
}
