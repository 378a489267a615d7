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
    /// The window with this kernel and the node's `strides` and `pads`.
    ///
    /// # Errors
    /// The attributes are not as many as there are dimensions, a stride is zero, or the node asks for automatic padding
    /// or dilation.
    pub fn window(&self, kernel: [usize; 2]) -> Result<Window, Problem> {
        if self.string("auto_pad").is_some_and(|word| !matches!(&*word, "" | "NOTSET" | "VALID")) {
            return Err(Problem::unsupported("auto_pad"));
        }
        if self.ints("dilations").is_some_and(|steps| steps.iter().any(|&step| step != 1)) {
            return Err(Problem::unsupported("dilation"));
        }
        let pads = self.ints("pads").map_or(Ok([0; 4]), <[usize; 4]>::try_from);
        let pads = pads.map_err(|_| Problem::invalid("it does not have four pads"))?;
        let stride = self.ints("strides").map_or(Ok([1; 2]), <[usize; 2]>::try_from);
        match stride {
            Ok(stride) if !stride.contains(&0) => Ok(Window { kernel, stride, pads }),
            _ => Err(Problem::invalid("its strides are not two positive numbers")),
        }
    }

    /// The window of a pooling node.
    ///
    /// # Errors
    /// Those of [`Node::window`]; there is no kernel of two dimensions, or the size is rounded up (`ceil_mode`).
    pub fn pooling_window(&self) -> Result<Window, Problem> {
        if self.int("ceil_mode").unwrap_or(0) != 0 {
            return Err(Problem::unsupported("ceil_mode"));
        }
        let kernel = self.ints("kernel_shape").and_then(|sides| <[usize; 2]>::try_from(sides).ok());
        match kernel {
            Some(kernel) if !kernel.contains(&0) => self.window(kernel),
            _ => Err(Problem::invalid("its kernel is not two positive numbers")),
        }
    }
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
}
