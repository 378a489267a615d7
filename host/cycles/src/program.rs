//! The code of a firmware, from its ELF file.

use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};

use crate::Error;
use crate::decode::Decoder;
use crate::instruction::Instruction;

/// Code, and where its functions lie.
#[derive(Clone, Debug)]
pub struct Program {
    /// Address and bytes of each section with code.
    sections: Vec<(u32, Vec<u8>)>,
    /// Address and name of each function, by address.
    functions: Vec<(u32, String)>,
}

impl Program {
    /// The program of an ELF file.
    ///
    /// # Errors
    /// [`Error::Elf`].
    pub fn read(elf: &[u8]) -> Result<Self, Error> {
        let failed = |error: object::Error| Error::Elf(error.to_string());
        let file = ElfFile32::<object::Endianness>::parse(elf).map_err(failed)?;
        let mut sections = Vec::new();
        for section in file.sections().filter(|section| section.kind() == SectionKind::Text) {
            sections.push((section.address() as u32, section.data().map_err(failed)?.to_vec()));
        }
        let named = |symbol: object::read::elf::ElfSymbol32<'_, '_>| {
            let name = symbol.name().ok()?.to_owned();
            // Bit 0 says that the function is Thumb code.
            (symbol.kind() == object::SymbolKind::Text).then_some((symbol.address() as u32 & !1, name))
        };
        let mut functions: Vec<(u32, String)> = file.symbols().filter_map(named).collect();
        functions.sort();
        Ok(Self { sections, functions })
    }

    /// A program of nothing but `code`, which lies at `address`.
    pub fn of_code(address: u32, code: &[u8]) -> Self {
        Self { sections: vec![(address, code.to_vec())], functions: Vec::new() }
    }

    /// The address of a function.
    ///
    /// # Errors
    /// [`Error::Symbol`].
    pub fn function(&self, name: &str) -> Result<u32, Error> {
        let found = self.functions.iter().find(|(_, function)| function == name);
        found.map(|&(address, _)| address).ok_or_else(|| Error::Symbol(name.to_owned()))
    }

    /// The name of the function that an address is in.
    pub fn name_of(&self, address: u32) -> Option<&str> {
        let after = self.functions.partition_point(|&(start, _)| start <= address);
        self.functions.get(after.checked_sub(1)?).map(|(_, name)| name.as_str())
    }

    /// The instructions from `start` up to and with the one at `last`.
    ///
    /// # Errors
    /// [`Error::Block`] if there is no code.
    pub fn block(&self, start: u32, last: u32) -> Result<Vec<Instruction>, Error> {
        let mut decoder = Decoder::default();
        let mut block = Vec::new();
        let mut at = start;
        while at <= last {
            let bytes = self.bytes(at).ok_or(Error::Block(start))?;
            let instruction = decoder.next(at, bytes).ok_or(Error::Block(start))?;
            at = instruction.end();
            block.push(instruction);
        }
        Ok(block)
    }

    /// Whether the instruction at `address` has 32 bits.
    pub fn is_wide(&self, address: u32) -> bool {
        self.bytes(address).and_then(|bytes| bytes.get(1)).is_some_and(|&high| high >= 0xe8)
    }

    fn bytes(&self, address: u32) -> Option<&[u8]> {
        self.sections.iter().find_map(|(start, bytes)| bytes.get(address.checked_sub(*start)? as usize..))
    }
}
