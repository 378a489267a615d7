//! The door application: access control over the traits of `board-api`.
//!
//! A board crate hands over its peripherals and runs two futures that share one [`Link`]:
//!
//! ```text
//!                      interrupt priority                 thread priority
//!            ┌────────────── run_io ─────────────┐   ┌───── run_worker ─────┐
//!  serial ──►│ request frames in, replies out    │◄─►│ requests             │◄── flash
//!  button, ─►│ lock: opens, and closes in time   │◄──│ frames: who is it?   │◄── camera
//!  keypad    │ tamper, PIN entry                 │──►│ may they pass?       │
//!  watchdog ◄│ fed while the worker is alive     │   │ gallery, models, log │
//!            └──────── lock, LEDs, buses ────────┘   └──────────────────────┘
//! ```
//! A network runs for a second or more without a pause. Nothing with a deadline depends on it: io takes bytes and closes
//! the lock at interrupt priority, whatever the worker does. The worker blocks on its flash, as it has nothing else to do
//! meanwhile. Futures through all that is stored would cost nine kilobytes of code.
//!
//! | module | subject |
//! |---|---|
//! | `io` | pins and serial lines; never blocks |
//! | `link` | what io and worker share |
//! | `worker` | the parts from boot on; does what is decided |
//! | `pipeline` | from a frame to an observation: detect, assess, liveness, match |
//! | `decide` | from observations and PINs to decisions: agreement, policy |
//! | `session` | the host: framing, sessions, roles, pairing, requests |
//! | `update` | signed images of models and firmware |
//! | `store` | people, settings, rules |
//! | `journal` | the audit log and the clock |
//!
//! A frame goes this way:
//!
//! ```text
//! Capture ─► pipeline::step ─► Observation ─► decide::on ─► Decision ─► worker::enact ─► Command ─► io
//!                                  └─► session::events: the message for hosts
//! ```
//!
//! # Invariants
//! - The door is locked after boot, when its time is over, and on every fault. A fail-safe lock holds while it has
//!   current: it is open until the settings are read, and when a fault handler switches the relay off.
//! - The lock opens for a face only after several frames in a row agree, by a threshold that follows from the
//!   false-accept rate of the settings.
//! - A host that is not paired may ask for the status and no more. A pairing takes a press of the pairing button, and then two
//!   seconds of holding it.
//! - Records in flash are sealed. Models are accepted only from the signer that the installer named.
//! - Firmware that a boot loader started on trial confirms itself when it is healthy, and not before.
//! - An access controller on the bus receives reports in a secure channel, and cannot open the door.
//! - An entry of the audit log is written before its event is acknowledged. A log that fails stops nothing.
//! - An error is a reply or an event, never a panic. Without models, or with a damaged gallery, the board answers and
//!   stays locked.
//! - A frame, a face or a verdict becomes a message of the protocol in `session`, and nowhere else.
//!
//! # A board's part
//! ```text
//! static LINK: Link = Link::new();
//! static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
//!
//! #[embassy_executor::task]
//! async fn io(io: Io<An547>) {
//!     door::run_io(io, &LINK).await
//! }
//! #[embassy_executor::task]
//! async fn worker(worker: Worker<'static, An547, Networks<'static>>) {
//!     door::run_worker(worker, &LINK).await
//! }
//! ```
//! `An547` implements `board_api::Board`. `io` is spawned on an `InterruptExecutor` of a higher priority than that of
//! `worker`. A fault handler of the board locks the door by itself and resets.
#![no_std]
#![forbid(unsafe_code)]

mod log;
mod secrets;
mod text;

mod link;

mod io;
mod worker;

mod decide;
mod journal;
mod pipeline;
mod session;
mod store;
mod update;

pub use gallery::{MAX_PEOPLE as PEOPLE_PER_VOLUME, Volume};
pub use io::{Io, run_io};
pub use link::Link;
pub use pipeline::{Aligned, EncoderInfo, Engine, Fault, NetworkInfo, NetworkKind, Networks};
pub use pipeline::{EthosU, FloatRuntime, Npu, NpuMemory};
pub use text::Text;
pub use worker::{Buffers, Memory, Worker, run_worker};
