//! Strangers: plain folders of aligned faces, of which nearly every pair shows two people.
//!
//! Rare false matches need hundreds of millions of pairs, and so tens of thousands of people. Nobody has their names. So
//! each picture counts as one person, and pictures of one person are found and joined:
//!
//! 1. A file that is there twice is taken once.
//! 2. A second encoder, the judge, compares the pairs that are most alike. It joins those that it would match in one of so
//!    many comparisons of different people as there are pairs. So it joins about one pair of different people by mistake.
//!
//! What the judge leaves apart counts as two people. That errs towards higher thresholds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use eval::{CalibrationPoint, Comparison, Embeddings, GroupRate, Groups, group_rates};
use imaging::Photo;
use models::{Arena, ImageFile};
use nn::Model;
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use template::{CosineScore, Template};
use train::SIDE;
use train::data::{Cache, Crops as _, Finding, Picture, Stored, images, strangers};

use crate::encoding::Encoding;
use crate::numbers::count;
use crate::output::note;
use crate::progress::Bar;

/// Pictures between two writes to the file of templates.
const AT_A_TIME: usize = 64;

/// The judge compares the pairs that are as alike as one in this many.
const JUDGED: f64 = 1e-5;

/// Options about strangers.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Strangers")]
pub struct StrangerArgs {
    /// Plain folders of aligned faces, nearly all of different people, instead of a folder of people
    #[arg(long, value_name = "DIR", num_args = 1.., conflicts_with = "folder")]
    pub strangers: Vec<PathBuf>,

    /// Use only this number of them, drawn at random
    #[arg(long, value_name = "PICTURES", requires = "strangers", value_parser = count::<usize>)]
    at_most: Option<usize>,

    /// Another encoder, which finds strangers that are there twice
    #[arg(long, value_name = "NAME|IMAGE", default_value = "sface")]
    judge: String,

    /// Also report the false matches within groups of strangers: a table of file names and their groups, with a header line;
    /// or `names`, where the names are those of UTKFace (AGE_GENDER_ETHNICITY_DATE.jpg or NUMBER-AGE-GENDER-ETHNICITY.jpg)
    #[arg(long, value_name = "CSV|names", requires = "strangers")]
    groups: Option<PathBuf>,

    /// Draw the groups into this file
    #[arg(long, value_name = "PNG", requires = "groups")]
    pub plot: Option<PathBuf>,

    /// Where templates are kept, so that an interrupted run goes on [default: templates in the data folder]
    #[arg(long, value_name = "DIR", requires = "strangers")]
    templates: Option<PathBuf>,
}

/// Templates of strangers.
pub struct Strangers {
    /// Their templates.
    pub templates: Embeddings,
    /// The person of each.
    pub people: Vec<u32>,
    /// Pairs of pictures that the judge found to show one person.
    pub joined: usize,
    /// The name of each picture's file.
    names: Vec<String>,
    /// Their groups.
    groups: Option<Groups>,
}

impl Strangers {
    /// The number of people.
    pub fn count(&self) -> usize {
        self.people.iter().collect::<BTreeSet<_>>().len()
    }

    /// The false matches within each group at the thresholds of `table`, which `all` gave.
    pub fn by_group(&self, table: &[CalibrationPoint], all: &Comparison) -> Vec<GroupRate> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let rates = |groups| group_rates(groups, &self.templates, &self.people, &names, table, all);
        self.groups.as_ref().map_or_else(Vec::new, rates)
    }
}

