//! The log port: code that runs on boards logs through the door's two macros (`firmware/door/src/log.rs`).
//!
//! `log!` takes no values, and `log_private!` is no code in production firmware. So production firmware can log nothing
//! of a person, as long as nobody calls defmt past them. The few drivers that do are listed here. The texts in the firmware
//! that was built show that nothing else does, in any package.

use std::path::Path;

use anyhow::{Context, ensure};
use object::read::elf::ElfFile32;
use object::{Object, ObjectSymbol};
use serde::Deserialize;

/// Files that call defmt themselves: the macros, and drivers that know no person. Each value there is a number of the
/// machine, or the place of a panic.
const CALLERS: [&str; 5] = [
    "firmware/door/src/log.rs",
    "firmware/mps/src/camera.rs",
    "firmware/mps/src/fault.rs",
    "firmware/mps/src/log.rs",
    "firmware/mps-board/src/start.rs",
];

/// defmt's macros that write to the log.
const MACROS: [&str; 10] =
    ["trace!", "debug!", "info!", "warn!", "error!", "println!", "panic!", "assert", "unwrap!", "expect!"];

/// Packages of these drivers, whose texts may have values in production firmware.
const DRIVERS: [&str; 2] = ["postern-mps", "postern-mps-board"];

/// The tags of defmt's texts that are lines of the log.
const LINES: [&str; 6] =
    ["defmt_trace", "defmt_debug", "defmt_info", "defmt_warn", "defmt_error", "defmt_println"];

/// Cargo's options for the test of the log port, in production and in development firmware.
pub const FEATURES: [&[&str]; 2] = [
    &["--package", "postern-door", "--features", "defmt", "--test", "log_port"],
    &["--package", "postern-door", "--features", "development", "--test", "log_port"],
];

/// What is wrong with one line of code in a file.
pub fn check(path: &str, code: &str) -> Option<&'static str> {
    let on_boards = ["shared/", "firmware/"].iter().any(|folder| path.starts_with(folder));
    if !on_boards || path.contains("/tests/") || CALLERS.contains(&path) {
        return None;
    }
    let called = code.split("defmt::").skip(1).any(|rest| MACROS.iter().any(|name| rest.starts_with(name)));
    let imported = code.trim_start().starts_with("use defmt");
    (called || imported)
        .then_some("log through `log!` or `log_private!` of the door: anybody can read the log port")
}

/// A text of the log, as defmt names its symbol.
#[derive(Deserialize)]
struct Text {
    package: String,
    tag: String,
    data: String,
}

/// Checks that production firmware logs no values but those of the drivers.
///
/// # Errors
/// The file is not an ELF file, has no texts, or has one with a value.
pub fn check_firmware(elf: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(elf).with_context(|| format!("cannot read {}", elf.display()))?;
    let file = ElfFile32::<object::Endianness>::parse(&*bytes)?;
    let names: Vec<&str> = file.symbols().filter_map(|symbol| symbol.name().ok()).collect();
    let told = names.iter().filter(|name| name.contains("defmt_info")).count();
    ensure!(told > 0, "{} has no texts of a log", elf.display());
    let private: Vec<&str> = names.into_iter().filter(|name| has_values(name)).collect();
    ensure!(
        private.is_empty(),
        "{} logs values, which only development firmware may (`log_private!`): {private:?}",
        elf.display()
    );
    Ok(())
}

/// Whether a symbol is a text for values, outside of the drivers.
fn has_values(symbol: &str) -> bool {
    let Ok(text) = serde_json::from_str::<Text>(symbol) else { return false };
    let line = LINES.contains(&text.tag.as_str()) && text.data.contains('{');
    line && !DRIVERS.contains(&text.package.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The firmware is checked whenever it is built; this is the rule.
    #[test]
    fn production_firmware_has_no_text_for_values_of_people() {
        let text = |package, tag, data| {
            serde_json::json!({ "package": package, "tag": tag, "data": data, "crate_name": "x" }).to_string()
        };
        for private in [
            text("postern-door", "defmt_info", "pairing: code {=u32:06}"),
            text("embassy-time", "defmt_error", "unwrap failed: `{:?}`"),
            text("postern-gallery", "defmt_println", "{=str}"),
        ] {
            assert!(has_values(&private), "{private}");
        }
        for allowed in [
            text("postern-door", "defmt_info", "the door opens"),
            text("postern-mps", "defmt_error", "fault at {=u32:#010x}"),
            text("postern-an547", "defmt_timestamp", "{=u64:us}"),
            "_ZN4door6worker10run_worker".to_owned(),
        ] {
            assert!(!has_values(&allowed), "{allowed}");
        }
    }

    #[test]
    fn a_log_past_the_macros_is_found() {
        for found in [
            "defmt::info!(\"{=str}\", name);",
            "    defmt::$level!(x); defmt::warn!(\"\");",
            "use defmt::info;",
        ] {
            assert!(check("firmware/door/src/session/events.rs", found).is_some(), "{found}");
            assert!(check("shared/gallery/src/search.rs", found).is_some(), "{found}");
            assert_eq!(check("firmware/door/src/log.rs", found), None, "{found}");
            assert_eq!(check("host/emulator/src/log.rs", found), None, "{found}");
        }
        for allowed in
            ["#[cfg_attr(feature = \"defmt\", derive(defmt::Format))]", "defmt::write!(f, \"Pin(…)\")"]
        {
            assert_eq!(check("shared/policy/src/pin.rs", allowed), None, "{allowed}");
        }
    }
}
