//! Drivers of the Arm MPS boards, as far as the emulator models them.
//!
//! The MPS2 and MPS3 are FPGA boards with the same CMSDK and FPGAIO peripherals at different addresses. The
//! addresses and what the registers do are in the crate `mps-registers`, tested on the host; here are the
//! drivers that need interrupts, tasks and the log. A door has parts that an MPS board does not have: a camera,
//! a button, NOR flash that keeps its content. They are in the memory that the emulator shares with its host,
//! see the crate `host-window`. The emulator has neither a source of random numbers nor a secret: its host
//! gives both, as two files.
//!
//! The drivers implement the door's traits (camera, watchdog, model slots) and those of embedded-hal.
//!
//! # Running a board
//! ```text
//! qemu-system-arm -machine MACHINE,memory-backend=shared
//!   -object memory-backend-file,id=shared,size=BYTES,mem-path=FILE,share=on
//!   -display none -monitor none
//!   -chardev socket,id=serial,path=SOCKET,server=on,wait=off -serial chardev:serial
//!   -chardev file,id=log,path=LOG -serial chardev:log
//!   -device loader,file=UNIQUE,addr=FUSES,force-raw=on
//!   -device loader,file=ENTROPY,addr=FUSES+0x20,force-raw=on
//!   [-drive if=none,id=counter,format=raw,file=COUNTER -device at24c-eeprom,address=0x50,rom-size=512,drive=counter]
//!   -kernel ELF [-icount shift=0]
//! ```
//! COUNTER is a file of 512 bytes, at first zeros; without it the board has no monotonic counter.
//! ELF is the boot loader, which starts what a programmer or an update has put into flash (`postern board up` is such a
//! programmer); or the firmware itself, which then runs unchecked and takes no updates.
//! MACHINE is `mps3-an547` (BYTES 2147483648) or `mps2-an500` (BYTES 16777216, its PSRAM). The
//! first serial line is the protocol's, the second has defmt's frames. FILE may be new and empty of
//! BYTES; it keeps everything that the board has written when the emulator is killed.
//!
//! # What QEMU 7.2 does, and does not
//! - A byte to the board takes a turn of the emulator's main loop: 20 to 30 KB/s on two busy
//!   cores, with or without `-icount`; from the board 150 KB/s. When the board is slow the socket
//!   is held back; no byte is lost.
//! - What a board sends while nobody is connected is lost.
//! - `wfe` does not sleep, so an idle thread-mode executor would take a whole core of the host;
//!   `wfi` does.
//! - The watchdogs work: NMI first, then a reset. With `-icount` a hang of eight seconds is eight
//!   thousand million instructions, which take longer than that.
//! - A reset keeps the memory, so the cause of the reset survives in it.
//! - The LEDs can be read by the monitor (`x /1wx 0x59302000`, on AN500 0x40028000), the buttons
//!   are always up.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod log;
pub mod uart;

pub mod clock;

pub mod fault;
pub mod fpgaio;
pub mod interrupt;
pub mod keypad;
pub mod reset;
pub mod watchdog;

pub mod camera;
pub mod counter;
pub mod flash;
pub mod fuses;
pub mod npu;
pub mod window;
mod wires;
