//! Recognition of a frame: once as a whole, like the door, then step by step.
//!
//! The whole is measured once, from the frame to the template. Then each step is measured separately; the sum
//! of the steps is the cost without repeated work and without overhead between the steps. Both must give the
//! same result. At last the largest face is searched again near its place, as in the next frame.

use core::fmt::{self, Write};

use nn::Model;
use recognizer::Recognizer;
use template::Template;
use vision::{Face, Faces, Frame, Limits, Quality};

use crate::{
    status::{Computed, PARTS, Status},
    text::Text,
};

/// Recognizes `frame` and writes the result to `room`; `run` runs the networks.
pub(crate) fn recognize(
    recognizer: &Recognizer,
    frame: &Frame,
    arena: &mut [i8],
    room: &mut [u8],
    run: &mut impl FnMut(&Model<'_>, &mut [i8]) -> Result<(), nn::Error>,
    ticks: &impl Fn() -> u64,
) -> Result<Computed, Status> {
    let start = ticks();
    let whole = whole(recognizer, frame, arena, run).map_err(|_| Status::Run)?;
    let whole_ticks = ticks().wrapping_sub(start);

    let mut parts = [0; PARTS];
    let mut start = ticks();
    let mut lap = |part: usize| {
        parts[part] = ticks().wrapping_sub(start);
        start = ticks();
    };
    let faces = recognizer.detect_with(frame, arena, &mut *run).map_err(|_| Status::Run)?;
    lap(0);
    let mut near = Faces::new();
    let seen = match vision::largest(&faces) {
        Some(face) => {
            let mut aligned = recognizer.align(frame, face, arena).map_err(|_| Status::Run)?;
            lap(1);
            let quality = aligned.quality();
            lap(2);
            let template = aligned.encode_with(&mut *run).map_err(|_| Status::Run)?;
            lap(3);
            near = recognizer.track_with(frame, face, arena, &mut *run).map_err(|_| Status::Run)?;
            lap(4);
            Some((quality, template))
        }
        None => None,
    };
    if whole != (faces.clone(), seen.clone()) {
        return Err(Status::Run);
    }
    let mut text = Text { room, written: 0 };
    write(&mut text, &faces, seen.as_ref()).map_err(|_| Status::Room)?;
    near.iter().try_for_each(|face| writeln!(text, "near it {face:?}")).map_err(|_| Status::Room)?;
    Ok(Computed { written: text.written, ticks: whole_ticks, parts })
}

/// The result for a frame: its faces, and quality and template of the largest face.
type Seen = (Faces, Option<(Quality, Template)>);

/// From the frame to the template in one run, like the door, except that a poor face is encoded as well.
fn whole(
    recognizer: &Recognizer,
    frame: &Frame,
    arena: &mut [i8],
    run: &mut impl FnMut(&Model<'_>, &mut [i8]) -> Result<(), nn::Error>,
) -> Result<Seen, recognizer::Error> {
    let faces = recognizer.detect_with(frame, arena, &mut *run)?;
    let Some(face) = vision::largest(&faces) else { return Ok((faces, None)) };
    let mut aligned = recognizer.align(frame, face, arena)?;
    let quality = aligned.quality();
    core::hint::black_box(Limits::default().judge(&quality));
    let template = aligned.encode_with(run)?;
    Ok((faces, Some((quality, template))))
}

fn write(text: &mut Text, faces: &Faces, seen: Option<&(Quality, Template)>) -> fmt::Result {
    faces.iter().try_for_each(|face: &Face| writeln!(text, "{face:?}"))?;
    let Some((quality, template)) = seen else { return Ok(()) };
    writeln!(text, "{quality:?}")?;
    writeln!(text, "template {:?}", template.values())
}
