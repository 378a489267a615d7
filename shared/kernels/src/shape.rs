//! Shapes of tensors and windows.

/// Height, width and channels of one image in NHWC order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels, the fastest dimension in memory.
    pub channels: usize,
}

impl Shape {
    /// A shape from its three dimensions.
    pub const fn new(height: usize, width: usize, channels: usize) -> Self {
        Self { height, width, channels }
    }

    /// Number of values.
    pub const fn len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Whether a dimension is zero.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of pixels: height times width.
    pub const fn pixels(&self) -> usize {
        self.height * self.width
    }
}

impl core::fmt::Display for Shape {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}x{}x{}", self.height, self.width, self.channels)
    }
}

/// Size, stride and padding of a kernel; each pair is (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Kernel size.
    pub kernel: [usize; 2],
    /// Stride.
    pub stride: [usize; 2],
    /// Padding above and to the left; the padding below and to the right follows from the shapes.
    pub pad: [usize; 2],
}

impl Window {
    /// The window of a 1x1 kernel.
    pub const POINT: Self = Self { kernel: [1, 1], stride: [1, 1], pad: [0, 0] };

    /// Whether every output pixel depends only on the input pixel at the same position.
    pub fn is_point(&self) -> bool {
        *self == Self::POINT
    }

    /// The input position of kernel tap `tap` for output position `at` along axis 0 or 1; `None` if it is in
    /// the padding of an axis with this `length`.
    #[inline(always)]
    pub fn source(&self, axis: usize, at: usize, tap: usize, length: usize) -> Option<usize> {
        (at * self.stride[axis] + tap).checked_sub(self.pad[axis]).filter(|&i| i < length)
    }
}