impl StrangerArgs {
    /// Encodes all pictures with `encoder`, and joins those of one person.
    pub fn read(&self, encoder: &Model) -> anyhow::Result<Strangers> {
        let mut pictures = strangers(&self.strangers)?;
        let name = |picture: &Picture| {
            picture.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
        };
        pictures.truncate(self.at_most.unwrap_or(usize::MAX));
        let names: Vec<String> = pictures.iter().map(name).collect();
        let groups = self.groups.as_deref().map(|from| groups(from, &names)).transpose()?;
        let all: Vec<usize> = (0..pictures.len()).collect();
        let templates = Embeddings::Templates(self.templates(encoder, &pictures, &all)?);
        let apart: Vec<u32> = (0..pictures.len() as u32).collect();
        let comparison = Comparison::all_pairs(&templates, &apart);
        let alike = comparison.most_alike(JUDGED);
        let judge = ImageFile::read(&models::image(&self.judge)?)?;
        let judge = judge.model().with_context(|| self.judge.clone())?;
        ensure!(
            judge.identity() != encoder.identity(),
            "an encoder cannot judge itself: --judge takes another one"
        );
        let same = judge_threshold(&judge, comparison.impostor_count())
            .with_context(|| format!("{} has no thresholds, so it cannot judge", self.judge))?;
        let shown: BTreeSet<usize> = alike.iter().flatten().map(|&picture| picture as usize).collect();
        let shown: Vec<usize> = shown.into_iter().collect();
        let judged = self.templates(&judge, &pictures, &shown)?;
        let by_picture: BTreeMap<usize, Template> = shown
            .into_iter()
            .zip(judged)
            .filter_map(|(picture, template)| Some((picture, template?)))
            .collect();
        let is_one = |[a, b]: &[u32; 2]| {
            let both = by_picture.get(&(*a as usize)).zip(by_picture.get(&(*b as usize)));
            both.and_then(|(a, b)| a.similarity(b)).is_some_and(|score| score >= same)
        };
        let pairs: Vec<[u32; 2]> = alike.into_iter().filter(is_one).collect();
        let people = join(pictures.len(), &pairs);
        Ok(Strangers { people, joined: pairs.len(), templates, names, groups })
    }

    /// The templates of some of the pictures, from the file or encoded now.
    fn templates(
        &self,
        encoder: &Model,
        pictures: &[Picture],
        wanted: &[usize],
    ) -> anyhow::Result<Vec<Option<Template>>> {
        let detector = ImageFile::read(&models::image(models::DETECTOR)?)?;
        let size = (encoder.input().height, encoder.input().width);
        let recognizer = Recognizer::new(detector.model()?, *encoder, DEFAULT_MIN_SCORE)
            .context("it is no encoder that a board runs")?;
        let encoding = Encoding::of(encoder)?;
        let folder = self.templates.clone().unwrap_or_else(|| models::data("templates"));
        let mut cache = Cache::open(
            &kept(&folder, encoder.name(), encoder.identity())?,
            encoder.identity(),
            recognizer.dimension(),
        )?;
        let new: Vec<&Picture> = wanted
            .iter()
            .map(|&picture| &pictures[picture])
            .filter(|one| cache.known(&one.digest).is_none())
            .collect();
        let bar = Bar::counted(wanted.len(), encoder.name());
        bar.inc((wanted.len() - new.len()) as u64);
        for some in new.chunks(AT_A_TIME) {
            let encode = |arena: &mut Arena, picture: &&Picture| {
                let finding = match Photo::open(&picture.path) {
                    Ok(photo) if (photo.width(), photo.height()) == (SIDE as u32, SIDE as u32) => {
                        let face = images(vec![photo.rgb().to_vec()], size).pixels;
                        let crop: Vec<i8> = face.iter().map(|value| (value ^ 0x80) as i8).collect();
                        match encoding.encode_crop(&recognizer, &crop, arena.bytes()) {
                            Ok(template) => {
                                let values = template.values().iter().map(|&value| value as u8);
                                Finding::Something(values.collect())
                            }
                            Err(error) => Finding::Nothing(error.to_string()),
                        }
                    }
                    Ok(_) => Finding::Nothing(format!("it is no aligned face of {SIDE}x{SIDE} pixels")),
                    Err(error) => Finding::Nothing(error.to_string()),
                };
                bar.inc(1);
                (picture.digest, finding)
            };
            let arena = || Arena::new(recognizer.arena_len());
            for (digest, finding) in some.par_iter().map_init(arena, encode).collect::<Vec<_>>() {
                cache.add(digest, &finding)?;
            }
        }
        bar.finish_and_clear();
        let mut places = Vec::new();
        let mut kept = Vec::new();
        let mut left_out = 0;
        for &picture in wanted {
            match cache.known(&pictures[picture].digest) {
                Some(Stored::Something(place)) => {
                    kept.push(true);
                    places.push(*place);
                }
                Some(Stored::Nothing(reason)) => {
                    if left_out == 0 {
                        note!("left out {}: {reason}", pictures[picture].path.display());
                    }
                    left_out += 1;
                    kept.push(false);
                }
                None => kept.push(false),
            }
        }
        if left_out > 1 {
            note!("left out {left_out} pictures in all");
        }
        let store = cache.store(places);
        let mut next = 0;
        let read = |kept: bool| -> anyhow::Result<Option<Template>> {
            if !kept {
                return Ok(None);
            }
            let values: Vec<i8> = store.read(next)?.into_iter().map(|value| value as i8).collect();
            next += 1;
            Ok(Some(Template::from_values(&values)?))
        };
        kept.into_iter().map(read).collect()
    }
}

