//! One optimisation with the course's weights, measured, for `tools/compare.py`.
//!
//! `measure ONNX CONTENT STYLE EVALUATIONS` prints JSON: seconds of each evaluation, the least cost, the
//! peak of the memory, and what it was before the network was read.
#![forbid(unsafe_code)]

use std::error::Error;
use std::ops::ControlFlow;
use std::time::Instant;

use imaging::Photo;
use style::{
    Colours, Features, LayerName, Method, PRESETS, Picture, Preprocessing, Region, Settings, Start, Style,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [onnx, content, style, evaluations] = &arguments[..] else {
        return Err("usage: measure ONNX CONTENT STYLE EVALUATIONS".into());
    };
    let before = memory("VmHWM");
    let preset = PRESETS.iter().find(|preset| preset.name == "course").ok_or("there is no preset course")?;
    let weights = preset.weights();
    let layers: Vec<LayerName> = weights
        .style_layers
        .iter()
        .chain(&weights.content_layers)
        .map(|(name, _)| LayerName { name: name.clone(), node: node(name) })
        .collect();
    let preprocessing = Preprocessing { bgr: true, mean: [103.939, 116.779, 123.68], scale: 1.0 };
    let features = Features::read(&std::fs::read(onnx)?, preprocessing, &layers)?;
    let content = Picture::from(&Photo::open(content)?);
    let picture = Picture::from(&Photo::open(style)?);
    let regions = [Region { guide: None, styles: vec![Style { picture, weight: 1.0 }] }];
    let settings = Settings {
        weights,
        sides: vec![content.height.max(content.width)],
        evaluations: vec![evaluations.parse()?],
        style_scale: 1.0,
        method: Method::Lbfgs(10),
        start: Start::Content,
        seed: 0,
        colours: Colours::Style,
        painted: None,
    };
    let mut seconds = Vec::new();
    let mut least = f64::INFINITY;
    let mut last = Instant::now();
    style::stylize(&features, &content, &regions, &settings, &mut |progress| {
        seconds.push(last.elapsed().as_secs_f64());
        last = Instant::now();
        least = least.min(progress.costs.total);
        ControlFlow::Continue(())
    })?;
    let peak = memory("VmHWM");
    println!("{{\"seconds\": {seconds:?}, \"cost\": {least:?}, \"before\": {before}, \"peak\": {peak}}}");
    Ok(())
}

/// `conv3_1` is called `functional_1/block3_conv1_1/Relu` in the file.
fn node(name: &str) -> String {
    let (block, layer) = name.trim_start_matches("conv").split_once('_').unwrap_or_default();
    format!("functional_1/block{block}_conv{layer}_1/Relu")
}

/// A line of the process's status in bytes.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find(|text| text.starts_with(line));
    let kilobytes = found.and_then(|text| text.split_whitespace().nth(1)).and_then(|text| text.parse().ok());
    1024 * kilobytes.unwrap_or(0u64)
}
