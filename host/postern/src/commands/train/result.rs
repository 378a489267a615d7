//! What a training leaves: ONNX, the image for the board, a manifest, plots and figures.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use anyhow::Context;
use compiler::{Kind, Method, Options, Preprocessing};
use encoder::{Encoder, Head, Optimizer, Source, Trainable};
use eval::{CalibrationPoint, Comparison, Curve, calibrate, intervals, plot_det};
use schemars::JsonSchema;
use serde::Serialize;
use train::data::Data;
use train::loss::Matrix;
use train::report;
use train::run::{
    Settings, Verification, embed, read_steps, read_validations, replace, samples, validate, verifiers,
};

use super::templates::by_templates;
use crate::commands::calibrate::table::{records, rows};
use models::ImageFile;

use crate::output::note;
use crate::progress::Bar;

/// Faces that the ranges of activations are taken from.
const SAMPLES: usize = 200;

/// Faces on the map, at the most.
const ON_MAP: usize = 300;

/// False-match rates that are reported, and marked in a plot.
const RATES: [f64; 3] = [1e-2, 1e-3, 1e-4];

/// What is known of a training when it is done.
pub struct Training<'a> {
    /// Name of the encoder.
    pub name: &'a str,
    /// Where everything goes.
    pub folder: &'a Path,
    /// What was asked for.
    pub settings: &'a Settings,
    /// The teacher's name.
    pub teacher: Option<&'a str>,
    /// Side of the faces that it takes.
    pub side: usize,
    /// Whether the board's rounding was learned: then nothing is to be evened out that is trained already.
    pub is_rounded: bool,
    /// Embeddings of the unseen people by the network as it began.
    pub before: &'a Matrix,
}

/// The errors on people who were not trained on.
#[derive(JsonSchema, Serialize)]
struct Figures {
    /// The rate at which false matches and misses are equally frequent, a share. `null` if too few pictures tell.
    equal_error_rate: Option<f64>,
    /// Share of comparisons of one person that match, at one false match in 100, 1000 and 10000. `null` where too few
    /// pictures tell.
    tar: [Option<f64>; 3],
}

/// An encoder was trained.
#[derive(JsonSchema, Serialize)]
pub struct Report {
    /// Its name.
    name: String,
    /// The file of its image.
    image: String,
    /// The size of its image.
    bytes: usize,
    /// Multiply-adds of one face.
    multiply_adds: usize,
    /// People who were not trained on.
    unseen_people: usize,
    /// Their pictures.
    unseen_pictures: usize,
    /// The errors of the network as it began.
    before: Figures,
    /// The errors of the network in float.
    float: Figures,
    /// The errors of the image.
    int8: Figures,
    /// Share of pairs of unseen people that three classifiers answer right.
    verification: Verification,
}

/// Writes everything, and reports.
pub fn write(training: &Training, encoder: &Encoder, data: &Data) -> anyhow::Result<Report> {
    let Training { name, folder, settings, .. } = *training;
    let onnx = encoder.to_onnx();
    replace(&folder.join(format!("{name}.onnx")), &onnx)?;
    // The float figures are those of the file: an encoder that has learned rounding still rounds.
    let plain = encoder::Preprocessing { mean: 0.0, scale: 1.0 };
    let source = Source { onnx: &onnx, preprocessing: plain, head: Head::Keep };
    let encoder = &Encoder::read(&source, Optimizer::default())?;
    let after = embed(encoder, data, &data.held_out, &mut |_| ())?;
    let known: Vec<usize> = spread(&data.train, SAMPLES * 2);
    let of_known = embed(encoder, data, &known, &mut |_| ())?;
    let people =
        |pictures: &[usize]| pictures.iter().map(|&picture| data.people[picture]).collect::<Vec<_>>();
    let unseen = people(&data.held_out);
    let verification = verifiers((&of_known, &people(&known)), (&after, &unseen), settings.seed);
    let [before, float] = [training.before, &after].map(|units| validate(units, data, &data.held_out));
    let (image, board, table) = compile(training, &onnx, encoder.input(), data)?;
    let path = folder.join(format!("{name}.pstn"));
    replace(&path, &image)?;
    let file = ImageFile::from_bytes(&image);
    let model = file.model()?;
    let operators = (0..model.operator_count()).filter_map(|number| model.operator(number));
    let mut names = unseen.clone();
    names.dedup();
    let report = Report {
        name: name.into(),
        image: path.display().to_string(),
        bytes: image.len(),
        multiply_adds: operators.map(|operator| operator.multiply_adds()).sum(),
        unseen_people: names.len(),
        unseen_pictures: unseen.len(),
        before: Figures::of(&before),
        float: Figures::of(&float),
        int8: Figures::of(&board),
        verification,
    };
    replace(&folder.join("manifest.toml"), manifest(training, &report, &table, data).as_bytes())?;
    draw(training, data, &after, &unseen, [("before", &before), ("float", &float), ("int8", &board)])?;
    Ok(report)
}

