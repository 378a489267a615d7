//! Products of matrices, the second one packed into panels first.
//!
//! The inner loop holds six rows of the result in registers, as wide as a panel: 6 x 4 vectors with
//! AVX-512 and NEON (32 registers), 6 x 2 with AVX2 (16). A panel is contiguous in the order in
//! which the loop reads it. The instruction set is chosen when the program runs, by `pulp`, which
//! also makes the vectors safe to use.

pub mod tall;

use pulp::{Arch, Simd, WithSimd};

use crate::Buffer;

/// Rows of the result that are held in registers.
const ROWS: usize = 6;

/// Whether a product replaces the content of the result or is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Replaces it.
    Store,
    /// Is added to it.
    Add,
}

/// A matrix in panels: columns in groups of [`panel_width`], each group with its rows one after the
/// other, the last group filled up with zeros.
#[derive(Clone, Default)]
pub struct Panels {
    values: Buffer,
    /// Rows of the matrix.
    pub rows: usize,
    /// Columns of the matrix.
    pub columns: usize,
}

impl Panels {
    /// Packs the matrix whose element in `row` and `column` is `value(row, column)`.
    pub fn from_fn(rows: usize, columns: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let mut values = Buffer::zeros(packed_length(rows, columns));
        pack(&mut values, rows, columns, value);
        Self { values, rows, columns }
    }

    /// Floats that it takes.
    pub fn length(&self) -> usize {
        self.values.len()
    }

    /// Packs a matrix whose rows are `columns` apart in `values`, in the memory of this one.
    pub fn fill(&mut self, values: &[f32], columns: usize) {
        (self.rows, self.columns) = (values.len() / columns, columns);
        self.values.resize(packed_length(self.rows, columns));
        let width = panel_width();
        for (number, panel) in self.values.chunks_exact_mut(self.rows * width).enumerate() {
            let first = number * width;
            let count = width.min(columns - first);
            for (line, row) in panel.chunks_exact_mut(width).zip(values.chunks_exact(columns)) {
                line[..count].copy_from_slice(&row[first..first + count]);
                line[count..].fill(0.0);
            }
        }
    }
}

/// Floats that a packed matrix takes.
pub fn packed_length(rows: usize, columns: usize) -> usize {
    columns.next_multiple_of(panel_width()) * rows
}

/// Packs into `panels`, of [`packed_length`].
pub fn pack(panels: &mut [f32], rows: usize, columns: usize, value: impl Fn(usize, usize) -> f32) {
    let width = panel_width();
    for (index, to) in panels.iter_mut().enumerate() {
        let (panel, row, lane) = (index / width / rows, index / width % rows, index % width);
        let column = panel * width + lane;
        *to = if column < columns { value(row, column) } else { 0.0 };
    }
}

/// Columns of a panel on this machine.
pub fn panel_width() -> usize {
    struct Width;
    impl WithSimd for Width {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            vectors::<S>() * S::F32_LANES
        }
    }
    Arch::new().dispatch(Width)
}

/// Vectors in a panel's width: as many as leave `ROWS` rows of them in registers.
const fn vectors<S: Simd>() -> usize {
    if S::F32_LANES == 8 { 2 } else { 4 }
}

/// `out = a * b` or `out += a * b`: `a` has rows of `b.rows` floats, `out` rows of `b.columns`.
pub fn multiply(a: &[f32], b: &Panels, out: &mut [f32], fill: Fill) {
    struct Product<'a>(&'a [f32], &'a Panels, &'a mut [f32], Fill);
    impl WithSimd for Product<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self(a, b, out, fill) = self;
            multiply_packed(simd, a, b.rows, &b.values, b.columns, out, fill);
        }
    }
    Arch::new().dispatch(Product(a, b, out, fill));
}

/// [`multiply`] inside a function that is compiled for the instruction set already.
#[inline(always)]
pub fn multiply_packed<S: Simd>(
    simd: S,
    a: &[f32],
    depth: usize,
    panels: &[f32],
    columns: usize,
    out: &mut [f32],
    fill: Fill,
) {
    if vectors::<S>() == 2 {
        by_panels::<S, 2>(simd, a, depth, panels, columns, out, fill);
    } else {
        by_panels::<S, 4>(simd, a, depth, panels, columns, out, fill);
    }
}

#[inline(always)]
fn by_panels<S: Simd, const V: usize>(
    simd: S,
    a: &[f32],
    depth: usize,
    panels: &[f32],
    columns: usize,
    out: &mut [f32],
    fill: Fill,
) {
    let width = V * S::F32_LANES;
    for (number, panel) in panels.chunks_exact(depth * width).enumerate() {
        let first = number * width;
        let count = width.min(columns - first);
        let panel = bytemuck::cast_slice::<f32, S::f32s>(panel).as_chunks::<V>().0;
        for (a, out) in a.chunks(ROWS * depth).zip(out.chunks_mut(ROWS * columns)) {
            let mut to = Rows { out, first, count, columns, fill };
            match a.len() / depth {
                6 => block::<S, 6, V>(simd, a, panel, &mut to),
                5 => block::<S, 5, V>(simd, a, panel, &mut to),
                4 => block::<S, 4, V>(simd, a, panel, &mut to),
                3 => block::<S, 3, V>(simd, a, panel, &mut to),
                2 => block::<S, 2, V>(simd, a, panel, &mut to),
                _ => block::<S, 1, V>(simd, a, panel, &mut to),
            }
        }
    }
}

/// Where a block of results goes.
struct Rows<'a> {
    out: &'a mut [f32],
    /// First column of the panel.
    first: usize,
    /// Columns of the panel that exist.
    count: usize,
    /// Length of a row.
    columns: usize,
    fill: Fill,
}

#[inline(always)]
fn block<S: Simd, const R: usize, const V: usize>(simd: S, a: &[f32], panel: &[[S::f32s; V]], to: &mut Rows) {
    let depth = panel.len();
    let rows: [&[f32]; R] = std::array::from_fn(|r| &a[r * depth..][..depth]);
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    for (p, b) in panel.iter().enumerate() {
        for r in 0..R {
            let a = simd.splat_f32s(rows[r][p]);
            for v in 0..V {
                sums[r][v] = simd.mul_add_f32s(a, b[v], sums[r][v]);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        let row = &mut to.out[r * to.columns + to.first..][..to.count];
        if to.count == V * S::F32_LANES {
            let row: &mut [S::f32s] = bytemuck::cast_slice_mut(row);
            for (to_vector, sum) in row.iter_mut().zip(sums) {
                *to_vector = match to.fill {
                    Fill::Store => *sum,
                    Fill::Add => simd.add_f32s(*to_vector, *sum),
                };
            }
        } else {
            let sums: &[f32] = bytemuck::cast_slice(sums);
            for (to_float, sum) in row.iter_mut().zip(sums) {
                *to_float = match to.fill {
                    Fill::Store => *sum,
                    Fill::Add => *to_float + *sum,
                };
            }
        }
    }
}
