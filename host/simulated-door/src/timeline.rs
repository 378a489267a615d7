//! What a door did while somebody walked up, and its drawing.

use std::fmt::Write;

use crate::Costs;

/// A step of the recognition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The detector on a whole frame.
    Detect,
    /// The detector on a window around the last face.
    Track,
    /// The aligned crop, the quality of the view and the eyes.
    Assess,
    /// The liveness network.
    Liveness,
    /// The encoder.
    Encode,
    /// Search, agreement, policy.
    Decide,
    /// From the decision until the lock is open.
    Lock,
}

impl Kind {
    /// All of them, in the order of a look.
    pub const ALL: [Self; 7] =
        [Self::Detect, Self::Track, Self::Assess, Self::Liveness, Self::Encode, Self::Decide, Self::Lock];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Track => "track",
            Self::Assess => "assess",
            Self::Liveness => "liveness",
            Self::Encode => "encode",
            Self::Decide => "decide",
            Self::Lock => "lock",
        }
    }

    fn colour(self) -> &'static str {
        match self {
            Self::Detect => "#264653",
            Self::Track => "#2a9d8f",
            Self::Assess => "#8ab17d",
            Self::Liveness => "#e9c46a",
            Self::Encode => "#f4a261",
            Self::Decide => "#e76f51",
            Self::Lock => "#9b2226",
        }
    }
}

/// A step that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Which step.
    pub kind: Kind,
    /// The number of the look, from 1.
    pub look: u32,
    /// When it began, in microseconds since the boot.
    pub from_us: u64,
    /// How long it took, in microseconds.
    pub us: u64,
}

/// What a door did.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The board.
    pub costs: Costs,
    /// When the face appears, in microseconds since the boot.
    pub appears_us: u64,
    /// When the person has walked up, and stands.
    pub stands_us: u64,
    /// When the lock opens.
    pub opens_us: Option<u64>,
    /// The steps, also those before the face appears.
    pub done: Vec<Done>,
}

/// Width of the drawing, of its margins beside the lanes, and of a step that can still be seen, in pixels.
const WIDTH: f64 = 1000.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 110.0;
const THINNEST: f64 = 1.2;
/// The top of the first lane, and the height of a lane.
const TOP: f64 = 80.0;
const LANE: f64 = 26.0;

impl Timeline {
    /// The steps from the face's appearing on, and the lock's at the end.
    pub fn steps(&self) -> Vec<Done> {
        let mut steps: Vec<Done> =
            self.done.iter().copied().filter(|done| done.from_us + done.us > self.appears_us).collect();
        if let (Some(opens), Some(last)) = (self.opens_us, steps.last().copied()) {
            let from_us = last.from_us + last.us;
            let us = opens.saturating_sub(from_us);
            steps.push(Done { kind: Kind::Lock, look: last.look, from_us, us });
        }
        steps
    }

    /// Milliseconds that a kind of step took in all, and how often it was done.
    pub fn sum(&self, kind: Kind) -> (f64, usize) {
        let steps = self.steps();
        let of_kind = steps.iter().filter(|done| done.kind == kind);
        (of_kind.clone().map(|done| done.us as f64 / 1e3).sum(), of_kind.count())
    }

    /// Looks from the face's appearing on.
    pub fn looks(&self) -> usize {
        let mut looks: Vec<u32> = self.steps().iter().map(|done| done.look).collect();
        looks.dedup();
        looks.len()
    }

