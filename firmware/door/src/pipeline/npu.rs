//! The NPU of a board: what it runs, and what happens when it fails.
//!
//! Each image has the operators of the processor, and may have a section for an NPU with the same bytes as result. So an NPU
//! that fails costs time and nothing else: the input is still in the arena, and the processor runs the network within the
//! same frame. An NPU that hangs would cost its time-out in each frame, and one with errors cannot be relied on. So after a
//! time-out, or [`MOST_FAULTS`] faults, the NPU rests until the next boot. That also bounds the entries in the log.
//!
//! That memory is safe says nothing of results. So the processor also runs the first input of each network that is loaded, and
//! an NPU that computes something else rests, too. A section that differs from the operators for rare inputs alone is not found.
//!
//! The stream of a section is copied to memory of the board and checked there ([`StreamMemory`]), since whoever can write
//! the flash could else have an NPU without memory protection write anywhere.

use audit::NpuFault;
use heapless::Deque;
use nn::Model;
use npu_section::bus::NpuBus;
use npu_section::{Fault, Network, Section, StreamMemory};

use super::engine::NetworkKind;

/// Faults after which an NPU rests.
const MOST_FAULTS: u8 = 3;

/// Faults that wait to be told: one of each network when models are loaded, and the last ones of a frame.
const UNTOLD: usize = 6;

/// An NPU of a board, which runs networks.
pub trait Npu {
    /// The section of a model that it will run: `None` if the model has none, or if the board has no NPU.
    ///
    /// # Errors
    /// A [`NpuFault`] says why the processor must do the work.
    fn section<'i>(&mut self, kind: NetworkKind, model: &Model<'i>) -> Result<Option<Section<'i>>, NpuFault>;

    /// Runs a section on the input in `arena`, and writes the outputs there, as [`Model::run`] does.
    ///
    /// # Errors
    /// A [`NpuFault`]; then `arena` is as it was, but [`NpuFault::Differs`]: then it has the outputs of the processor.
    fn run(
        &mut self,
        kind: NetworkKind,
        section: &Section<'_>,
        model: &Model<'_>,
        arena: &mut [i8],
    ) -> Result<(), NpuFault>;
}

/// Memory that an NPU reaches, each piece at a multiple of 16.
pub struct NpuMemory<'a> {
    /// For the streams of detector, encoder and liveness network. The size is the board's; no network of ours has more
    /// than 17 KiB.
    pub streams: [&'a mut [u32]; 3],
    /// For the tensors. Nothing else may use it.
    pub scratch: &'a mut [u8],
}

/// An Ethos-U on a board's bus.
pub struct EthosU<'a, B> {
    state: State<B>,
    streams: [StreamMemory<'a>; 3],
    scratch: &'a mut [u8],
    /// Which networks have had a result that was the processor's, too.
    compared: [bool; 3],
}

/// What is known of an NPU.
enum State<B> {
    /// Nobody has looked yet. The first one who does may have to wait.
    New(B),
    Ready(npu_section::Npu<B>),
    /// There is none.
    Absent,
    Unfit(NpuFault),
}

impl<'a, B: NpuBus> EthosU<'a, B> {
    /// The NPU at `bus`, if there is one: it is looked for when the first network is loaded.
    pub fn new(bus: B, memory: NpuMemory<'a>) -> Self {
        let NpuMemory { streams, scratch } = memory;
        Self {
            state: State::New(bus),
            streams: streams.map(StreamMemory::new),
            scratch,
            compared: [false; 3],
        }
    }

    /// The NPU; `None` if there is none.
    fn ready(&mut self) -> Result<Option<&mut npu_section::Npu<B>>, NpuFault> {
        if let State::New(_) = self.state
            && let State::New(bus) = core::mem::replace(&mut self.state, State::Absent)
        {
            self.state = match npu_section::Npu::new(bus) {
                Ok(npu) => State::Ready(npu),
                // Where there is nothing, all bits read as 0.
                Err(Fault::Absent(0, _)) => State::Absent,
                Err(fault) => State::Unfit(reason(fault)),
            };
        }
        match &mut self.state {
            State::Ready(npu) => Ok(Some(npu)),
            State::Unfit(fault) => Err(*fault),
            State::New(_) | State::Absent => Ok(None),
        }
    }
}

impl<B: NpuBus> Npu for EthosU<'_, B> {
    fn section<'i>(&mut self, kind: NetworkKind, model: &Model<'i>) -> Result<Option<Section<'i>>, NpuFault> {
        self.streams[kind as usize].clear();
        self.compared[kind as usize] = false;
        let Some(bytes) = model.npu() else { return Ok(None) };
        let Some(npu) = self.ready()? else { return Ok(None) };
        let section = Section::read(bytes, network(model)).map_err(|_| NpuFault::Section)?;
        npu.suits(&section).map_err(reason)?;
        let fits = section.header().scratch as usize <= self.scratch.len();
        if !fits || self.streams[kind as usize].fits(&section).is_err() {
            return Err(NpuFault::NoRoom);
        }
        Ok(Some(section))
    }

    fn run(
        &mut self,
        kind: NetworkKind,
        section: &Section<'_>,
        model: &Model<'_>,
        arena: &mut [i8],
    ) -> Result<(), NpuFault> {
        let State::Ready(npu) = &mut self.state else { return Err(NpuFault::NotReady) };
        let section = self.streams[kind as usize].hold(section).map_err(|_| NpuFault::Section)?;
        let input = section.header().input;
        let place = input.offset as usize..input.offset as usize + input.bytes as usize;
        let there = self.scratch.get_mut(place).ok_or(NpuFault::NoRoom)?;
        for (to, from) in there.iter_mut().zip(model.input_mut(arena)) {
            *to = *from as u8;
        }
        npu.run(&section, self.scratch).map_err(reason)?;
        let is_compared = core::mem::replace(&mut self.compared[kind as usize], true);
        if !is_compared {
            // The input is still in the arena, and the NPU's outputs are in the scratch.
            model.run(arena).map_err(|_| NpuFault::NotReady)?;
        }
        let mut is_same = true;
        for (index, place) in section.outputs().iter().enumerate() {
            let from = self.scratch.get(place.offset as usize..).unwrap_or_default();
            // Both have the same length, as the section was compared with the network.
            for (to, from) in model.output_mut(arena, index).iter_mut().zip(from) {
                if is_compared {
                    *to = *from as i8;
                }
                is_same &= *to == *from as i8;
            }
        }
        if is_same { Ok(()) } else { Err(NpuFault::Differs) }
    }
}

