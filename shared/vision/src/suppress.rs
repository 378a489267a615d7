//! Non-maximum suppression: one detection per face, and the cells that see that face.

use crate::face::{Face, Rect};

/// Boxes with an intersection over union above this show one face: 3/10, as in OpenCV's reference for YuNet.
const OVERLAP_TENTHS: i64 = 3;

/// Whether `bounds` shows a face that `kept` already contains.
pub(crate) fn is_suppressed(bounds: &Rect, kept: &[Face]) -> bool {
    kept.iter().any(|face| overlap_exceeds(bounds, &face.bounds, OVERLAP_TENTHS))
}

/// Whether two boxes show one face, and not two neighbouring ones: their intersection is more than half of
/// their union.
pub(crate) fn is_same_face(a: &Rect, b: &Rect) -> bool {
    overlap_exceeds(a, b, 5)
}

fn overlap_exceeds(a: &Rect, b: &Rect, tenths: i64) -> bool {
    let shared = a.intersection(b);
    let union = a.area() + b.area() - shared;
    shared * 10 > union * tenths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: i32, width: i32) -> Rect {
        Rect { x, y: 0, width, height: 1024 }
    }

    #[test]
    fn a_box_with_exactly_three_tenths_overlap_is_kept() {
        let kept = [Face { bounds: at(0, 650), ..Face::default() }];
        assert!(!is_suppressed(&at(350, 650), &kept)); // 300 of 1000
        assert!(is_suppressed(&at(349, 650), &kept)); // 301 of 999
        assert!(!is_suppressed(&at(700, 650), &kept));
        assert!(!is_suppressed(&at(0, 650), &[]));
    }
}
