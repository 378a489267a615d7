//! The networks of a board with a stopwatch: each step is computed here, and takes the time that it takes there.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use door::{Aligned, EncoderInfo, Engine, Fault, NetworkInfo, NetworkKind, Networks};
use embassy_time::{Duration, Instant};
use template::Template;
use vision::{Face, Faces, Frame, InputSize, Near, Quality, Thumbnail};

use crate::Costs;
use crate::timeline::{Done, Kind};

/// Lets time go on by what a step takes, and keeps what was done when.
#[derive(Debug)]
pub struct Stopwatch {
    costs: Costs,
    done: RefCell<Vec<Done>>,
    looks: Cell<u32>,
    /// Whether the worker is between the two times at which it reads the count of instructions, before and after a look.
    looking: Cell<bool>,
}

impl Stopwatch {
    /// Nothing is done yet.
    pub fn new(costs: Costs) -> Self {
        Self { costs, done: RefCell::default(), looks: Cell::new(0), looking: Cell::new(false) }
    }

    /// What was done, in order.
    pub fn done(&self) -> Vec<Done> {
        self.done.borrow().clone()
    }

    /// The worker reads the count of instructions: a look begins, or it ends and is decided about.
    pub(crate) fn counts_read(&self) {
        self.looking.set(!self.looking.get());
        if self.looking.get() {
            self.looks.set(self.looks.get() + 1);
        } else {
            self.spend(Kind::Decide, self.costs.decide);
        }
    }

    fn spend(&self, kind: Kind, cycles: u64) {
        let (from, micros) = (Instant::now().as_micros(), self.costs.micros(cycles));
        mock_time::advance(Duration::from_micros(micros));
        self.done.borrow_mut().push(Done { kind, look: self.looks.get(), from_us: from, us: micros });
    }
}

/// Networks whose steps take time.
pub(crate) struct Clocked<'a> {
    networks: Networks<'a>,
    watch: Rc<Stopwatch>,
}

impl<'a> Clocked<'a> {
    pub(crate) fn new(networks: Networks<'a>, watch: Rc<Stopwatch>) -> Self {
        Self { networks, watch }
    }
}

impl<'a> Engine for Clocked<'a> {
    type Model<'i> = <Networks<'a> as Engine>::Model<'i>;
    type Pair<'i> = <Networks<'a> as Engine>::Pair<'i>;
    type Aligned<'e>
        = ClockedFace<'e, 'a>
    where
        Self: 'e;

    fn load<'i>(
        &mut self,
        kind: NetworkKind,
        image: &'i [u8],
    ) -> Result<(Self::Model<'i>, NetworkInfo), Fault> {
        self.networks.load(kind, image)
    }

    fn join<'i>(
        &self,
        detector: Self::Model<'i>,
        encoder: Self::Model<'i>,
    ) -> Result<(Self::Pair<'i>, EncoderInfo), Fault>
    where
        'i: 'i,
    {
        self.networks.join(detector, encoder)
    }

    fn fits(&self, detector: Self::Model<'_>, encoder: Self::Model<'_>) -> Result<EncoderInfo, Fault> {
        self.networks.fits(detector, encoder)
    }

    fn detect(&mut self, pair: &Self::Pair<'_>, frame: &Frame) -> Result<Faces, Fault> {
        self.watch.spend(Kind::Detect, self.watch.costs.detect);
        self.networks.detect(pair, frame)
    }

    fn track(&mut self, pair: &Self::Pair<'_>, frame: &Frame, face: &Face) -> Result<Faces, Fault> {
        // A face that is too large for a part is sought in the whole frame.
        let half = InputSize::new(pair.detector_input().width() / 2, pair.detector_input().height() / 2).ok();
        match half.and_then(|half| Near::new(frame, &face.bounds, half)) {
            Some(_) => self.watch.spend(Kind::Track, self.watch.costs.track),
            None => self.watch.spend(Kind::Detect, self.watch.costs.detect),
        }
        self.networks.track(pair, frame, face)
    }

    fn align<'e>(
        &'e mut self,
        pair: &'e Self::Pair<'_>,
        frame: &Frame,
        face: &Face,
    ) -> Result<ClockedFace<'e, 'a>, Fault> {
        self.watch.spend(Kind::Assess, self.watch.costs.align(face));
        Ok(ClockedFace { face: self.networks.align(pair, frame, face)?, watch: &self.watch })
    }

    fn live(&mut self, liveness: &Self::Model<'_>, frame: &Frame, face: &Face) -> Result<u16, Fault> {
        self.watch.spend(Kind::Liveness, self.watch.costs.liveness);
        self.networks.live(liveness, frame, face)
    }
}

/// An aligned face whose encoding takes time.
pub(crate) struct ClockedFace<'e, 'a: 'e> {
    face: <Networks<'a> as Engine>::Aligned<'e>,
    watch: &'e Stopwatch,
}

impl Aligned for ClockedFace<'_, '_> {
    fn quality(&mut self) -> Quality {
        self.watch.spend(Kind::Assess, self.watch.costs.assess);
        Aligned::quality(&mut self.face)
    }

    fn openness(&mut self) -> u16 {
        Aligned::openness(&mut self.face)
    }

    fn thumbnail(&mut self) -> Thumbnail {
        Aligned::thumbnail(&mut self.face)
    }

    fn encode(self) -> Result<Template, Fault> {
        self.watch.spend(Kind::Encode, self.watch.costs.encode);
        Aligned::encode(self.face)
    }
}
