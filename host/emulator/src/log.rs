//! Decodes a board's defmt log with the ELF file of its firmware.
//!
//! defmt keeps the texts in the ELF file and sends only their numbers and arguments. Frames are encoded in rzCOBS,
//! so that the decoder of a damaged log resynchronises at the next frame.

use std::fmt;
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

/// A line of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogLine {
    /// Seconds since the board started, in decimal digits; `None` on Linux, where the line has none, and for a damaged one.
    pub seconds: Option<String>,
    /// How serious it is, as defmt names it; `None` on Linux, for a damaged line, and for one without a level.
    pub level: Option<&'static str>,
    /// What happened; `None` for a line that a power cut or noise damaged.
    pub text: Option<String>,
    /// The file and the line of the source that says so; `None` if the firmware does not tell.
    pub source: Option<String>,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(text) = &self.text else { return f.write_str("(a damaged line)") };
        if self.seconds.is_some() || self.level.is_some() {
            let [seconds, level] = [self.seconds.as_deref(), self.level].map(Option::unwrap_or_default);
            write!(f, "{seconds:>12} {level:<5} ")?;
        }
        f.write_str(text)?;
        self.source.as_ref().map_or(Ok(()), |source| write!(f, "  ({source})"))
    }
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
        line: &mut dyn FnMut(&LogLine) -> std::io::Result<()>,
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
    line: &mut dyn FnMut(&LogLine) -> std::io::Result<()>,
) -> Result<()> {
    unfinished.extend_from_slice(bytes);
    while let Some(end) = unfinished.iter().position(|byte| *byte == b'\n') {
        let whole: Vec<u8> = unfinished.drain(..=end).collect();
        let text = Some(String::from_utf8_lossy(&whole).trim_end().to_owned());
        line(&LogLine { text, ..LogLine::default() }).map_err(Error::file("output"))?;
    }
    Ok(())
}

/// Prints the frames that have come.
fn print(
    decoder: &mut (dyn StreamDecoder + Send + Sync + '_),
    locations: Option<&Locations>,
    line: &mut dyn FnMut(&LogLine) -> std::io::Result<()>,
) -> Result<()> {
    loop {
        let frame = match decoder.decode() {
            Ok(frame) => frame,
            Err(DecodeError::UnexpectedEof) => return Ok(()),
            // A power cut or noise damaged this frame; the next one is intact.
            Err(DecodeError::Malformed) => {
                line(&LogLine::default()).map_err(Error::file("output"))?;
                continue;
            }
        };
        let place = locations.and_then(|locations| locations.get(&frame.index()));
        let told = LogLine {
            seconds: frame.display_timestamp().map(|time| time.to_string()),
            level: frame.level().map(|level| level.as_str()),
            text: Some(frame.display_message().to_string()),
            source: place.map(|place| format!("{}:{}", short(&place.file), place.line)),
        };
        line(&told).map_err(Error::file("output"))?;
    }
}

/// The last three parts of a path: crate, folder and file.
fn short(path: &std::path::Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let skipped = parts.len().saturating_sub(3);
    parts[skipped..].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_with_all_that_is_known_of_it() {
        let told = LogLine {
            seconds: Some("12.345678".to_owned()),
            level: Some("warn"),
            text: Some("no face".to_owned()),
            source: Some("door/src/io.rs:7".to_owned()),
        };
        assert_eq!(told.to_string(), "   12.345678 warn  no face  (door/src/io.rs:7)");
        let of_linux = LogLine { text: Some("the door runs".to_owned()), ..LogLine::default() };
        assert_eq!(of_linux.to_string(), "the door runs");
        assert_eq!(LogLine::default().to_string(), "(a damaged line)");
    }

    #[test]
    fn half_a_line_waits_for_its_end() {
        let (mut unfinished, mut lines) = (Vec::new(), Vec::new());
        for bytes in [&b"the do"[..], b"or runs\nno", b" light\n\n"] {
            let mut keep = |line: &LogLine| {
                lines.push(line.to_string());
                Ok(())
            };
            print_text(&mut unfinished, bytes, &mut keep).unwrap();
        }
        assert_eq!(lines, ["the door runs", "no light", ""]);
    }
}