/// The file of the templates of an encoder. Its name comes from the image, and leads to no other folder.
fn kept(folder: &Path, name: &str, identity: &[u8; 32]) -> models::Result<PathBuf> {
    let name = models::plain_name(name)?;
    Ok(folder.join(format!("{name}-{}", &hex::encode(identity)[..8])))
}

/// The groups that the table `from` tells, or that the names of the files do.
fn groups(from: &Path, names: &[String]) -> anyhow::Result<Groups> {
    if from == Path::new("names") {
        return Ok(Groups::of_file_names(names.iter().map(String::as_str)));
    }
    let text = std::fs::read_to_string(from).with_context(|| format!("cannot read {}", from.display()))?;
    Groups::parse(&text).with_context(|| from.display().to_string())
}

/// From which score the judge calls two pictures one person: its threshold for one false match in `comparisons`.
pub fn judge_threshold(judge: &Model, comparisons: u64) -> Option<CosineScore> {
    let points: Vec<template::CalibrationPoint> = judge
        .calibration()
        .map(|record| template::CalibrationPoint {
            one_in: record.one_in,
            threshold: CosineScore(record.threshold),
            // It is no promise to anybody.
            basis: template::Basis::Unproven,
        })
        .collect();
    let calibration = template::Calibration::new(&points).ok()?;
    let one_in = u32::try_from(comparisons).unwrap_or(u32::MAX);
    Some(calibration.threshold(one_in, 1).similarity)
}

/// A number for each picture, the same for those that pairs join.
fn join(count: usize, pairs: &[[u32; 2]]) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..count as u32).collect();
    fn root(parent: &mut [u32], mut of: u32) -> u32 {
        while parent[of as usize] != of {
            parent[of as usize] = parent[parent[of as usize] as usize];
            of = parent[of as usize];
        }
        of
    }
    for &[a, b] in pairs {
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        parent[a.max(b) as usize] = a.min(b);
    }
    let roots: Vec<u32> = (0..count as u32).map(|picture| root(&mut parent, picture)).collect();
    let numbers: BTreeMap<u32, u32> =
        roots.iter().copied().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
    roots.iter().map(|root| numbers[root]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_one_person_get_one_number_also_by_way_of_a_third() {
        assert_eq!(join(6, &[[1, 4], [4, 2]]), [0, 1, 1, 2, 1, 3]);
        assert_eq!(join(3, &[]), [0, 1, 2]);
    }

    #[test]
    fn templates_stay_in_their_folder_whatever_an_image_is_called() {
        let folder = Path::new("templates");
        let path = |name: &str| kept(folder, name, &[0xab; 32]);
        assert_eq!(path("postern-128").unwrap(), folder.join("postern-128-abababab"));
        for name in ["../../.bashrc", "/etc/x", "a/b", "..", "", "a\n"] {
            assert!(matches!(path(name), Err(models::Error::Name { .. })), "{name:?}");
        }
    }
}
