//! Decodes a board's defmt log with the ELF file of its firmware.
//!
//! defmt keeps the texts in the ELF file and sends only their numbers and arguments. Frames are encoded in rzCOBS,
//! so that the decoder of a damaged log resynchronises at the next frame.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

use defmt_decoder::{DecodeError, Locations, StreamDecoder, Table};

use crate::{Error, Folder, Result};

/// A board's log.
pub struct Log {
    path: PathBuf,
    format: Format,
}

/// How the lines of a log are written.
enum Format {
    /// As text, by a door on Linux.
    Text,
    /// By defmt, with the table that decodes them.
    Defmt { table: Box<Table>, locations: Option<Locations> },
}

impl Log {
    /// The log of the board in `folder`.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Log`] if the firmware has no defmt data of a known version.
    pub fn open(folder: &Folder) -> Result<Self> {
        if folder.recorded_machine()?.is_some_and(|machine| !machine.is_emulated()) {
            return Ok(Self { path: folder.emulator_log(), format: Format::Text });
        }
        let elf = folder.firmware();
        let bytes = fs::read(&elf).map_err(Error::file(&elf))?;
        let failed = |reason: String| Error::Log { reason };
        let table = Table::parse(&bytes)
            .map_err(|error| failed(format!("{error:#}")))?
            .ok_or_else(|| failed("the firmware has no defmt data".to_owned()))?;
        let locations = table.get_locations(&bytes).ok().filter(|found| !found.is_empty());
        let table = Box::new(table);
        Ok(Self { path: folder.log(), format: Format::Defmt { table, locations } })
    }

    /// Calls `line` with each line since the last boot. At the end of the log it calls `go_on`, which may wait, and
    /// continues with new lines as long as that returns true.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn read(
        &self,
        line: &mut dyn FnMut(&str) -> std::io::Result<()>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<()> {
        let mut file = File::open(&self.path).map_err(Error::file(&self.path))?;
        let mut decoder = match &self.format {
            Format::Text => Decoder::Text(Vec::new()),
            Format::Defmt { table, locations } => {
                Decoder::Defmt(table.new_stream_decoder(), locations.as_ref())
            }
        };
        let mut buffer = [0; 4096];
        loop {
            let taken = file.read(&mut buffer).map_err(Error::file(&self.path))?;
            match &mut decoder {
                Decoder::Text(unfinished) => print_text(unfinished, &buffer[..taken], line)?,
                Decoder::Defmt(decoder, locations) => {
                    decoder.received(&buffer[..taken]);
                    print(decoder.as_mut(), *locations, line)?;
                }
            }
            if taken == 0 && !go_on() {
                return Ok(());
            }
        }
    }
}

/// What has been read of a log and is not printed yet.
enum Decoder<'l> {
    /// The begin of a line.
    Text(Vec<u8>),
    /// The begin of a frame.
    Defmt(Box<dyn StreamDecoder + Send + Sync + 'l>, Option<&'l Locations>),
}

/// Prints the whole lines of `unfinished` and `bytes`, and keeps the rest.
fn print_text(
    unfinished: &mut Vec<u8>,
    bytes: &[u8],
    line: &mut dyn FnMut(&str) -> std::io::Result<()>,
) -> Result<()> {
    unfinished.extend_from_slice(bytes);
    while let Some(end) = unfinished.iter().position(|byte| *byte == b'\n') {
        let whole: Vec<u8> = unfinished.drain(..=end).collect();
        line(String::from_utf8_lossy(&whole).trim_end()).map_err(Error::file("output"))?;
    }
    Ok(())
}

/// Prints the frames that have come.
fn print(
    decoder: &mut (dyn StreamDecoder + Send + Sync + '_),
    locations: Option<&Locations>,
    line: &mut dyn FnMut(&str) -> std::io::Result<()>,
) -> Result<()> {
    loop {
        let frame = match decoder.decode() {
            Ok(frame) => frame,
            Err(DecodeError::UnexpectedEof) => return Ok(()),
            // A power cut or noise damaged this frame; the next one is intact.
            Err(DecodeError::Malformed) => {
                line("(a damaged line)").map_err(Error::file("output"))?;
                continue;
            }
        };
        let level = frame.level().map_or("", |level| level.as_str());
        let place = locations
            .and_then(|locations| locations.get(&frame.index()))
            .map(|place| format!("  ({}:{})", short(&place.file), place.line))
            .unwrap_or_default();
        let time = frame.display_timestamp().map(|time| time.to_string()).unwrap_or_default();
        let text = format!("{time:>12} {level:<5} {}{place}", frame.display_message());
        line(&text).map_err(Error::file("output"))?;
    }
}

/// The last three parts of a path: crate, folder and file.
fn short(path: &std::path::Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let skipped = parts.len().saturating_sub(3);
    parts[skipped..].join("/")
}