impl Figures {
    fn of(comparison: &Comparison) -> Self {
        Self {
            equal_error_rate: comparison.equal_error_rate(),
            tar: RATES.map(|rate| comparison.at(rate).tar),
        }
    }
}

/// Some of `pictures`, evenly spread.
fn spread(pictures: &[usize], most: usize) -> Vec<usize> {
    pictures.iter().copied().step_by(pictures.len().div_ceil(most).max(1)).collect()
}

/// The image, its embeddings of unseen people, and its thresholds.
fn compile(
    training: &Training,
    onnx: &[u8],
    input: (usize, usize),
    data: &Data,
) -> anyhow::Result<(Vec<u8>, Comparison, Vec<CalibrationPoint>)> {
    let images = samples(data, input, SAMPLES)?;
    let samples: Vec<Vec<u8>> =
        images.pixels.chunks_exact(input.0 * input.1 * 3).map(<[u8]>::to_vec).collect();
    let mut options = Options {
        name: training.name.into(),
        kind: Kind::Encoder,
        // The network prepares the pixels itself.
        preprocessing: Preprocessing { bgr: false, mean: 0.0, scale: 1.0 },
        input_size: None,
        method: Method {
            equalize: !training.is_rounded,
            correct_bias: !training.is_rounded,
            ..Method::default()
        },
        calibration: Vec::new(),
    };
    let bar = Bar::counted(0, "quantizing");
    let network = compiler::integers(onnx, &options, &samples, &|_, done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })
    .context("the network cannot be quantized")?;
    bar.finish_and_clear();
    let plan = compiler::plan::plan(&network);
    let image = compiler::image::write(&network, &plan, &options, onnx)?;
    let people: Vec<usize> = data.held_out.iter().map(|&picture| data.people[picture]).collect();
    let board = by_templates(&image, data.crops.as_ref(), &data.held_out, &people)?;
    let table = match calibrate(&board) {
        Ok(table) => table,
        Err(error) => {
            note!(
                "The image has no thresholds, so no board takes it: {error}. Hold out more people (--held-out), or \
                 measure them on others: `postern calibrate FOLDER --encoder {} --output NEW.pstn`.",
                training.folder.join(format!("{}.pstn", training.name)).display()
            );
            return Ok((image, board, Vec::new()));
        }
    };
    options.calibration = records(&table);
    Ok((compiler::image::write(&network, &plan, &options, onnx)?, board, table))
}

