//! Reshapes over the first dimension, to shapes that are computed, with a constant over one of the dimensions.

use onnx::Attribute::Ints;

use super::{Map, Net};

impl Net {
    /// A constant over one of the dimensions, after a reshape over the first one; and back. The shape is computed.
    pub fn reshaped(&mut self, input: &Map) -> Map {
        let (c, [h, w]) = (input.channels, input.sides);
        let miss = self.miss && self.late.bool();
        self.miss &= !miss;
        let last = self.late.bool();
        let start = match last {
            true => self.say("Transpose", &[&input.name], &[Ints("perm", &[0, 2, 3, 1])]),
            false => input.name.clone(),
        };
        let (shape, right, wrong) = match (last, self.late.bool()) {
            (true, true) => (vec![h * w, c], vec![vec![c], vec![1, c]], vec![vec![h * w, 1]]),
            (true, false) => (vec![h, w, c], vec![vec![c]], vec![vec![w, 1], vec![h, 1, 1]]),
            // Rows that hold parts of several channels.
            (false, true) if miss => (vec![h * w, c], Vec::new(), vec![vec![c], vec![h * w, 1]]),
            (false, _) => (vec![c, h, w], vec![vec![c, 1, 1]], vec![vec![w], vec![h, 1], vec![1, h, w]]),
        };
        let there = self.computed(&shape);
        let there = self.say("Reshape", &[&start, &there], &[]);
        let dims = self.late.choice(if miss { wrong } else { right }).unwrap();
        let count: i64 = dims.iter().product();
        let values = (0..count).map(|_| 0.5 + self.late.f32()).collect();
        let k = self.name("k");
        self.said.push(format!("{k}: {dims:?}"));
        self.builder.constant(&k, &dims, values);
        let operator = *self.late.choice(&["Add", "Mul", "PRelu", "Sub"]).unwrap();
        let changed = self.say(operator, &[&there, &k], &[]);
        let whole = self.computed(&if last { [1, h, w, c] } else { [1, c, h, w] });
        let back = self.say("Reshape", &[&changed, &whole], &[]);
        let name = match last {
            true => self.say("Transpose", &[&back], &[Ints("perm", &[0, 3, 1, 2])]),
            false => back,
        };
        Map { name, ..input.clone() }
    }

    /// A shape as the difference of two lists of integers that no float holds.
    fn computed(&mut self, shape: &[i64]) -> String {
        let odd = (1 << 24 | 1) + 2 * self.late.i64(0..1 << 30);
        let less = self.integers(&vec![odd; shape.len()]);
        let more = self.integers(&shape.iter().map(|side| odd + side).collect::<Vec<i64>>());
        self.say("Sub", &[&more, &less], &[])
    }
}
