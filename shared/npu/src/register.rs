//! The registers that a command stream sets, by Arm's names and numbers. Numbers from [`WIDE`] on are those of commands
//! with a second word, which have 48 bits.
//!
//! The NPU does not use all of these bits. Of a padding, for example, it uses seven, so it would compute with another number
//! than a reader of all sixteen. Each register therefore names the bits that are known, and a value with another bit is
//! refused when it is set.

/// First number of the registers of 48 bits.
pub const WIDE: u16 = 0x400;

/// All 16 bits.
const WHOLE: u64 = 0xffff;
/// A kernel has at most 64 rows and columns.
const KERNEL: u64 = 0x3f;
/// One of eight memories.
const REGION: u64 = 7;
/// The destination of a copy is the memory in the NPU.
pub const ON_CHIP: u64 = 0x100;
/// An address or a distance in bytes: an Ethos-U55 has 32 bits.
const ADDRESS: u64 = 0xffff_ffff;
/// An address or a length in bytes, a multiple of 16.
const BLOCKS: u64 = 0xffff_fff0;
/// A multiplier of 32 bits, below a shift of 6.
const SCALE: u64 = 0x3f_ffff_ffff;

macro_rules! registers {
    ($($(#[$doc:meta])* $name:ident = $code:expr => $bits:expr,)*) => {
        $($(#[$doc])* pub const $name: u16 = $code;)*
        /// All registers that a stream may set.
        pub const ALL: &[u16] = &[$($name,)*];
        /// The bits of each one that the NPU uses and the checker knows.
        const BITS: &[u64] = &[$($bits,)*];
    };
}

registers! {
    /// Rows of padding above the input.
    IFM_PAD_TOP = 0x100 => 0x7f,
    /// Columns of padding to the left.
    IFM_PAD_LEFT = 0x101 => 0x7f,
    /// Columns of padding to the right.
    IFM_PAD_RIGHT = 0x102 => 0xff,
    /// Rows of padding below.
    IFM_PAD_BOTTOM = 0x103 => 0xff,
    /// Channels of the input, less one.
    IFM_DEPTH_M1 = 0x104 => WHOLE,
    /// Type, format, scale mode and rounding of the input.
    IFM_PRECISION = 0x105 => 0xc3cd,
    /// Upsampling of the input.
    IFM_UPSCALE = 0x107 => 1,
    /// Zero point of the input.
    IFM_ZERO_POINT = 0x109 => WHOLE,
    /// Columns of the left tiles, less one.
    IFM_WIDTH0_M1 = 0x10a => WHOLE,
    /// Rows of the upper left tile, less one.
    IFM_HEIGHT0_M1 = 0x10b => WHOLE,
    /// Rows of the upper right tile, less one.
    IFM_HEIGHT1_M1 = 0x10c => WHOLE,
    /// Where the input buffer ends.
    IFM_IB_END = 0x10d => 0x3f,
    /// Memory of the input.
    IFM_REGION = 0x10f => REGION,
    /// Columns of the output, less one.
    OFM_WIDTH_M1 = 0x111 => WHOLE,
    /// Rows of the output, less one.
    OFM_HEIGHT_M1 = 0x112 => WHOLE,
    /// Channels of the output, less one.
    OFM_DEPTH_M1 = 0x113 => WHOLE,
    /// Type, format, scale mode and rounding of the output.
    OFM_PRECISION = 0x114 => 0xc1c7,
    /// Columns of a block, less one.
    OFM_BLK_WIDTH_M1 = 0x115 => 0x3f,
    /// Rows of a block, less one.
    OFM_BLK_HEIGHT_M1 = 0x116 => 0x1f,
    /// Channels of a block, less one.
    OFM_BLK_DEPTH_M1 = 0x117 => 0x7f,
    /// Zero point of the output.
    OFM_ZERO_POINT = 0x118 => WHOLE,
    /// Columns of the left tiles, less one.
    OFM_WIDTH0_M1 = 0x11a => WHOLE,
    /// Rows of the upper left tile, less one.
    OFM_HEIGHT0_M1 = 0x11b => WHOLE,
    /// Rows of the upper right tile, less one.
    OFM_HEIGHT1_M1 = 0x11c => WHOLE,
    /// Memory of the output.
    OFM_REGION = 0x11f => REGION,
    /// Columns of the kernel, less one.
    KERNEL_WIDTH_M1 = 0x120 => KERNEL,
    /// Rows of the kernel, less one.
    KERNEL_HEIGHT_M1 = 0x121 => KERNEL,
    /// Strides, dilation and order of the weights.
    KERNEL_STRIDE = 0x122 => 0x247,
    /// Format of the accumulators.
    ACC_FORMAT = 0x124 => 3,
    /// Function of the output: a table, or none.
    ACTIVATION = 0x125 => 0x1f,
    /// Least output.
    ACTIVATION_MIN = 0x126 => WHOLE,
    /// Greatest output.
    ACTIVATION_MAX = 0x127 => WHOLE,
    /// Memory of the weights.
    WEIGHT_REGION = 0x128 => REGION,
    /// Memory of the scales.
    SCALE_REGION = 0x129 => REGION,
    /// Where the accumulators start.
    AB_START = 0x12d => 0x3f,
    /// How many blocks may overlap with the operator before.
    BLOCKDEP = 0x12f => 3,
    /// Memory that is copied from.
    DMA0_SRC_REGION = 0x130 => REGION,
    /// Memory that is copied to.
    DMA0_DST_REGION = 0x131 => ON_CHIP | REGION,
    /// How the second input is repeated.
    IFM2_BROADCAST = 0x180 => 0xc7,
    /// The second input, where it is one number.
    IFM2_SCALAR = 0x181 => WHOLE,
    /// Type and format of the second input.
    IFM2_PRECISION = 0x185 => 0xcd,
    /// Zero point of the second input.
    IFM2_ZERO_POINT = 0x189 => WHOLE,
    /// Columns of the left tiles, less one.
    IFM2_WIDTH0_M1 = 0x18a => WHOLE,
    /// Rows of the upper left tile, less one.
    IFM2_HEIGHT0_M1 = 0x18b => WHOLE,
    /// Rows of the upper right tile, less one.
    IFM2_HEIGHT1_M1 = 0x18c => WHOLE,
    /// Where the buffer of the second input starts.
    IFM2_IB_START = 0x18d => 0x3f,
    /// Memory of the second input.
    IFM2_REGION = 0x18f => REGION,
    /// First byte of the upper left tile of the input.
    IFM_BASE0 = WIDE => ADDRESS,
    /// Of the upper right one.
    IFM_BASE1 = WIDE + 1 => ADDRESS,
    /// Of the lower left one.
    IFM_BASE2 = WIDE + 2 => ADDRESS,
    /// Of the lower right one.
    IFM_BASE3 = WIDE + 3 => ADDRESS,
    /// Bytes from column to column.
    IFM_STRIDE_X = WIDE + 4 => ADDRESS,
    /// Bytes from row to row.
    IFM_STRIDE_Y = WIDE + 5 => ADDRESS,
    /// Bytes from sixteen channels to the next.
    IFM_STRIDE_C = WIDE + 6 => ADDRESS,
    /// First byte of the upper left tile of the output.
    OFM_BASE0 = WIDE + 16 => ADDRESS,
    /// Of the upper right one.
    OFM_BASE1 = WIDE + 17 => ADDRESS,
    /// Of the lower left one.
    OFM_BASE2 = WIDE + 18 => ADDRESS,
    /// Of the lower right one.
    OFM_BASE3 = WIDE + 19 => ADDRESS,
    /// Bytes from column to column.
    OFM_STRIDE_X = WIDE + 20 => ADDRESS,
    /// Bytes from row to row.
    OFM_STRIDE_Y = WIDE + 21 => ADDRESS,
    /// Bytes from sixteen channels to the next.
    OFM_STRIDE_C = WIDE + 22 => ADDRESS,
    /// First byte of the weights.
    WEIGHT_BASE = WIDE + 32 => BLOCKS,
    /// Bytes of the weights.
    WEIGHT_LENGTH = WIDE + 33 => BLOCKS,
    /// First byte of the scales.
    SCALE_BASE = WIDE + 34 => BLOCKS,
    /// Bytes of the scales.
    SCALE_LENGTH = WIDE + 35 => 0xf_fff0,
    /// Multiplier and shift of the output.
    OFM_SCALE = WIDE + 36 => SCALE,
    /// Multiplier and shift of the first operand.
    OPA_SCALE = WIDE + 37 => SCALE,
    /// Multiplier of the second operand.
    OPB_SCALE = WIDE + 38 => WHOLE,
    /// First byte that is copied.
    DMA0_SRC = WIDE + 48 => BLOCKS,
    /// Where it is copied to.
    DMA0_DST = WIDE + 49 => BLOCKS,
    /// Bytes that are copied.
    DMA0_LEN = WIDE + 50 => BLOCKS,
    /// First byte of the upper left tile of the second input.
    IFM2_BASE0 = WIDE + 128 => ADDRESS,
    /// Of the upper right one.
    IFM2_BASE1 = WIDE + 129 => ADDRESS,
    /// Of the lower left one.
    IFM2_BASE2 = WIDE + 130 => ADDRESS,
    /// Of the lower right one.
    IFM2_BASE3 = WIDE + 131 => ADDRESS,
    /// Bytes from column to column.
    IFM2_STRIDE_X = WIDE + 132 => ADDRESS,
    /// Bytes from row to row.
    IFM2_STRIDE_Y = WIDE + 133 => ADDRESS,
    /// Bytes from sixteen channels to the next.
    IFM2_STRIDE_C = WIDE + 134 => ADDRESS,
}

/// Why a register is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No stream may set that register.
    Register,
    /// The value has bits that the NPU does not use, or that the checker does not know.
    Bits,
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

    /// Sets a register.
    ///
    /// # Errors
    /// [`Unknown`]; then nothing is set.
    pub fn set(&mut self, code: u16, value: u64) -> Result<(), Unknown> {
        let place = Self::place(code).ok_or(Unknown::Register)?;
        let (bits, register) = BITS.get(place).zip(self.values.get_mut(place)).ok_or(Unknown::Register)?;
        if value & !bits != 0 {
            return Err(Unknown::Bits);
        }
        *register = Some(value);
        Ok(())
    }

    fn place(code: u16) -> Option<usize> {
        // The list is sorted by number.
        ALL.binary_search(&code).ok()
    }
}
