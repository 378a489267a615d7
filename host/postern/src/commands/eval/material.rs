//! What an evaluation compares: a protocol's pictures, their people, and the folds that count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use eval::{Comparison, Embeddings, Misnamed, Pair, Picture, Protocol, accuracy, held_out, misnamed};
use models::ImageFile;

use super::embed;
use super::promise::promises;
use super::report::{Named, Rates, Report};
use crate::commands::calibrate::strangers::judge_threshold;
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

    /// Leave out pictures whose view the door refuses: it compares no others
    #[arg(long)]
    pub good_views: bool,

    /// Leave out pictures that show another person than their name says, as this other encoder sees it
    #[arg(long, value_name = "NAME|IMAGE")]
    pub judge: Option<String>,

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
    /// Pictures that are left out, because the door refuses their view. `None` where nobody asked.
    refused: Option<BTreeSet<Picture>>,
    /// Pictures that are left out, because they show another person, and who that is. `None` where nobody asked.
    misnamed: Option<BTreeMap<Picture, String>>,
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
        let refused =
            self.good_views.then(|| embed::refused(&self.detector, &self.images, &pictures)).transpose()?;
        let misnamed = self.judge.as_ref().map(|judge| self.misnamed(judge, &pictures)).transpose()?;
        Ok(Material { protocol, pictures, held_out, refused, misnamed })
    }

    /// Embeds the pictures: with an image by the device's own code, in float with a model as published.
    pub fn embed(&self, material: &Material, encoder: &str, float: bool) -> anyhow::Result<Embeddings> {
        let pictures = &material.pictures;
        ensure!(
            self.judge.as_deref() != Some(encoder),
            "an encoder cannot judge its own pictures: --judge takes another one"
        );
        if float {
            embed::in_float(&self.detector, encoder, &self.images, pictures)
        } else {
            let [detector, encoder] = [&self.detector, encoder].map(models::image);
            embed::on_device(&detector?, &encoder?, &self.images, pictures)
        }
    }

    /// The pictures that show somebody else than they say, and who that is.
    fn misnamed(&self, judge: &str, pictures: &[Picture]) -> anyhow::Result<BTreeMap<Picture, String>> {
        let [detector, encoder] = [&self.detector, judge].map(models::image);
        let (detector, encoder) = (detector?, encoder?);
        let file = ImageFile::read(&encoder)?;
        let threshold = judge_threshold(&file.model()?, JUDGED)
            .with_context(|| format!("{judge} has no thresholds, so it cannot judge"))?;
        let embeddings = embed::on_device(&detector, &encoder, &self.images, pictures)?;
        let (people, names) = people(pictures);
        let found = misnamed(&embeddings, &people, threshold.0);
        let named = |one: Misnamed| (pictures[one.picture].clone(), names[one.shows as usize].clone());
        Ok(found.into_iter().map(named).collect())
    }
}

/// A picture shows another person where the judge would match it, on the mean, at one false match in so many.
const JUDGED: u64 = 10_000;

impl Material {
    /// The pictures that count.
    pub fn measured(&self, embeddings: &Embeddings) -> Measured {
        let counted: BTreeSet<&Picture> = self.in_folds().flat_map(|pair| &pair.pictures).collect();
        let counts = |picture: &Picture| counted.contains(picture) && !self.is_left_out(picture);
        let places: Vec<usize> =
            (0..self.pictures.len()).filter(|&place| counts(&self.pictures[place])).collect();
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
        let compared = |pair: &&Pair| !pair.pictures.iter().any(|picture| self.is_left_out(picture));
        let answers: Vec<_> = self.protocol.pairs.iter().filter(compared).map(answer).collect();
        let pairs: Vec<[usize; 2]> = self.in_folds().filter(compared).map(places).collect();
        let listed = Comparison::of_pairs(embeddings, &people(&self.pictures).0, &pairs);
        let whole = self.held_out.is_empty();
        let measured = self.measured(embeddings);
        Ok(Report {
            encoder: name(encoder),
            pipeline: if float { "float" } else { "device" },
            pictures: measured.pictures.len(),
            without_face: measured.embeddings.missing(),
            refused: self.refused.as_ref().map(BTreeSet::len),
            misnamed: self.misnamed.as_ref().map(|all| {
                all.iter()
                    .map(|(picture, shows)| Named { picture: picture.path(), shows: shows.clone() })
                    .collect()
            }),
            accuracy: match whole && self.protocol.folds > 1 {
                true => self.known(accuracy(&answers, self.protocol.folds))?,
                false => None,
            },
            held_out: match whole {
                true => None,
                false => self.known(held_out(&answers, &self.held_out))?,
            },
            protocol_pairs: Rates::of_protocol(&listed),
            all_pairs: Rates::of_all_pairs(all),
            promises: if float { Vec::new() } else { promises(encoder, all)? },
        })
    }

    /// A figure of the protocol's pairs. Where pictures are left out, a fold may have too few pairs for it.
    fn known<T>(&self, figure: Result<T, eval::Error>) -> anyhow::Result<Option<T>> {
        let leaves_out = self.refused.is_some() || self.misnamed.is_some();
        if leaves_out { Ok(figure.ok()) } else { Ok(Some(figure?)) }
    }

    fn is_left_out(&self, picture: &Picture) -> bool {
        self.refused.as_ref().is_some_and(|refused| refused.contains(picture))
            || self.misnamed.as_ref().is_some_and(|misnamed| misnamed.contains_key(picture))
    }

    fn in_folds(&self) -> impl Iterator<Item = &Pair> {
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
