//! The transforms of Winograd's F(4x4, 3x3), for interpolation at 0, 1, -1, 2, -2 and infinity.
//!
//! ```text
//!       4  0 -5  0  1  0         1/4    0     0
//!       0 -4 -4  1  1  0        -1/6  -1/6  -1/6        1  1  1  1  1  0
//! B' =  0  4 -4 -1  1  0   G =  -1/6   1/6  -1/6   A' =  0  1 -1  2 -2  0
//!       0 -2 -1  2  1  0        1/24  1/12   1/6        0  1  1  4  4  0
//!       0  2 -1 -2  1  0        1/24 -1/12   1/6        0  1 -1  8 -8  1
//!       0  4  0 -5  0  1          0     0     1
//! ```
//! A patch d and a filter g give the tile A' [(G g G') * (B' d B)] A.

use pulp::Simd;

use super::Job;

/// Side of a tile of results.
pub const TILE: usize = 4;

/// Side of the patch that a tile depends on.
pub const PATCH: usize = TILE + 2;

/// Transforms a filter of 3x3 taps.
pub fn filter(tap: impl Fn(usize, usize) -> f32) -> [f32; PATCH * PATCH] {
    let apply = |[a, b, c]: [f32; 3]| {
        let (even, odd) = ((a + 4.0 * c) / 24.0, b / 12.0);
        [a / 4.0, -(a + b + c) / 6.0, -(a - b + c) / 6.0, even + odd, even - odd, c]
    };
    let columns: [[f32; PATCH]; 3] = [0, 1, 2].map(|x| apply([0, 1, 2].map(|y| tap(y, x))));
    let mut points = [0.0; PATCH * PATCH];
    for (y, row) in points.chunks_exact_mut(PATCH).enumerate() {
        row.copy_from_slice(&apply([0, 1, 2].map(|x| columns[x][y])));
    }
    points
}

/// Transforms the patch of the tile whose first pixel is at `[y, x]` of the picture.
///
/// It becomes number `tile` of the `block` patches in `patches`.
// Loops rather than closures in here: what a closure calls is not compiled for the instruction set
// unless it is inlined, which is never certain.
#[inline(always)]
pub fn input<S: Simd>(
    simd: S,
    job: &Job,
    corner: [usize; 2],
    zeros: &[f32],
    patches: &mut [f32],
    [tile, block]: [usize; 2],
) {
    let channels = job.filters.inputs;
    let vectors = channels / S::F32_LANES;
    let zeros: &[S::f32s] = &bytemuck::cast_slice(zeros)[..vectors];
    let pixels = patch::<S>(job, job.input, corner, zeros);
    let masks = match job.mask {
        Some(mask) => patch::<S>(job, mask, corner, zeros),
        None => [[zeros; PATCH]; PATCH],
    };
    let patches: &mut [S::f32s] = bytemuck::cast_slice_mut(patches);
    let zero = simd.splat_f32s(0.0);
    for c in 0..vectors {
        let mut values = [[zero; PATCH]; PATCH];
        for i in 0..PATCH {
            for j in 0..PATCH {
                values[i][j] = pixels[i][j][c];
                if job.mask.is_some() {
                    let open = simd.greater_than_f32s(masks[i][j][c], zero);
                    values[i][j] = simd.select_f32s(open, values[i][j], zero);
                }
            }
            values[i] = transform_line(simd, values[i]);
        }
        for j in 0..PATCH {
            let mut column = [zero; PATCH];
            for i in 0..PATCH {
                column[i] = values[i][j];
            }
            let column = transform_line(simd, column);
            for i in 0..PATCH {
                patches[((i * PATCH + j) * block + tile) * vectors + c] = column[i];
            }
        }
    }
}

