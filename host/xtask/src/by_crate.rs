//! `cargo xtask size --by-crate`: the code of a firmware by the crate that its functions are of.
//!
//! A function belongs to the crate that its name begins with: a generic one to the crate that wrote it, and a method of a
//! trait to the crate of the type. What is inlined counts where it is called. Functions that are the same are one, under one of
//! their names.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSymbol};

/// Functions whose names are no path: assembly, and what the compiler calls.
const NO_CRATE: &str = "assembly, and functions of C names";
/// What the linker's code generation took out of several functions.
const OUTLINED: &str = "pieces that several functions share";

/// Prints the crates, the largest first.
pub fn print(name: &str, elf: &[u8]) -> anyhow::Result<()> {
    let (crates, rest) = sums(elf)?;
    println!("\n{name} firmware, .text");
    println!("  {:<36} {:>9} {:>12}", "crate", "functions", "bytes");
    let mut sorted: Vec<_> = crates.into_iter().collect();
    sorted.sort_by_key(|(_, (_, bytes))| std::cmp::Reverse(*bytes));
    for (name, (functions, bytes)) in &sorted {
        println!("  {name:<36} {functions:>9} {bytes:>12}");
    }
    println!("  {:<36} {:>9} {rest:>12}", "between functions", "");
    Ok(())
}

/// Functions and bytes of each crate, and the bytes of `.text` that are of no function.
type Sums = (BTreeMap<String, (usize, u64)>, u64);

fn sums(elf: &[u8]) -> anyhow::Result<Sums> {
    let file = ElfFile32::<object::Endianness>::parse(elf)?;
    let text = file.section_by_name(".text").context("the firmware has no .text")?;
    let (mut crates, mut seen, mut all) = (BTreeMap::<String, (usize, u64)>::new(), BTreeSet::new(), 0);
    for symbol in file.symbols() {
        let here = symbol.section_index() == Some(text.index()) && symbol.size() > 0;
        // Bit 0 of the address of a function says that it is Thumb.
        if here && seen.insert(symbol.address() & !1) {
            let sum = crates.entry(of(symbol.name()?)).or_default();
            *sum = (sum.0 + 1, sum.1 + symbol.size());
            all += symbol.size();
        }
    }
    Ok((crates, text.size().saturating_sub(all)))
}

/// The crate of a symbol, by the compiler's old mangling or the new one, in which `core` is compiled.
fn of(symbol: &str) -> String {
    if symbol.starts_with("OUTLINED_FUNCTION") {
        return OUTLINED.to_owned();
    }
    let found = match (symbol.strip_prefix("_ZN"), symbol.strip_prefix("_R")) {
        (Some(path), _) => old(path),
        (_, Some(path)) => new(path),
        _ => None,
    };
    found.unwrap_or_else(|| NO_CRATE.to_owned())
}

/// `4door7journal3new17h0123456789abcdefE`, or of an `impl` `35_$LT$door..Door$u20$as$u20$core..Drop$GT$`.
fn old(path: &str) -> Option<String> {
    let first = prefixed(path)?;
    if first.contains("$LT$") || first.contains("..") {
        // Of the parts between escapes, the first that is a path.
        let at = first.find("..")?;
        let begin = first[..at].rfind('$').map_or(0, |dollar| dollar + 1);
        return Some(first[begin..at].trim_start_matches('_').to_owned());
    }
    Some(first.to_owned())
}

/// `NvNtCsjExpU34NpHf_17compiler_builtins3mem6memcpy`: `Cs`, a hash, `_`, the length and the name.
fn new(path: &str) -> Option<String> {
    let hash = &path[path.find("Cs")? + 2..];
    prefixed(&hash[hash.find('_')? + 1..]).map(str::to_owned)
}

/// A name behind its length.
fn prefixed(path: &str) -> Option<&str> {
    let digits = path.find(|letter: char| !letter.is_ascii_digit())?;
    let length: usize = path[..digits].parse().ok()?;
    path.get(digits..digits + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_belongs_to_the_crate_that_its_name_begins_with() {
        let cases = [
            ("_ZN4door7journal16Journal$LT$F$GT$6append17hb5d60f2797505defE", "door"),
            (
                "_ZN76_$LT$door..pipeline..npu..EthosU$LT$B$GT$$u20$as$u20$door..pipeline..Npu$GT$3run17h0E",
                "door",
            ),
            ("_ZN59_$LT$$u5b$Z$u3b$$u20$N$u5d$$u20$as$u20$zeroize..Zeroize$GT$7zeroize17h0E", "zeroize"),
            ("_RNvNtCsjExpU34NpHf_17compiler_builtins3mem6memcpy", "compiler_builtins"),
            ("_RNvMsa_NtCs9NFmPrRkAdj_4core3fmtNtB5_9Formatter3pad", "core"),
            ("OUTLINED_FUNCTION_85", OUTLINED),
            ("mve_products", NO_CRATE),
        ];
        for (symbol, name) in cases {
            assert_eq!(of(symbol), name, "{symbol}");
        }
    }
}
