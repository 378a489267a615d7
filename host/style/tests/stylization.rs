//! Whole stylizations with a small network of random filters, which need nothing that is fetched.
#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use autodiff::network::convolution::Convolution;
use autodiff::network::pooling::Pooling;
use autodiff::network::{Node, Operator};
use autodiff::{Network, Window};
use style::{
    Colours, Costs, Error, Features, Guide, LayerName, Method, Picture, Preprocessing, Region, Settings,
    Start, Style, Weights, memory, stylize,
};

fn network() -> Network {
    let mut random = fastrand::Rng::with_seed(1);
    let mut convolution = |inputs: usize, outputs: usize| {
        let weights: Vec<f32> =
            (0..9 * inputs * outputs).map(|_| (random.f32() - 0.5) / (inputs as f32).sqrt()).collect();
        let window = Window { kernel: [3, 3], stride: [1, 1], pads: [1; 4] };
        let mut convolution = Convolution::new(window, &weights, vec![0.01; outputs], false);
        convolution.relu = true;
        Operator::Convolution(convolution)
    };
    let pool = Operator::Pool(Pooling { window: [2, 2], stride: [2, 2], mean: false });
    let operators = [convolution(3, 16), pool, convolution(16, 16)];
    let node = |(input, operator)| Node { operator, inputs: vec![input] };
    Network { nodes: operators.into_iter().enumerate().map(node).collect(), channels: 3, layers: vec![1, 3] }
}

fn features() -> Features {
    let names = ["first", "second"].map(|name| LayerName { name: name.into(), node: name.into() });
    Features::new(network(), Preprocessing { bgr: true, mean: [100.0, 110.0, 120.0], scale: 0.5 }, &names)
        .expect("the network takes three channels")
}

fn settings() -> Settings {
    Settings {
        weights: Weights {
            content: 1.0,
            style: 10.0,
            variation: 0.1,
            content_layers: vec![("second".into(), 1.0)],
            style_layers: vec![("first".into(), 0.5), ("second".into(), 0.5)],
        },
        sides: vec![24, 40],
        evaluations: vec![20, 15],
        style_scale: 1.0,
        method: Method::Lbfgs(5),
        start: Start::Content,
        seed: 7,
        colours: Colours::Style,
        painted: None,
    }
}

/// A picture of waves in one colour or another.
fn waves(height: usize, width: usize, tint: [f32; 3]) -> Picture {
    let value = |place: usize| {
        let (pixel, channel) = (place / 3, place % 3);
        let (y, x) = ((pixel / width) as f32, (pixel % width) as f32);
        tint[channel] * (0.6 + 0.4 * (x * 0.5 + y * 0.2 * tint[0] / 50.0).sin())
    };
    Picture { height, width, values: (0..height * width * 3).map(value).collect() }
}

fn content() -> Picture {
    waves(30, 40, [60.0, 120.0, 200.0])
}

fn regions(guide: Option<Guide>) -> Vec<Region> {
    vec![Region { guide, styles: vec![Style { picture: waves(50, 36, [220.0, 90.0, 40.0]), weight: 1.0 }] }]
}

/// The picture, and the first and last costs at the last size.
fn paint(settings: &Settings, regions: &[Region]) -> (Picture, Costs, Costs) {
    let (mut first, mut last) = (Costs::default(), Costs::default());
    let picture = stylize(&features(), &content(), regions, settings, &mut |progress| {
        if progress.first {
            first = progress.costs;
        }
        last = progress.costs;
        ControlFlow::Continue(())
    });
    (picture.expect("all is given"), first, last)
}

#[test]
fn the_cost_falls_and_the_size_is_the_one_asked_for() {
    let (picture, first, last) = paint(&settings(), &regions(None));
    assert_eq!(picture.size(), [30, 40]);
    assert!(last.total < 0.9 * first.total, "{first:?} {last:?}");
    assert!(picture.values.iter().all(|value| (0.0..=255.0).contains(value)));
}

#[test]
fn the_same_seed_gives_the_same_picture_on_any_number_of_cores() {
    let settings = Settings { start: Start::Noise, ..settings() };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        pool.install(|| paint(&settings, &regions(None)).0)
    };
    let one = on(1);
    assert_eq!(one, on(3));
    let other = paint(&Settings { seed: 8, ..settings.clone() }, &regions(None)).0;
    assert_ne!(one, other);
}

#[test]
fn what_is_masked_stays_untouched() {
    let left = Guide {
        height: 30,
        width: 40,
        weights: (0..1200).map(|n| if n % 40 < 20 { 1.0 } else { 0.0 }).collect(),
    };
    let settings = Settings { painted: Some(left.clone()), ..settings() };
    let (picture, ..) = paint(&settings, &regions(Some(left)));
    let off = |right: bool| {
        let pixels = picture
            .values
            .chunks_exact(3)
            .zip(content().values.chunks_exact(3).map(<[f32]>::to_vec).collect::<Vec<_>>());
        let chosen = pixels.enumerate().filter(|(n, _)| (n % 40 >= 20) == right);
        chosen.map(|(_, (a, b))| (a[0] - b[0]).abs()).fold(0.0, f32::max)
    };
    assert_eq!(off(true), 0.0);
    assert!(off(false) > 5.0);
}

#[test]
fn kept_colours_are_the_contents() {
    let mean = |picture: &Picture, channel: usize| {
        picture.values.chunks_exact(3).map(|pixel| pixel[channel]).sum::<f32>() / picture.pixels() as f32
    };
    let redness = |picture: &Picture| mean(picture, 0) - mean(picture, 2);
    let styled = paint(&settings(), &regions(None)).0;
    for colours in [Colours::Luminance, Colours::Histogram] {
        let kept = paint(&Settings { colours, ..settings() }, &regions(None)).0;
        assert!(
            redness(&kept) < redness(&styled) - 10.0,
            "{colours:?}: {} {}",
            redness(&kept),
            redness(&styled)
        );
    }
}

#[test]
fn breaking_off_gives_the_best_so_far() {
    let mut count = 0;
    let picture = stylize(&features(), &content(), &regions(None), &settings(), &mut |_| {
        count += 1;
        if count == 12 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(count, 12);
    assert_eq!(picture.expect("there is one").width, 24);
}

#[test]
fn too_little_memory_is_told_with_the_size_that_fits() {
    let large = Settings { sides: vec![4000], ..settings() };
    let needed = memory::needed(&features(), &content(), &large).expect("the layers are known");
    assert!(memory::check(&features(), &content(), &large, needed).is_ok());
    let Err(Error::Memory { fits, .. }) = memory::check(&features(), &content(), &large, needed / 2) else {
        panic!("half of the memory is too little");
    };
    assert!((2000..4000).contains(&fits), "{fits}");
    let smaller = Settings { sides: vec![fits], ..settings() };
    assert!(memory::check(&features(), &content(), &smaller, needed / 2).is_ok());
}

#[test]
fn what_is_missing_is_told() {
    let unknown = Settings {
        weights: Weights { content_layers: vec![("third".into(), 1.0)], ..settings().weights },
        ..settings()
    };
    let run = |settings: &Settings, regions: &[Region]| {
        stylize(&features(), &content(), regions, settings, &mut |_| ControlFlow::Continue(())).unwrap_err()
    };
    assert!(matches!(run(&unknown, &regions(None)), Error::Layer(name) if name == "third"));
    assert!(matches!(run(&settings(), &[]), Error::NoStyle));
}