/// The pixels of a patch, each with its channels; what lies outside the picture is `zeros`.
#[inline(always)]
fn patch<'a, S: Simd>(
    job: &Job,
    picture: &'a [f32],
    [y, x]: [usize; 2],
    zeros: &'a [S::f32s],
) -> [[&'a [S::f32s]; PATCH]; PATCH] {
    let [height, width] = job.size;
    let vectors = zeros.len();
    let picture: &[S::f32s] = bytemuck::cast_slice(picture);
    let mut pixels = [[zeros; PATCH]; PATCH];
    for (i, row) in pixels.iter_mut().enumerate() {
        // The patch begins one pixel above and left of the tile.
        let line = (y + i).wrapping_sub(1);
        for (j, pixel) in row.iter_mut().enumerate() {
            let column = (x + j).wrapping_sub(1);
            if line < height && column < width {
                *pixel = &picture[(line * width + column) * vectors..][..vectors];
            }
        }
    }
    pixels
}

/// `B' d` for one line of a patch.
#[inline(always)]
fn transform_line<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; PATCH]) -> [S::f32s; PATCH] {
    let (two, four, five) = (simd.splat_f32s(2.0), simd.splat_f32s(4.0), simd.splat_f32s(-5.0));
    let e_4c = simd.mul_add_f32s(simd.splat_f32s(-4.0), c, e);
    let d_4b = simd.mul_add_f32s(simd.splat_f32s(-4.0), b, d);
    let e_c = simd.sub_f32s(e, c);
    let d_b = simd.mul_f32s(two, simd.sub_f32s(d, b));
    [
        simd.mul_add_f32s(four, a, simd.mul_add_f32s(five, c, e)),
        simd.add_f32s(e_4c, d_4b),
        simd.sub_f32s(e_4c, d_4b),
        simd.add_f32s(e_c, d_b),
        simd.sub_f32s(e_c, d_b),
        simd.mul_add_f32s(four, b, simd.mul_add_f32s(five, d, f)),
    ]
}

/// Transforms the products of tile `tile` of `block` back, to `[y, x]` of the band `out`.
#[inline(always)]
pub fn output<S: Simd>(
    simd: S,
    job: &Job,
    [y, x]: [usize; 2],
    out: &mut [f32],
    products: &[f32],
    [tile, block]: [usize; 2],
) {
    let width = job.size[1];
    let vectors = job.filters.outputs / S::F32_LANES;
    let products: &[S::f32s] = bytemuck::cast_slice(products);
    let bias: Option<&[S::f32s]> = job.bias.map(bytemuck::cast_slice);
    let zero = simd.splat_f32s(0.0);
    let out: &mut [S::f32s] = bytemuck::cast_slice_mut(out);
    let rows = TILE.min(out.len() / (width * vectors) - y);
    let columns = TILE.min(width - x);
    for c in 0..vectors {
        let mut sums = [[zero; TILE]; PATCH];
        for i in 0..PATCH {
            let mut line = [zero; PATCH];
            for j in 0..PATCH {
                line[j] = products[((i * PATCH + j) * block + tile) * vectors + c];
            }
            sums[i] = sum_line(simd, line);
        }
        let add = match bias {
            Some(bias) => bias[c],
            None => zero,
        };
        for j in 0..columns {
            let mut column = [zero; PATCH];
            for i in 0..PATCH {
                column[i] = sums[i][j];
            }
            let column = sum_line(simd, column);
            for i in 0..rows {
                let value = simd.add_f32s(column[i], add);
                let value = if job.relu { simd.max_f32s(value, zero) } else { value };
                out[((y + i) * width + x + j) * vectors + c] = value;
            }
        }
    }
}

/// `A' m` for one line of products.
#[inline(always)]
fn sum_line<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; PATCH]) -> [S::f32s; TILE] {
    let (near_sum, near_difference) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
    let (far_sum, far_difference) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
    [
        simd.add_f32s(simd.add_f32s(a, near_sum), far_sum),
        simd.mul_add_f32s(simd.splat_f32s(2.0), far_difference, near_difference),
        simd.mul_add_f32s(simd.splat_f32s(4.0), far_sum, near_sum),
        simd.add_f32s(simd.mul_add_f32s(simd.splat_f32s(8.0), far_difference, near_difference), f),
    ]
}
