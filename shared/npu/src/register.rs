//! The registers that a command stream sets, by Arm's names and numbers. Numbers from [`WIDE`] on are those of commands
//! with a second word, which have 48 bits.

/// First number of the registers of 48 bits.
pub const WIDE: u16 = 0x400;

macro_rules! registers {
    ($($(#[$doc:meta])* $name:ident = $code:expr,)*) => {
        $($(#[$doc])* pub const $name: u16 = $code;)*
        /// All registers that a stream may set.
        pub const ALL: &[u16] = &[$($name,)*];
    };
}

registers! {
    /// Rows of padding above the input.
    IFM_PAD_TOP = 0x100,
    /// Columns of padding to the left.
    IFM_PAD_LEFT = 0x101,
    /// Columns of padding to the right.
    IFM_PAD_RIGHT = 0x102,
    /// Rows of padding below.
    IFM_PAD_BOTTOM = 0x103,
    /// Channels of the input, less one.
    IFM_DEPTH_M1 = 0x104,
    /// Type, format, scale mode and rounding of the input.
    IFM_PRECISION = 0x105,
    /// Upsampling of the input.
    IFM_UPSCALE = 0x107,
    /// Zero point of the input.
    IFM_ZERO_POINT = 0x109,
    /// Columns of the left tiles, less one.
    IFM_WIDTH0_M1 = 0x10a,
    /// Rows of the upper left tile, less one.
    IFM_HEIGHT0_M1 = 0x10b,
    /// Rows of the upper right tile, less one.
    IFM_HEIGHT1_M1 = 0x10c,
    /// Where the input buffer ends.
    IFM_IB_END = 0x10d,
    /// Memory of the input.
    IFM_REGION = 0x10f,
    /// Columns of the output, less one.
    OFM_WIDTH_M1 = 0x111,
    /// Rows of the output, less one.
    OFM_HEIGHT_M1 = 0x112,
    /// Channels of the output, less one.
    OFM_DEPTH_M1 = 0x113,
    /// Type, format, scale mode and rounding of the output.
    OFM_PRECISION = 0x114,
    /// Columns of a block, less one.
    OFM_BLK_WIDTH_M1 = 0x115,
    /// Rows of a block, less one.
    OFM_BLK_HEIGHT_M1 = 0x116,
    /// Channels of a block, less one.
    OFM_BLK_DEPTH_M1 = 0x117,
    /// Zero point of the output.
    OFM_ZERO_POINT = 0x118,
    /// Columns of the left tiles, less one.
    OFM_WIDTH0_M1 = 0x11a,
    /// Rows of the upper left tile, less one.
    OFM_HEIGHT0_M1 = 0x11b,
    /// Rows of the upper right tile, less one.
    OFM_HEIGHT1_M1 = 0x11c,
    /// Memory of the output.
    OFM_REGION = 0x11f,
    /// Columns of the kernel, less one.
    KERNEL_WIDTH_M1 = 0x120,
    /// Rows of the kernel, less one.
    KERNEL_HEIGHT_M1 = 0x121,
    /// Strides, dilation and order of the weights.
    KERNEL_STRIDE = 0x122,
    /// Format of the accumulators.
    ACC_FORMAT = 0x124,
    /// Function of the output: a table, or none.
    ACTIVATION = 0x125,
    /// Least output.
    ACTIVATION_MIN = 0x126,
    /// Greatest output.
    ACTIVATION_MAX = 0x127,
    /// Memory of the weights.
    WEIGHT_REGION = 0x128,
    /// Memory of the scales.
    SCALE_REGION = 0x129,
    /// Where the accumulators start.
    AB_START = 0x12d,
    /// How many blocks may overlap with the operator before.
    BLOCKDEP = 0x12f,
    /// Memory that is copied from.
    DMA0_SRC_REGION = 0x130,
    /// Memory that is copied to.
    DMA0_DST_REGION = 0x131,
    /// How the second input is repeated.
    IFM2_BROADCAST = 0x180,
    /// The second input, where it is one number.
    IFM2_SCALAR = 0x181,
    /// Type and format of the second input.
    IFM2_PRECISION = 0x185,
    /// Zero point of the second input.
    IFM2_ZERO_POINT = 0x189,
    /// Columns of the left tiles, less one.
    IFM2_WIDTH0_M1 = 0x18a,
    /// Rows of the upper left tile, less one.
    IFM2_HEIGHT0_M1 = 0x18b,
    /// Rows of the upper right tile, less one.
    IFM2_HEIGHT1_M1 = 0x18c,
    /// Where the buffer of the second input starts.
    IFM2_IB_START = 0x18d,
    /// Memory of the second input.
    IFM2_REGION = 0x18f,
    /// First byte of the upper left tile of the input.
    IFM_BASE0 = WIDE,
    /// Of the upper right one.
    IFM_BASE1 = WIDE + 1,
    /// Of the lower left one.
    IFM_BASE2 = WIDE + 2,
    /// Of the lower right one.
    IFM_BASE3 = WIDE + 3,
    /// Bytes from column to column.
    IFM_STRIDE_X = WIDE + 4,
    /// Bytes from row to row.
    IFM_STRIDE_Y = WIDE + 5,
    /// Bytes from sixteen channels to the next.
    IFM_STRIDE_C = WIDE + 6,
    /// First byte of the upper left tile of the output.
    OFM_BASE0 = WIDE + 16,
    /// Of the upper right one.
    OFM_BASE1 = WIDE + 17,
    /// Of the lower left one.
    OFM_BASE2 = WIDE + 18,
    /// Of the lower right one.
    OFM_BASE3 = WIDE + 19,
    /// Bytes from column to column.
    OFM_STRIDE_X = WIDE + 20,
    /// Bytes from row to row.
    OFM_STRIDE_Y = WIDE + 21,
    /// Bytes from sixteen channels to the next.
    OFM_STRIDE_C = WIDE + 22,
    /// First byte of the weights.
    WEIGHT_BASE = WIDE + 32,
    /// Bytes of the weights.
    WEIGHT_LENGTH = WIDE + 33,
    /// First byte of the scales.
    SCALE_BASE = WIDE + 34,
    /// Bytes of the scales.
    SCALE_LENGTH = WIDE + 35,
    /// Multiplier and shift of the output.
    OFM_SCALE = WIDE + 36,
    /// Multiplier and shift of the first operand.
    OPA_SCALE = WIDE + 37,
    /// Multiplier of the second operand.
    OPB_SCALE = WIDE + 38,
    /// First byte that is copied.
    DMA0_SRC = WIDE + 48,
    /// Where it is copied to.
    DMA0_DST = WIDE + 49,
    /// Bytes that are copied.
    DMA0_LEN = WIDE + 50,
    /// First byte of the upper left tile of the second input.
    IFM2_BASE0 = WIDE + 128,
    /// Of the upper right one.
    IFM2_BASE1 = WIDE + 129,
    /// Of the lower left one.
    IFM2_BASE2 = WIDE + 130,
    /// Of the lower right one.
    IFM2_BASE3 = WIDE + 131,
    /// Bytes from column to column.
    IFM2_STRIDE_X = WIDE + 132,
    /// Bytes from row to row.
    IFM2_STRIDE_Y = WIDE + 133,
    /// Bytes from sixteen channels to the next.
    IFM2_STRIDE_C = WIDE + 134,
}

/// The registers as a stream has set them.
#[derive(Clone, Debug)]
pub struct Registers {
    values: [Option<u64>; ALL.len()],
}

impl Default for Registers {
    fn default() -> Self {
        Self { values: [None; ALL.len()] }
    }
}

impl Registers {
    /// The value of a register, if it was set.
    pub fn get(&self, code: u16) -> Option<u64> {
        self.values.get(Self::place(code)?).copied().flatten()
    }

    /// Sets a register; `None` if no stream may set it.
    pub fn set(&mut self, code: u16, value: u64) -> Option<()> {
        *self.values.get_mut(Self::place(code)?)? = Some(value);
        Some(())
    }

    fn place(code: u16) -> Option<usize> {
        // The list is sorted by number.
        ALL.binary_search(&code).ok()
    }
}
