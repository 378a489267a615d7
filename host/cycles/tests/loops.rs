//! Cycles a round of small loops, given as machine code. The figures are those of the model's first implementation, in
//! Python over LLVM's disassembler; this crate has its own decoder and must agree.

use cycles::instruction::Instruction;
use cycles::pipeline::{Pipeline, Step};
use cycles::{Program, m7, m55};

/// Rounds that are simulated, and rounds until a loop is in its steady state.
const ROUNDS: (usize, usize) = (12, 4);

fn body(hex: &str) -> Vec<Instruction> {
    let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let code: Vec<u8> = (0..hex.len()).step_by(2).map(digits).collect();
    Program::of_code(0, &code).block(0, code.len() as u32 - 1).unwrap()
}

fn cycles_a_round(pipeline: &dyn Pipeline, hex: &str) -> f64 {
    let body = body(hex);
    assert!(body.iter().all(|instruction| instruction.known));
    let (rounds, steady) = ROUNDS;
    let ends = pipeline.ends(&vec![Step { body: &body, next: None, next_is_wide: false }; rounds]);
    (ends[rounds - 1] - ends[steady - 1]) / (rounds - steady) as f64
}

fn m55(hex: &str) -> [f64; 2] {
    [m55::Assumptions::LOW, m55::Assumptions::HIGH].map(|is| cycles_a_round(&is, hex))
}

fn m7(hex: &str) -> [f64; 2] {
    [m7::Assumptions::LOW, m7::Assumptions::HIGH].map(|is| cycles_a_round(&is, hex))
}

#[test]
fn seven_sums_in_memory_take_23_to_30_cycles_on_an_m55() {
    // vldrb.u8 q0, [r0], #16; ldm r1 of seven sums; seven vmlava.s8; stm r1! of seven sums.
    let code = "b0ec101e91e85515f0ee220ff0ee242ff0ee264ff0ee286ff0ee2a8ff0ee2caff0ee2ecfa1e85515";
    assert_eq!(m55(code), [23.0, 30.0]);
}

#[test]
fn sums_in_registers_take_two_cycles_a_product_on_an_m55() {
    // Two filters, three pixels: six vmlava.s8 beside five vldrb.u8.
    let code = "b1ec101eb3ec103ef0ee240ff0ee262ff0ee284ff2ee246fb5ec105ef2ee268fb7ec107ef2ee28afb9ec109e";
    assert_eq!(m55(code), [16.0, 16.0]);
}

#[test]
fn gathers_and_a_scatter_on_an_m55() {
    // vldrb.u16 and vldrb.u8 gathers; vmul, vqrdmulh, vrshl, vqmovnb; vstrb.16 scatter; adds, add.w lsl, subs, bne.
    let code = "90fc8e0e91fc0c2e10ef524925fe646e3bee657e37ee076e82ec8e6e103002eb8302013eecd1";
    assert_eq!(m55(code), [36.0, 53.0]);
}

#[test]
fn predicates_divisions_and_it_on_an_m55() {
    // vpt.s32, vqrdmulht, vmax, vmaxv; mov, str, ldr, udiv, cmp, it, addne; vldrw.
    let code = "6dfecf1f2cff4acb2cef48c6e2ee0c2f134641f8043b0c68b4fbf3f5002d18bf2e44b0ec049f";
    assert_eq!(m55(code), [21.0, 29.0]);
}

#[test]
fn two_pixels_and_two_filters_take_8_cycles_on_an_m7() {
    // ldrd, ldr, ldr; four smlad; subs; bne.
    let code = "f0e8022351f8044b8d5922fb047723fb048822fb059923fb05aabbf1010befd1";
    assert_eq!(m7(code), [8.0, 8.0]);
}

#[test]
fn packing_lists_and_a_division_on_an_m7() {
    // ldrb, sxtb16 twice, pkhbt, add asr, mul, ssat, strb, stm, ldm, adds, mov, udiv, cmp, bne.
    let code = "10f8012b2ffa82f32ffa92f4c3ea044505ebe40606fb02f707f3070801f8018ba9e83c00bae81c00\
                0136b446b6fbf2fbbbf1000fe4d1";
    assert_eq!(m7(code), [21.0, 31.0]);
}