    /// The drawing as SVG: a lane for each step, time to the right.
    pub fn svg(&self) -> String {
        let steps = self.steps();
        let end = steps.last().map_or(self.appears_us, |done| done.from_us + done.us);
        let begin = steps.first().map_or(self.appears_us, |done| done.from_us.min(self.appears_us));
        let scale = (WIDTH - LEFT - RIGHT) / (end - begin).max(1) as f64;
        let at = |us: f64| LEFT + (us - begin as f64) * scale;
        let bottom = TOP + LANE * Kind::ALL.len() as f64;
        let Costs { processor, mhz, estimate, .. } = self.costs;
        let title = match self.opens_us {
            Some(opens) => {
                let seconds = (opens - self.appears_us) as f64 / 1e6;
                format!(
                    "{processor} at {mhz} MHz: a known face appears, and {seconds:.2} s later the lock opens"
                )
            }
            None => format!("{processor} at {mhz} MHz: a face appears, and the lock stays closed"),
        };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" font-family=\"sans-serif\" \
             font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"12\" y=\"26\" font-size=\"16\">{title}</text>\n\
             <text x=\"12\" y=\"46\" fill=\"#555\">{} looks; estimated cycles, {}; each bar is a step of a look</text>\n\
             <text x=\"{}\" y=\"{}\" fill=\"#555\" text-anchor=\"end\">in all</text>\n",
            bottom + 44.0,
            self.looks(),
            estimate.name(),
            WIDTH - 12.0,
            TOP - 6.0,
        );
        // A String takes whatever is written to it.
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            let y = TOP + LANE * number as f64;
            let fill = if number % 2 == 0 { "#f3f3f3" } else { "white" };
            let (sum, count) = self.sum(kind);
            let total = if count == 0 { "-".to_owned() } else { format!("{sum:.0} ms") };
            let _ = writeln!(
                svg,
                "<rect x=\"0\" y=\"{y}\" width=\"{WIDTH}\" height=\"{LANE}\" fill=\"{fill}\"/>\
                 <text x=\"12\" y=\"{}\">{}</text>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{total}</text>",
                y + 18.0,
                kind.name(),
                WIDTH - 12.0,
                y + 18.0,
            );
        }
        self.axis(&mut svg, &at, end, bottom);
        for done in &steps {
            let lane = Kind::ALL.iter().position(|kind| *kind == done.kind).unwrap_or(0);
            let y = TOP + LANE * lane as f64 + 4.0;
            let x = at(done.from_us as f64);
            let width = (done.us as f64 * scale).max(THINNEST);
            let _ = writeln!(
                svg,
                "<g><title>look {}: {}, {:.1} ms</title><rect x=\"{x:.2}\" y=\"{y}\" width=\"{width:.2}\" \
                 height=\"{}\" fill=\"{}\"/></g>",
                done.look,
                done.kind.name(),
                done.us as f64 / 1e3,
                LANE - 8.0,
                done.kind.colour(),
            );
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// The axis of time from the face's appearing on, about ten ticks, and until when the person walks.
    fn axis(&self, svg: &mut String, at: &dyn Fn(f64) -> f64, end: u64, bottom: f64) {
        let zero = self.appears_us as f64;
        let length = (end as f64 - zero) / 1e3;
        let steps = [50.0, 100.0, 200.0, 250.0, 500.0, 1000.0, 2000.0];
        let step = steps.into_iter().find(|step| length / step <= 10.0).unwrap_or(5000.0);
        let mut ms = 0.0;
        while ms <= length {
            let x = at(zero + ms * 1e3);
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.2}\" y1=\"{TOP}\" x2=\"{x:.2}\" y2=\"{bottom}\" stroke=\"#999\" stroke-width=\"0.5\"/>\
                 <text x=\"{x:.2}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{ms:.0}</text>",
                bottom + 16.0,
            );
            ms += step;
        }
        let [begins, stands] = [self.appears_us, self.stands_us.min(end)].map(|us| at(us as f64));
        let _ = writeln!(
            svg,
            "<line x1=\"{begins:.2}\" y1=\"{0}\" x2=\"{stands:.2}\" y2=\"{0}\" stroke=\"#555\"/>\
             <text x=\"{begins:.2}\" y=\"{1}\" fill=\"#555\">the person walks up</text>",
            TOP - 3.0,
            TOP - 7.0,
        );
        if self.stands_us < end {
            let _ = writeln!(
                svg,
                "<line x1=\"{stands:.2}\" y1=\"{}\" x2=\"{stands:.2}\" y2=\"{bottom}\" stroke=\"#555\" \
                 stroke-dasharray=\"4 3\"/><text x=\"{:.2}\" y=\"{}\" fill=\"#555\">and stands</text>",
                TOP - 12.0,
                stands + 4.0,
                TOP - 7.0,
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">milliseconds since the face appeared</text>",
            LEFT + (WIDTH - LEFT - RIGHT) / 2.0,
            bottom + 36.0,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AN547, AN547_HIGH};

    fn timeline() -> Timeline {
        let done = |kind, look, from_us, us| Done { kind, look, from_us, us };
        Timeline {
            costs: AN547,
            appears_us: 1_000_000,
            stands_us: 1_250_000,
            opens_us: Some(1_300_000),
            done: vec![
                done(Kind::Detect, 1, 800_000, 100_000),
                done(Kind::Detect, 2, 950_000, 100_000),
                done(Kind::Encode, 3, 1_060_000, 130_000),
                done(Kind::Decide, 3, 1_190_000, 10_000),
            ],
        }
    }

    #[test]
    fn what_ended_before_the_face_appeared_does_not_count_and_the_lock_comes_last() {
        let timeline = timeline();
        let steps = timeline.steps();
        assert_eq!(steps.len(), 4);
        assert_eq!(steps[3], Done { kind: Kind::Lock, look: 3, from_us: 1_200_000, us: 100_000 });
        assert_eq!((timeline.looks(), timeline.sum(Kind::Encode)), (2, (130.0, 1)));
    }

    #[test]
    fn the_drawing_has_a_bar_for_each_step() {
        let svg = timeline().svg();
        assert_eq!(svg.matches("<title>").count(), 4, "{svg}");
        assert!(
            svg.contains("0.30 s later the lock opens") && svg.contains("look 3: encode, 130.0 ms"),
            "{svg}"
        );
        assert!(svg.contains("and stands") && svg.contains("estimated cycles, low;"), "{svg}");
        let high = Timeline { costs: AN547_HIGH, ..timeline() };
        assert!(high.svg().contains("estimated cycles, high;"));
        let before = Timeline { stands_us: 3_000_000, ..timeline() };
        assert!(!before.svg().contains("and stands"), "it opened before");
        let locked = Timeline { opens_us: None, ..timeline() };
        assert!(locked.svg().contains("the lock stays closed"));
    }
}
