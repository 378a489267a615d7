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

    /// Name, mode and bytes of each entry.
    fn entries(mut bytes: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut entries = Vec::new();
        while let Some(head) = bytes.get(..110) {
            assert_eq!(&head[..6], b"070701");
            let number = |field: usize| {
                let digits = core::str::from_utf8(&head[6 + 8 * field..14 + 8 * field]).expect("digits");
                u32::from_str_radix(digits, 16).expect("a number") as usize
            };
            let (mode, length, name) = (number(1), number(6), number(11));
            let at = (110 + name).next_multiple_of(4);
            let text = String::from_utf8(bytes[110..109 + name].to_vec()).expect("a name");
            assert_eq!(bytes[109 + name], 0);
            entries.push((text, mode as u32, bytes[at..at + length].to_vec()));
            bytes = &bytes[(at + length).next_multiple_of(4)..];
        }
        assert!(bytes.is_empty());
        entries
    }

    #[test]
    fn a_file_has_its_folders_before_it_and_the_trailer_after_it() {
        let mut cpio = Cpio::default();
        cpio.file("a/bc", 0o755, b"hello");
        cpio.file("a/d", 0o644, b"");
        let entry = |name: &str, mode, bytes: &[u8]| (name.to_owned(), mode, bytes.to_vec());
        let expected = [
            entry("a", 0o040_755, b""),
            entry("a/bc", 0o100_755, b"hello"),
            entry("a/d", 0o100_644, b""),
            entry("TRAILER!!!", 0, b""),
        ];
        assert_eq!(entries(&cpio.finish()), expected);
    }
}
