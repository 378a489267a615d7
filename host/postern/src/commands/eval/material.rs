//! What an evaluation compares: a protocol's pictures, their people, and the folds that count.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use eval::{Comparison, Embeddings, Pair, Picture, Protocol, accuracy, held_out};

use super::embed;
use super::promise::promises;
use super::report::{Rates, Report};
use crate::numbers::count;

/// The options that choose pictures and pairs.
#[derive(clap::Args)]
pub struct MaterialArgs {
    /// Folder of pictures: NAME/NAME_0001.jpg
    #[arg(long, value_name = "DIR")]
    pub images: PathBuf,

    /// Pairs in the format of Labeled Faces in the Wild (pairs.txt)
    #[arg(long, value_name = "FILE")]
    pub pairs: PathBuf,

    /// Folds, from 1, that are measured; the other folds give the threshold. For encoders that were trained on the
    /// other folds
    #[arg(long, value_name = "FOLDS", value_delimiter = ',', value_parser = count::<usize>)]
    pub held_out: Vec<usize>,

    /// Only the first N pairs of each kind in each fold, for a quick estimate
    #[arg(long, value_name = "N", value_parser = count::<usize>)]
    pub limit: Option<usize>,

    /// The detector: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::DETECTOR)]
    pub detector: String,
}

/// Pictures and pairs.
pub struct Material {
    protocol: Protocol,
    /// Every picture that a pair names.
    pub pictures: Vec<Picture>,
    /// Folds, counted from 0, to which the pictures are limited. Empty: all folds.
    held_out: Vec<usize>,
}

/// The pictures that count, with their embeddings by one encoder.
pub struct Measured {
    pub pictures: Vec<Picture>,
    pub embeddings: Embeddings,
    /// A number for each picture's person.
    pub people: Vec<u32>,
    /// The names, by that number.
    pub names: Vec<String>,
}

impl MaterialArgs {
    /// Reads the pairs.
    ///
    /// # Errors
    /// They cannot be read, there are none, or a fold to hold out is not among them.
    pub fn read(&self) -> anyhow::Result<Material> {
        let text = std::fs::read_to_string(&self.pairs)
            .with_context(|| format!("cannot read {}", self.pairs.display()))?;
        let mut protocol = Protocol::parse(&text).with_context(|| self.pairs.display().to_string())?;
        if let Some(limit) = self.limit {
            protocol = protocol.limited(limit);
        }
        let pictures = protocol.pictures();
        if pictures.is_empty() {
            bail!("there are no pairs to compare");
        }
        for &fold in &self.held_out {
            ensure!((1..=protocol.folds).contains(&fold), "there is no fold {fold} of {}", protocol.folds);
        }
        let held_out = self.held_out.iter().map(|fold| fold - 1).collect();
        Ok(Material { protocol, pictures, held_out })
    }

    /// Embeds the pictures: with an image by the device's own code, in float with a model as published.
    pub fn embed(&self, material: &Material, encoder: &str, float: bool) -> anyhow::Result<Embeddings> {
        let pictures = &material.pictures;
        if float {
            embed::in_float(&self.detector, encoder, &self.images, pictures)
        } else {
            let [detector, encoder] = [&self.detector, encoder].map(models::image);
            embed::on_device(&detector?, &encoder?, &self.images, pictures)
        }
    }
}

impl Material {
    /// The pictures that count.
    pub fn measured(&self, embeddings: &Embeddings) -> Measured {
        let counted: std::collections::BTreeSet<&Picture> =
            self.counted().flat_map(|pair| &pair.pictures).collect();
        let places: Vec<usize> =
            (0..self.pictures.len()).filter(|&place| counted.contains(&self.pictures[place])).collect();
        let pictures: Vec<Picture> = places.iter().map(|&place| self.pictures[place].clone()).collect();
        let (people, names) = people(&pictures);
        Measured { pictures, embeddings: embeddings.select(&places), people, names }
    }

    /// The figures of one encoder.
    pub fn report(
        &self,
        encoder: &str,
        float: bool,
        embeddings: &Embeddings,
        all: &Comparison,
    ) -> anyhow::Result<Report> {
        let at: BTreeMap<&Picture, usize> =
            self.pictures.iter().enumerate().map(|(at, picture)| (picture, at)).collect();
        let places = |pair: &Pair| [at[&pair.pictures[0]], at[&pair.pictures[1]]];
        let answer = |pair: &Pair| {
            let [a, b] = places(pair);
            let cosine = f64::from(embeddings.score(a, b)) / f64::from(embeddings.one());
            (pair.fold, cosine, pair.is_genuine())
        };
        let answers: Vec<_> = self.protocol.pairs.iter().map(answer).collect();
        let pairs: Vec<[usize; 2]> = self.counted().map(places).collect();
        let listed = Comparison::of_pairs(embeddings, &people(&self.pictures).0, &pairs);
        let whole = self.held_out.is_empty();
        let measured = self.measured(embeddings);
        Ok(Report {
            encoder: name(encoder),
            pipeline: if float { "float" } else { "device" },
            pictures: measured.pictures.len(),
            without_face: measured.embeddings.missing(),
            accuracy: (whole && self.protocol.folds > 1)
                .then(|| accuracy(&answers, self.protocol.folds))
                .transpose()?,
            held_out: (!whole).then(|| held_out(&answers, &self.held_out)).transpose()?,
            protocol_pairs: Rates::of_protocol(&listed),
            all_pairs: Rates::of_all_pairs(all),
            promises: if float { Vec::new() } else { promises(encoder, all)? },
        })
    }

    fn counted(&self) -> impl Iterator<Item = &Pair> {
        let counts = |pair: &&Pair| self.held_out.is_empty() || self.held_out.contains(&pair.fold);
        self.protocol.pairs.iter().filter(counts)
    }
}

impl Measured {
    /// All pairs of the pictures.
    pub fn all_pairs(&self) -> Comparison {
        Comparison::all_pairs(&self.embeddings, &self.people)
    }
}

/// A model's name, or that of an image's file.
pub fn name(encoder: &str) -> String {
    let stem = Path::new(encoder).file_stem();
    stem.map_or_else(|| encoder.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// A number for each picture's person, and the names by number.
fn people(pictures: &[Picture]) -> (Vec<u32>, Vec<String>) {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut names = Vec::new();
    let people = pictures.iter().map(|picture| {
        *numbers.entry(&picture.person).or_insert_with(|| {
            names.push(picture.person.clone());
            names.len() as u32 - 1
        })
    });
    (people.collect(), names)
}
