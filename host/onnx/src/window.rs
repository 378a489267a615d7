//! The window of a convolution or of pooling.

use crate::{Node, Problem};

/// How a window moves over its input. Pairs are (down, across).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns.
    pub kernel: [usize; 2],
    /// Steps down and across.
    pub stride: [usize; 2],
    /// Zeros above, left of, below and right of the input: the order of ONNX.
    pub pads: [usize; 4],
}

impl Window {
    /// One pixel.
    pub const POINT: Self = Self { kernel: [1; 2], stride: [1; 2], pads: [0; 4] };

    /// The whole of an input of this height and width, once.
    pub fn whole(size: [usize; 2]) -> Self {
        Self { kernel: size, ..Self::POINT }
    }

    /// Height and width of the output for an input of height and width `size`; `None` where the window does not fit.
    pub fn output(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        let steps = |axis: usize| {
            let side = size[axis].checked_add(self.pads[axis])?.checked_add(self.pads[axis + 2])?;
            Some(side.checked_sub(self.kernel[axis])?.checked_div(self.stride[axis])? + 1)
        };
        Some([steps(0)?, steps(1)?])
    }
}

impl Node<'_> {
    /// The window with this kernel and the node's `strides` and `pads`, for an input of height and width `size`, where that
    /// is known.
    ///
    /// # Errors
    /// The attributes are not as many as there are dimensions, a stride is zero, the node asks for dilation, or for
    /// automatic padding that depends on a size that is not known.
    pub fn window(&self, kernel: [usize; 2], size: Option<[usize; 2]>) -> Result<Window, Problem> {
        if self.sizes("dilations")?.is_some_and(|steps| steps.iter().any(|&step| step != 1)) {
            return Err(Problem::unsupported("dilation"));
        }
        let stride = self.sizes("strides")?.map_or(Ok([1; 2]), <[usize; 2]>::try_from);
        let stride = stride.ok().filter(|stride| !stride.contains(&0));
        let stride = stride.ok_or_else(|| Problem::invalid("its strides are not two positive numbers"))?;
        let pads = self.sizes("pads")?;
        let pads = match self.string("auto_pad").as_deref() {
            None | Some("" | "NOTSET") => pads.map_or(Ok([0; 4]), <[usize; 4]>::try_from),
            Some("VALID") => Ok([0; 4]),
            Some(word @ ("SAME_UPPER" | "SAME_LOWER")) => {
                let pads = same(kernel, stride, size, word == "SAME_LOWER");
                Ok(pads.ok_or_else(|| {
                    Problem::unsupported("auto_pad with strides, for a size that is not known")
                })?)
            }
            Some(word) => return Err(Problem::unsupported(format!("auto_pad {word}"))),
        };
        let pads = pads.map_err(|_| Problem::invalid("it does not have four pads"))?;
        Ok(Window { kernel, stride, pads })
    }

    /// The window of a pooling node, for an input of height and width `size`, where that is known.
    ///
    /// # Errors
    /// Those of [`Node::window`]; there is no kernel of two dimensions, or the size is rounded up (`ceil_mode`) and that
    /// makes a difference, or may.
    pub fn pooling_window(&self, size: Option<[usize; 2]>) -> Result<Window, Problem> {
        let kernel = self.sizes("kernel_shape")?.and_then(|sides| <[usize; 2]>::try_from(sides).ok());
        let kernel = kernel.filter(|kernel| !kernel.contains(&0));
        let kernel = kernel.ok_or_else(|| Problem::invalid("its kernel is not two positive numbers"))?;
        let window = self.window(kernel, size)?;
        // Only the indices of the greatest values depend on it, which nothing here reads.
        self.ignore(&["storage_order"]);
        if self.int("ceil_mode").unwrap_or(0) != 0 {
            let rest = |size: [usize; 2], axis: usize| {
                let side = size[axis].checked_add(window.pads[axis])?.checked_add(window.pads[axis + 2])?;
                Some(side.checked_sub(kernel[axis])? % window.stride[axis])
            };
            if !size.is_some_and(|size| rest(size, 0) == Some(0) && rest(size, 1) == Some(0)) {
                return Err(Problem::unsupported("ceil_mode where it makes a difference"));
            }
        }
        Ok(window)
    }
}

/// The padding with which the output has a pixel for each `stride` of the input; the odd one goes to the end, or to the
/// start.
fn same(kernel: [usize; 2], stride: [usize; 2], size: Option<[usize; 2]>, first: bool) -> Option<[usize; 4]> {
    let mut pads = [0; 4];
    for axis in 0..2 {
        let total = match size {
            Some(size) => {
                let steps = size[axis].div_ceil(stride[axis]).checked_sub(1)?;
                steps.checked_mul(stride[axis])?.checked_add(kernel[axis])?.saturating_sub(size[axis])
            }
            None if stride[axis] == 1 => kernel[axis].checked_sub(1)?,
            None => return None,
        };
        let (less, more) = (total / 2, total - total / 2);
        (pads[axis], pads[axis + 2]) = if first { (more, less) } else { (less, more) };
    }
    Some(pads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_has_as_many_pixels_as_the_window_has_places() {
        let window = Window { kernel: [3, 2], stride: [2, 1], pads: [1, 0, 1, 1] };
        assert_eq!(window.output([9, 4]), Some([5, 4]));
        assert_eq!(window.output([1, 1]), Some([1, 1]));
        assert_eq!(Window { pads: [0; 4], ..window }.output([2, 2]), None);
        assert_eq!(Window::whole([7, 6]).output([7, 6]), Some([1, 1]));
        assert_eq!(Window { stride: [0; 2], ..window }.output([9, 4]), None);
    }

    #[test]
    fn automatic_padding_is_that_of_the_standard() {
        let same = |side, first| super::same([3, 2], [2, 1], Some([side, side]), first);
        assert_eq!(same(28, false), Some([0, 0, 1, 1]));
        assert_eq!(same(28, true), Some([1, 1, 0, 0]));
        assert_eq!(same(27, false), Some([1, 0, 1, 1]));
        assert_eq!(super::same([3, 3], [1, 1], None, false), Some([1; 4]));
        assert_eq!(super::same([3, 3], [2, 2], None, false), None);
    }
}