fn manifest(training: &Training, report: &Report, table: &[CalibrationPoint], data: &Data) -> String {
    let Training { name, settings, teacher, .. } = *training;
    let command: Vec<String> = std::env::args().skip(1).collect();
    let side = training.side;
    let number = |value: Option<f64>| value.map_or("nan".into(), |value| format!("{value:.4}"));
    let figures = |figures: &Figures| {
        let [often, rarely, rarest] = figures.tar.map(number);
        format!(
            "equal_error_rate = {}\ntar = {{ \"1e-2\" = {often}, \"1e-3\" = {rarely}, \"1e-4\" = {rarest} }}\n",
            number(figures.equal_error_rate)
        )
    };
    let mut text = format!(
        "# `postern train` wrote this file at the end of the training.\n\
         name = {name:?}\nkind = \"encoder\"\n\n\
         # Network input = (pixel - mean) * scale: the network contains the scaling.\n\
         [input]\nwidth = {side}\nheight = {side}\nchannels = \"rgb\"\nmean = [0.0, 0.0, 0.0]\nscale = 1.0\n\n\
         [training]\ncommand = {:?}\nseed = {}\nepochs = {}\nnetwork = {:?}\ndata = {:?}\n",
        format!("postern {}", command.join(" ")),
        settings.seed,
        settings.epochs,
        settings.network,
        settings.data,
    );
    if let Some(teacher) = teacher {
        let _ = writeln!(text, "teacher = {teacher:?}");
    }
    let _ = write!(
        text,
        "\n# The training used {} pictures. These figures are over all pairs of {} pictures of {} other people. A rate that so \
         few pictures cannot measure is nan.\n",
        data.train.len(),
        report.unseen_pictures,
        report.unseen_people
    );
    for (pipeline, of) in [("device", &report.int8), ("float", &report.float)] {
        let _ = write!(text, "[figures.{pipeline}]\n{}\n", figures(of));
    }
    if !table.is_empty() {
        text.push_str(&models::calibration::table(&rows(table), "on the same pictures"));
    }
    text
}

/// Draws everything that there is to draw.
fn draw(
    training: &Training,
    data: &Data,
    after: &Matrix,
    unseen: &[usize],
    comparisons: [(&str, &Comparison); 3],
) -> anyhow::Result<()> {
    let Training { name, folder, before, .. } = *training;
    let file = |name: &str| folder.join(name);
    let (steps, validations) = (read_steps(folder)?, read_validations(folder)?);
    report::curves(&file("loss.png"), &format!("Training of {name}"), &steps, &validations)?;
    let [old, new] = [before, after].map(|units| report::Distances::of(units, unseen));
    report::distances(&file("distances.png"), &format!("{name}: pairs of unseen people"), &old, &new)?;
    let points = comparisons.map(|(_, comparison)| {
        let found = intervals(comparison, &RATES);
        let all = RATES.iter().zip(found);
        all.map(|(&rate, interval)| eval::OperatingPoint { interval, ..comparison.at(rate) })
            .collect::<Vec<_>>()
    });
    let curves: Vec<Curve> = comparisons
        .iter()
        .zip(&points)
        .map(|((name, comparison), points)| Curve { name, comparison, points })
        .collect();
    plot_det(&file("det.png"), &format!("{name}: misses against false matches, unseen people"), &curves)?;
    let shown = unseen.len().min(ON_MAP);
    let units = Matrix { columns: after.columns, values: after.values[..shown * after.columns].to_vec() };
    report::map(&file("map.png"), &units, &unseen[..shown], |row| data.crops.read(data.held_out[row]))?;
    Ok(())
}

impl Report {
    /// Writes the report for people.
    pub fn print(&self, to: &mut dyn io::Write) -> io::Result<()> {
        let percent =
            |share: Option<f64>| share.map_or("?".into(), |share| format!("{:.2} %", share * 100.0));
        let share = |tar: Option<f64>| tar.map_or("cannot tell".into(), |tar| format!("{tar:.4}"));
        writeln!(to, "{}: {} bytes, {} multiply-adds", self.image, self.bytes, self.multiply_adds)?;
        writeln!(
            to,
            "{} pictures of {} unseen people, all pairs:",
            self.unseen_pictures, self.unseen_people
        )?;
        writeln!(to, "  {:<22} {:>10}  {:>11} at 1 in 100, 1,000, 10,000", "", "equal error", "TAR")?;
        let rows = [
            ("before, float", &self.before),
            ("after, float", &self.float),
            ("after, int8 as a board", &self.int8),
        ];
        for (name, figures) in rows {
            let tar = figures.tar.map(share).join(", ");
            writeln!(to, "  {name:<22} {:>11}  {tar}", percent(figures.equal_error_rate))?;
        }
        let Verification { threshold, absolute, chi_squared } = self.verification;
        writeln!(
            to,
            "right answers on as many pairs of one person as of two: {} by a threshold on d, {} by logistic \
             regression on |f(a) - f(b)|, {} on chi-squared",
            percent(Some(threshold)),
            percent(Some(absolute)),
            percent(Some(chi_squared))
        )
    }
}
