//! Random small networks, held against tract: the compiler computes what the file says, or refuses it.
//!
//! Half of the networks hold only what is supported, and must compile. The other half have one near miss: a form that is
//! close to a supported one and means something else. Those are refused, or computed as tract computes them.
//! Some hundred networks run with the tests; `POSTERN_NETWORKS=5000 cargo test --release --test generated`
//! runs thousands.

mod networks;
mod oracle;

use compiler::Kind;
use fastrand::Rng;
use networks::random::network;
use oracle::{cosine, difference, float, integer, options, tract};

/// How an error ends that only says that tract computes something else.
const TRACT: &str = " from what tract computes";

/// What became of some networks.
#[derive(Debug, Default)]
struct Tally {
    computed: usize,
    refused: usize,
    without_oracle: usize,
    /// Those whose difference can be tract's fault.
    doubted: Vec<u64>,
}

/// What became of the network of `seed`, or why that is wrong.
fn judge(seed: u64, tally: &mut Tally) -> Result<(), String> {
    let options = options(Kind::Encoder);
    let (onnx, sides, _) = network(seed);
    let mut rng = Rng::with_seed(seed ^ 0x55aa);
    let mut picture = || (0..sides[0] * sides[1] * 3).map(|_| rng.u8(..)).collect::<Vec<u8>>();
    let samples: Vec<Vec<u8>> = (0..6).map(|_| picture()).collect();
    let ours = match float(&onnx, &options, &samples[0]) {
        Ok(ours) => ours.concat(),
        Err(error) if seed.is_multiple_of(2) && !REFUSED.contains(&seed) => {
            return Err(format!("it holds only what is supported: {error}"));
        }
        Err(_) => {
            tally.refused += 1;
            return Ok(());
        }
    };
    let theirs = match tract(&onnx, &samples[0], false) {
        Ok(theirs) => theirs.concat(),
        Err(error) => {
            println!("network {seed}: tract: {error:#}");
            tally.without_oracle += 1;
            return Ok(());
        }
    };
    if ours.len() != theirs.len() {
        return Err(format!("{} values, of tract {}", ours.len(), theirs.len()));
    }
    let off = difference(&ours, &theirs);
    if off > 2e-3 {
        return Err(format!("{off}{TRACT}"));
    }
    let unfolded = compiler::read_unfolded(&onnx, &options).map_err(|error| format!("unfolded: {error}"))?;
    let unfolded = compiler::float::run(&unfolded, &samples[0], |_, _, _| {}).concat();
    let off = difference(&unfolded, &ours);
    if off > 2e-3 {
        return Err(format!("{off} from what it is without folding"));
    }
    let image =
        compiler::compile(&onnx, &options, &samples, &|_, _, _| {}).map_err(|error| error.to_string())?;
    let told = integer(&image, &samples[0]);
    // Where every gate is shut there is no direction to compare.
    let is_shut = ours.iter().chain(&told).all(|&value| value == 0.0);
    let close = if is_shut { 1.0 } else { cosine(&told, &ours) };
    tally.computed += 1;
    if close > 0.95 { Ok(()) } else { Err(format!("the image has a cosine of {close}")) }
}

/// Networks that tract computes wrongly: with a padded MaxPool whose window is not square, or a convolution whose stride or
/// padding differs by axis. ONNX Runtime computes what the compiler does (`host/compiler/tools/onnxruntime_outputs.py`).
const WRONG_IN_TRACT: [u64; 5] = [46, 158, 248, 330, 382];

/// Networks of supported operators that are refused: a sigmoid times its own sigmoid.
const REFUSED: [u64; 1] = [2722];

/// A network whose gate writes a thousand times as much below zero as above, and the Relu after it leaves what is above alone.
const ONCE_WRONG: u64 = 1786;

/// Whether a network has a window of the forms that tract can compute wrongly.
fn may_be_wrong_in_tract(network: &[String]) -> bool {
    let differs = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!("Ints(\"{name}\", [")).unwrap_or_default();
        let numbers: Vec<&str> = rest.split(']').next().unwrap_or_default().split(", ").collect();
        numbers.chunks(2).any(|pair| pair.len() == 2 && pair[0] != pair[1])
    };
    let windows = network.iter().filter(|line| line.starts_with("Conv") || line.starts_with("MaxPool"));
    windows.into_iter().any(|line| {
        line.contains("SAME_") || ["strides", "pads", "kernel_shape"].iter().any(|name| differs(line, name))
    })
}

/// Checks the networks of these seeds. With `doubt`, a difference from tract in a network that it may compute wrongly is left
/// to ONNX Runtime.
fn check(seeds: std::ops::Range<u64>, doubt: bool) -> Tally {
    let mut tally = Tally::default();
    let mut wrong = Vec::new();
    for seed in seeds.filter(|seed| !WRONG_IN_TRACT.contains(seed)) {
        if let Err(why) = judge(seed, &mut tally) {
            if doubt && why.ends_with(TRACT) && may_be_wrong_in_tract(&network(seed).2) {
                tally.doubted.push(seed);
                continue;
            }
            wrong.push(format!("network {seed}: {why}\n  {}", network(seed).2.join("\n  ")));
        }
    }
    println!("{tally:?}");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    tally
}

#[test]
fn networks_are_computed_or_refused() {
    let tally = check(0..400, false);
    check(ONCE_WRONG..ONCE_WRONG + 1, false);
    // Near misses that are refused, those that mean the same after all, and all the others.
    assert!(tally.computed > 200 && tally.refused > 60 && tally.without_oracle < 8, "{tally:?}");
    let more =
        std::env::var("POSTERN_NETWORKS").map_or(0, |count| count.parse().expect("a number of networks"));
    let all = 1000..1000 + more;
    if let Some(folder) = std::env::var_os("POSTERN_NETWORKS_FOLDER") {
        write_for_another_runtime(folder.as_ref(), all.end.max(2000));
    }
    let doubted = check(all, true).doubted;
    println!("left to ONNX Runtime: {doubted:?}");
}

/// Writes networks with a picture and the outputs of the float graph, for `host/compiler/tools/onnxruntime_outputs.py`.
fn write_for_another_runtime(folder: &std::path::Path, count: u64) {
    std::fs::create_dir_all(folder).expect("a folder");
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    for seed in 0..count {
        let (onnx, sides, _) = network(seed);
        let mut rng = Rng::with_seed(seed);
        let picture: Vec<u8> = (0..sides[0] * sides[1] * 3).map(|_| rng.u8(..)).collect();
        let Ok(outputs) = float(&onnx, &options(Kind::Encoder), &picture) else { continue };
        let write = |kind: &str, bytes: &[u8]| std::fs::write(folder.join(format!("{seed}.{kind}")), bytes);
        let planes: Vec<f32> =
            (0..3).flat_map(|c| picture.iter().skip(c).step_by(3).map(|&p| f32::from(p))).collect();
        let written = write("onnx", &onnx).and(write("input", &bytes(&planes)));
        written.and(write("output", &bytes(&outputs.concat()))).expect("the folder was just made");
    }
}
