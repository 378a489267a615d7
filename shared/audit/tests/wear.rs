//! Ten years of a busy door, 500 events a day: how often each sector of the log is erased.
//!
//! Serial NOR stands 100,000 erases of a sector at least (data sheets of Winbond W25Q128JV and Micron MT25Q).

mod key;

use audit::Log;
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use key::{Key, entry};
use nor_model::{Error, Nor, SECTOR_SIZE};

const ENDURANCE: u32 = 100_000;
const ENTRIES: u32 = 10 * 365 * 500;

/// The log's partition, and the erases of its sectors.
struct Counted {
    nor: Nor<Vec<u8>>,
    erases: Vec<u32>,
}

impl ErrorType for &mut Counted {
    type Error = Error;
}

impl ReadNorFlash for &mut Counted {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        self.nor.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.nor.bytes().len()
    }
}

impl NorFlash for &mut Counted {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        for sector in from as usize / SECTOR_SIZE..to as usize / SECTOR_SIZE {
            self.erases[sector] += 1;
        }
        self.nor.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.nor.program(offset, bytes)
    }
}

#[test]
fn ten_years_of_a_busy_door_wear_no_sector_of_the_log_out() {
    let bytes = partitions::AN547.log.len as usize;
    let (nor, erases) = (Nor::new(vec![0xff; bytes]), vec![0; bytes / SECTOR_SIZE]);
    let mut flash = Counted { nor, erases };
    let mut log = Log::open(&mut flash, Key).unwrap();
    for number in 0..ENTRIES {
        log.append(&entry(number)).unwrap();
    }
    let (most, least) = (flash.erases.iter().max().unwrap(), flash.erases.iter().min().unwrap());
    println!("audit log: {ENTRIES} entries, a sector is erased {least} to {most} times");
    assert!(*most < ENDURANCE / 10 && most - least <= 1, "{least} to {most}");
}
