//! Products of tall matrices with small ones: `x w`, and the gradients `g wᵀ` and `xᵀ g`.
//!
//! The first two are products with a packed matrix. The third has a small result and a sum as
//! long as the batch has pixels; it holds six rows of the result in registers and goes down both
//! tall matrices as they lie. Rows are dealt out in groups whose sums are added up in their order.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{Fill, Panels, multiply};

/// Rows of the small result that are held in registers.
const HELD: usize = 6;

/// Rows of the tall matrices whose part stays in the cache.
const TALL: usize = 128;

/// Groups of rows with a sum of their own.
const GROUPS: usize = 16;

/// Floats of the result from which it is cheaper to share out than to sum up.
const LARGE: usize = 1 << 15;

/// Rows of a tall matrix that a task takes.
pub fn rows_of_task(rows: usize) -> usize {
    rows.div_ceil(GROUPS).next_multiple_of(HELD).min(480)
}

/// `out = x w` or `out += x w`.
pub fn rows_by_panels(x: &[f32], w: &Panels, out: &mut [f32], fill: Fill) {
    let rows = rows_of_task(out.len() / w.columns);
    let tasks = out.par_chunks_mut(rows * w.columns).zip(x.par_chunks(rows * w.rows));
    tasks.for_each(|(out, x)| multiply(x, w, out, fill));
}

/// The transposed of a matrix with rows of `columns`, packed.
pub fn transposed(values: &[f32], columns: usize) -> Panels {
    let rows = values.len() / columns;
    let mut turned = vec![0.0; values.len()];
    for (r, row) in values.chunks_exact(columns).enumerate() {
        for (c, value) in row.iter().enumerate() {
            turned[c * rows + r] = *value;
        }
    }
    let mut panels = Panels::default();
    panels.fill(&turned, rows);
    panels
}

/// `out = xᵀ g`: `x` has rows of `depth` floats, `g` rows of as many as `out` has.
pub fn transposed_by_rows(x: &[f32], depth: usize, g: &[f32], out: &mut [f32]) {
    let columns = out.len() / depth;
    let rows = x.len() / depth;
    if out.len() >= LARGE || rows <= TALL {
        let held = depth.div_ceil(GROUPS).next_multiple_of(HELD);
        out.par_chunks_mut(held * columns).enumerate().for_each(|(number, out)| {
            out.fill(0.0);
            add_transposed(x, [depth, number * held], g, columns, out);
        });
        return;
    }
    let group = rows.div_ceil(GROUPS).next_multiple_of(TALL);
    let sums = x.par_chunks(group * depth).zip(g.par_chunks(group * columns)).map(|(x, g)| {
        let mut sum = vec![0.0; depth * columns];
        add_transposed(x, [depth, 0], g, columns, &mut sum);
        sum
    });
    let sums: Vec<Vec<f32>> = sums.collect();
    out.fill(0.0);
    for sum in sums {
        out.iter_mut().zip(sum).for_each(|(out, sum)| *out += sum);
    }
}

/// Adds the product of columns of `x` with `g` to `out`: as many columns as `out` has rows, from `first` on.
pub fn add_transposed(x: &[f32], [depth, first]: [usize; 2], g: &[f32], columns: usize, out: &mut [f32]) {
    Arch::new().dispatch(Product { x, depth, first, g, columns, out });
}

struct Product<'a> {
    x: &'a [f32],
    depth: usize,
    first: usize,
    g: &'a [f32],
    columns: usize,
    out: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    // Loops rather than closures in here: what a closure calls is not compiled for the instruction set
    // unless it is inlined, which is never certain.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let whole = self.columns / S::F32_LANES;
        let rows = self.out.len() / self.columns;
        let (x, g) = (self.x, self.g);
        for (x, g) in x.chunks(TALL * self.depth).zip(g.chunks(TALL * self.columns)) {
            (self.x, self.g) = (x, g);
            let mut vector = 0;
            while vector < whole {
                let width = if S::F32_LANES > 8 || S::F32_LANES == 4 { 4 } else { 2 };
                let width = if whole - vector >= width { width } else { 1 };
                for row in (0..rows).step_by(HELD) {
                    let place = [row, vector * S::F32_LANES];
                    match (rows - row, width) {
                        (1, 4) => self.block::<S, 1, 4>(simd, place),
                        (2, 4) => self.block::<S, 2, 4>(simd, place),
                        (3, 4) => self.block::<S, 3, 4>(simd, place),
                        (4, 4) => self.block::<S, 4, 4>(simd, place),
                        (5, 4) => self.block::<S, 5, 4>(simd, place),
                        (_, 4) => self.block::<S, 6, 4>(simd, place),
                        (1, 2) => self.block::<S, 1, 2>(simd, place),
                        (2, 2) => self.block::<S, 2, 2>(simd, place),
                        (3, 2) => self.block::<S, 3, 2>(simd, place),
                        (4, 2) => self.block::<S, 4, 2>(simd, place),
                        (5, 2) => self.block::<S, 5, 2>(simd, place),
                        (_, 2) => self.block::<S, 6, 2>(simd, place),
                        (1, _) => self.block::<S, 1, 1>(simd, place),
                        (2, _) => self.block::<S, 2, 1>(simd, place),
                        (3, _) => self.block::<S, 3, 1>(simd, place),
                        (4, _) => self.block::<S, 4, 1>(simd, place),
                        (5, _) => self.block::<S, 5, 1>(simd, place),
                        (_, _) => self.block::<S, 6, 1>(simd, place),
                    }
                }
                vector += width;
            }
            let rest = whole * S::F32_LANES;
            if rest < self.columns {
                for (x, g) in self.x.chunks_exact(self.depth).zip(self.g.chunks_exact(self.columns)) {
                    for (row, out) in self.out.chunks_exact_mut(self.columns).enumerate() {
                        let ends = out[rest..].iter_mut().zip(&g[rest..]);
                        ends.for_each(|(out, g)| *out += x[self.first + row] * g);
                    }
                }
            }
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn block<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, [row, column]: [usize; 2]) {
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        let from = self.first + row;
        for (x, g) in self.x.chunks_exact(self.depth).zip(self.g.chunks_exact(self.columns)) {
            let x = &x[from..from + R];
            let g: &[S::f32s] = bytemuck::cast_slice(&g[column..column + V * S::F32_LANES]);
            for r in 0..R {
                let x = simd.splat_f32s(x[r]);
                for v in 0..V {
                    sums[r][v] = simd.mul_add_f32s(x, g[v], sums[r][v]);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            let start = (row + r) * self.columns + column;
            let out: &mut [S::f32s] =
                bytemuck::cast_slice_mut(&mut self.out[start..start + V * S::F32_LANES]);
            for v in 0..V {
                out[v] = simd.add_f32s(out[v], sums[v]);
            }
        }
    }
}