/// The network of an image, as its section is compared with it.
fn network<'i>(model: &Model<'i>) -> Network<'i, impl Iterator<Item = usize> + use<'i>> {
    Network { identity: model.identity(), input: model.input().len(), outputs: model.output_bytes() }
}

/// The driver's fault as the log has it.
fn reason(fault: Fault) -> NpuFault {
    match fault {
        Fault::Absent(..) | Fault::Config(..) | Fault::Architecture(..) => NpuFault::OtherNpu,
        Fault::Scratch { .. } => NpuFault::NoRoom,
        Fault::Unreachable | Fault::Busy(_) => NpuFault::NotReady,
        Fault::TimeOut(_) => NpuFault::TimeOut,
        Fault::Stopped(_) => NpuFault::Stopped,
        Fault::Stuck(_) => NpuFault::Stuck,
    }
}

/// An NPU that is given up if it fails.
pub(super) struct Helper<'a> {
    npu: &'a mut (dyn Npu + Send),
    faults: u8,
    untold: Deque<(NetworkKind, NpuFault), UNTOLD>,
}

impl<'a> Helper<'a> {
    pub(super) fn new(npu: &'a mut (dyn Npu + Send)) -> Self {
        Self { npu, faults: 0, untold: Deque::new() }
    }

    /// Whether it is used.
    pub(super) fn serves(&self) -> bool {
        self.faults < MOST_FAULTS
    }

    /// The section of a model that it will run.
    pub(super) fn section<'i>(&mut self, kind: NetworkKind, model: &Model<'i>) -> Option<Section<'i>> {
        let found = if self.serves() { self.npu.section(kind, model) } else { Ok(None) };
        found.unwrap_or_else(|fault| {
            self.tell(kind, fault);
            None
        })
    }

    /// Runs a network. `false` if the processor has to.
    pub(super) fn run(
        &mut self,
        kind: NetworkKind,
        section: &Section<'_>,
        model: &Model<'_>,
        arena: &mut [i8],
    ) -> bool {
        if !self.serves() {
            return false;
        }
        let ran = self.npu.run(kind, section, model, arena);
        self.note(kind, ran)
    }

    /// Notes how a run ended. `false` if the processor still has to do it.
    fn note(&mut self, kind: NetworkKind, ran: Result<(), NpuFault>) -> bool {
        let Err(fault) = ran else { return true };
        self.faults = match fault {
            NpuFault::TimeOut | NpuFault::Stuck | NpuFault::Differs => MOST_FAULTS,
            _ => self.faults + 1,
        };
        self.tell(kind, fault);
        fault == NpuFault::Differs
    }

    /// The next fault that nobody was told of.
    pub(super) fn take_fault(&mut self) -> Option<(NetworkKind, NpuFault)> {
        self.untold.pop_front()
    }

    fn tell(&mut self, kind: NetworkKind, fault: NpuFault) {
        // More than there is room for come from images that are sent one after the other, and say nothing new.
        let _ = self.untold.push_back((kind, fault));
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// An NPU that is not asked: what it answers is noted by the tests.
    struct Silent;

    impl Npu for Silent {
        fn section<'i>(&mut self, _: NetworkKind, _: &Model<'i>) -> Result<Option<Section<'i>>, NpuFault> {
            Ok(None)
        }

        fn run(
            &mut self,
            _: NetworkKind,
            _: &Section<'_>,
            _: &Model<'_>,
            _: &mut [i8],
        ) -> Result<(), NpuFault> {
            Ok(())
        }
    }

    /// Whether the NPU still serves after these runs, and what is told.
    fn after(runs: &[Result<(), NpuFault>]) -> (bool, Vec<NpuFault>) {
        let mut silent = Silent;
        let mut helper = Helper::new(&mut silent);
        for run in runs {
            if helper.serves() {
                let is_done = run.is_ok() || *run == Err(NpuFault::Differs);
                assert_eq!(helper.note(NetworkKind::Encoder, *run), is_done);
            }
        }
        let told = std::iter::from_fn(|| helper.take_fault()).map(|(_, fault)| fault).collect();
        (helper.serves(), told)
    }

    #[test]
    fn an_npu_rests_after_three_faults_a_time_out_or_another_result_and_each_is_told_once() {
        let stopped = Err(NpuFault::Stopped);
        assert_eq!(after(&[Ok(()); 100]), (true, Vec::new()));
        assert_eq!(after(&[stopped, Ok(()), stopped, Ok(())]), (true, [NpuFault::Stopped; 2].into()));
        let many: Vec<_> = [Ok(()), stopped].repeat(50);
        assert_eq!(after(&many), (false, [NpuFault::Stopped; 3].into()), "no flood of entries");
        for fault in [NpuFault::TimeOut, NpuFault::Stuck, NpuFault::Differs] {
            assert_eq!(after(&[Err(fault); 5]), (false, [fault].into()));
        }
    }
}
