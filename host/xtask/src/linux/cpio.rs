//! An initial RAM file system: the `newc` form of cpio, which the kernel unpacks at its start.
//!
//! ```text
//! "070701"  thirteen numbers of eight hexadecimal digits: inode, mode, user, group, links, time, length, device (2),
//!           device of a node (2), length of the name with its zero, checksum (0)
//! name, a zero, zeros to a multiple of four; bytes, zeros to a multiple of four
//! ```
//! The last entry is called `TRAILER!!!`. Nobody's own files are in it, and no program makes it, so it takes neither root
//! nor cpio.

use std::collections::BTreeSet;

/// Kinds of a file, in its mode.
const FOLDER: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const CHARACTERS: u32 = 0o020_000;

/// An archive that grows.
#[derive(Default)]
pub struct Cpio {
    bytes: Vec<u8>,
    folders: BTreeSet<String>,
    inode: u32,
}

impl Cpio {
    /// Adds a file, and the folders above it.
    pub fn file(&mut self, path: &str, mode: u32, bytes: &[u8]) {
        self.folders_above(path);
        self.entry(path, REGULAR | mode, bytes, [0, 0]);
    }

    /// Adds a folder, and those above it.
    pub fn folder(&mut self, path: &str, mode: u32) {
        self.folders_above(path);
        if self.folders.insert(path.to_owned()) {
            self.entry(path, FOLDER | mode, &[], [0, 0]);
        }
    }

    /// Adds the node of a device that gives characters.
    pub fn characters(&mut self, path: &str, mode: u32, [major, minor]: [u32; 2]) {
        self.folders_above(path);
        self.entry(path, CHARACTERS | mode, &[], [major, minor]);
    }

    /// The whole archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[], [0, 0]);
        self.bytes
    }

    fn folders_above(&mut self, path: &str) {
        if let Some((above, _)) = path.rsplit_once('/') {
            self.folder(above, 0o755);
        }
    }

    fn entry(&mut self, path: &str, mode: u32, bytes: &[u8], [major, minor]: [u32; 2]) {
        self.inode += 1;
        let lengths = [bytes.len() as u32, path.len() as u32 + 1];
        let numbers = [self.inode, mode, 0, 0, 1, 0, lengths[0], 0, 0, major, minor, lengths[1], 0];
        self.bytes.extend(b"070701");
        self.bytes.extend(numbers.iter().flat_map(|number| format!("{number:08x}").into_bytes()));
        self.bytes.extend(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(bytes);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_folders_before_it_and_the_trailer_after_it() {
        let mut cpio = Cpio::default();
        cpio.file("a/bc", 0o755, b"hello");
        cpio.file("a/d", 0o644, b"");
        let bytes = cpio.finish();
        assert!(bytes.len().is_multiple_of(4));
        let text: String =
            bytes.iter().map(|byte| if *byte == 0 { '.' } else { char::from(*byte) }).collect();
        let entry = |numbers: &str, rest: &str| format!("070701{}{rest}", numbers.replace(' ', ""));
        let of = |inode: u32, mode: &str, length: u32, name: u32| {
            format!(
                "{inode:08x} {mode} 00000000 00000000 00000001 00000000 {length:08x} 00000000 00000000 00000000 00000000 \
                 {name:08x} 00000000"
            )
        };
        let expected = [
            entry(&of(1, "000041ed", 0, 2), "a."),
            entry(&of(2, "000081ed", 5, 5), "a/bc.hello..."),
            entry(&of(3, "000081a4", 0, 4), "a/d...."),
            entry(&of(4, "00000000", 0, 11), "TRAILER!!!...."),
        ];
        // The head has 110 bytes, so a name of two is followed by no zero but its own.
        let padded: String =
            expected.iter().map(|entry| entry.trim_end_matches('.').to_owned()).collect::<Vec<_>>().join("|");
        let found: Vec<String> = text
            .split("070701")
            .skip(1)
            .map(|entry| format!("070701{}", entry.trim_end_matches('.')))
            .collect();
        assert_eq!(found.join("|"), padded);
    }
}
