//! Sources of the host that write files by other means than `host/output-file`.
//!
//! A file that is written in place is half of one after a kill or on a full disc, and may be an input of the command. Tests
//! and examples may write as they like.

/// What writes or begins a file.
const CALLS: &[&str] = &[
    concat!("fs::", "write("),
    concat!("fs::", "copy("),
    concat!("File::", "create("),
    concat!("Open", "Options::new()"),
    concat!(".save_", "with_format("),
    concat!("save_", "buffer"),
];

/// Sources that may, and why.
const EXEMPT: &[(&str, &str)] = &[
    ("host/output-file/src/lib.rs", "the helper itself"),
    ("host/client/src/credentials.rs", "keys, which nobody else may read at any instant"),
    (
        "host/emulator/src/board/",
        "a board's own folder: locks, logs of processes, and the record of its machine",
    ),
    ("host/emulator/src/built.rs", "firmware is copied beside its place and renamed"),
    ("host/emulator/src/memory.rs", "the memory that a board and the host share"),
    ("host/models/src/fetch.rs", "a folder for one run of pip"),
    ("host/npu/src/vela.rs", "a folder for one run of Vela"),
    ("host/train/src/data/cache.rs", "records that are appended"),
    ("host/train/src/run/log.rs", "a log that is appended to"),
    ("host/postern/src/commands/json_schema/page.rs", "a page of the source tree, when it is blessed"),
    ("host/xtask/", "files of the source tree"),
];

/// The places in a file of the host's sources that write another file: line numbers and what to do.
pub fn check(path: &str, text: &str) -> Vec<(usize, String)> {
    let is_source = path.starts_with("host/") && path.contains("/src/") && path.ends_with(".rs");
    if !is_source || EXEMPT.iter().any(|(exempt, _)| path.starts_with(exempt)) {
        return Vec::new();
    }
    let lines = (1..).zip(text.lines()).take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
    let calls = lines.filter(|(_, line)| CALLS.iter().any(|call| line.contains(call)));
    calls
        .map(|(line, _)| (line, "a file is written in place: use `output_file` (host/output-file)".into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_writes_in_place_is_found_and_a_test_is_not() {
        let text = format!("use std::fs;\n{}path, bytes)?;\n#[cfg(test)]\n{}path)", CALLS[0], CALLS[2]);
        let found = check("host/postern/src/commands/new.rs", &text);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2]);
        assert!(check("host/postern/tests/cli/new.rs", &text).is_empty());
        assert!(check("host/xtask/src/new.rs", &text).is_empty());
    }
}
