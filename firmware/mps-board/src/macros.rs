//! What must stand in a board's binary, as it depends on the board's types or is found by name.

/// Makes the firmware of a board from the module of `mps_registers` that describes it.
///
/// The numbers are those of [`Memory`](door::Memory) that the board does not have from its partitions: rows of the largest dimension for
/// templates, pages of failures, pages of rules. The last argument finds the NPU of a board that may have one.
///
/// It defines the clock, the serial lines, the arena, the worker's buffers, the vector table of interrupts, the handlers of
/// faults, and `main`.
#[macro_export]
macro_rules! board {
    ($description:ident, rows: $rows:expr, tallies: $tallies:expr, rules: $rules:expr, npu: $npu:expr) => {
        use $crate::reexport::{cortex_m_rt, defmt, embassy_time, embassy_time_driver};
        use $crate::reexport::{door, heapless, mps, mps_registers::$description as description, nn};
        use $crate::reexport::static_cell::ConstStaticCell;

        // SAFETY: UART 0 is there, and only here it is named.
        static SERIAL: $crate::Serial = unsafe { $crate::Serial::new(description::BOARD.uarts[0]) };

        // SAFETY: UART 2 is there, and only here it is named.
        static BUS: $crate::Serial = unsafe { $crate::Serial::new(description::BOARD.uarts[2]) };

        // SAFETY: FPGAIO is there.
        const FPGAIO: mps::fpgaio::Fpgaio =
            unsafe { mps::fpgaio::Fpgaio::new(description::BOARD.fpgaio) };

        embassy_time_driver::time_driver_impl!(
            static CLOCK: mps::clock::Clock<description::Counter> = mps::clock::Clock::new(
                // SAFETY: this runs on the board, and only here the counter is named.
                unsafe { description::counter() }
            )
        );

        #[unsafe(link_section = ".arena")]
        static mut ARENA: nn::Arena<{ $crate::ARENA_BYTES }> = nn::Arena::ZERO;

        /// Volumes of the gallery.
        const VOLUMES: usize = description::BOARD.layout.partitions.volumes();
        /// How many people have room in them.
        const PEOPLE: usize = VOLUMES * door::PEOPLE_PER_VOLUME;

        static MEMORY: ConstStaticCell<door::Memory<VOLUMES, PEOPLE, { $rows }, { $tallies }, { $rules }>> =
            ConstStaticCell::new(door::Memory::new());

        static FURTHER: ConstStaticCell<
            heapless::Vec<door::Volume<mps::flash::Partition>, { VOLUMES - 1 }>,
        > = ConstStaticCell::new(heapless::Vec::new());

        /// The board, in flash.
        static BOARD: $crate::reexport::mps_registers::Board = description::BOARD;

        #[cortex_m_rt::entry]
        fn main() -> ! {
            let arena = &raw mut ARENA;
            // SAFETY: this runs on the board, once, with the vector table below. Nothing else names the
            // arena, whose bytes may be any.
            unsafe {
                $crate::run(
                    &BOARD,
                    $crate::Drivers {
                        serial: &SERIAL,
                        bus: &BUS,
                        fpgaio: FPGAIO,
                        start_clock: || CLOCK.start(),
                        instructions: || CLOCK.instructions(),
                        arena: &mut (*arena).0,
                        npu: $npu,
                        memory: MEMORY.take().all(),
                        further: FURTHER.take(),
                    },
                )
            }
        }

        unsafe extern "C" fn on_timer() {
            CLOCK.on_interrupt();
        }

        unsafe extern "C" fn on_receive() {
            SERIAL.on_receive();
        }

        unsafe extern "C" fn on_transmit() {
            SERIAL.on_transmit();
        }

        unsafe extern "C" fn on_bus_receive() {
            BUS.on_receive();
        }

        unsafe extern "C" fn on_bus_transmit() {
            BUS.on_transmit();
        }

        unsafe extern "C" fn on_log() {
            mps::log::on_interrupt();
        }

        /// The lines of the board; `cortex-m-rt` puts them after the exceptions.
        #[unsafe(link_section = ".vector_table.interrupts")]
        #[unsafe(no_mangle)]
        pub static __INTERRUPTS: [$crate::reexport::mps_registers::interrupt::Vector; description::LINES] = {
            let lines = &description::BOARD.lines;
            $crate::reexport::mps_registers::interrupt::vectors(&[
                (lines.timer, on_timer),
                (lines.host[0], on_receive),
                (lines.host[1], on_transmit),
                (lines.log, on_log),
                (lines.bus[0], on_bus_receive),
                (lines.bus[1], on_bus_transmit),
                (lines.urgent_tasks, $crate::executors::on_urgent_tasks),
                (lines.background_tasks, $crate::executors::on_background_tasks),
            ])
        };

        #[cortex_m_rt::exception]
        unsafe fn NonMaskableInt() -> ! {
            mps::fault::hung(FPGAIO)
        }

        #[cortex_m_rt::exception]
        unsafe fn HardFault(frame: &cortex_m_rt::ExceptionFrame) -> ! {
            mps::fault::faulted(FPGAIO, frame.pc())
        }

        #[panic_handler]
        fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
            mps::fault::panicked(FPGAIO, info)
        }

        defmt::timestamp!("{=u64:us}", embassy_time::Instant::now().as_micros());
    };
}
