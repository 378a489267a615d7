//! A button, debounced: the request to exit, and the pairing button.

/// Detects one press of a bouncing contact.
#[derive(Default)]
pub(crate) struct Button {
    last: bool,
    down: bool,
}

impl Button {
    /// Takes a reading. Returns `true` once a press, at the second high reading in a row.
    pub(crate) fn pressed(&mut self, high: bool) -> bool {
        let steady = high == self.last;
        self.last = high;
        let press = steady && high && !self.down;
        if steady {
            self.down = high;
        }
        press
    }

    /// Whether it is down.
    pub(crate) fn is_down(&self) -> bool {
        self.down
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_counts_once_and_a_bounce_does_not() {
        let mut button = Button::default();
        let readings = [true, false, true, true, true, false, true, false, false, true, true];
        let presses = readings.map(|high| button.pressed(high));
        let at = |index| (0..readings.len()).filter(|at| presses[*at]).nth(index);
        assert_eq!((at(0), at(1), at(2)), (Some(3), Some(10), None));
    }
}
