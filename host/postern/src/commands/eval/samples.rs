//! Looks at faces in a file: a line of JSON a presentation, scores, similarities and openness of the eyes in parts of one,
//! landmarks in pixels. A face that is too poor to judge is marked as poor; a picture without a face is `null`.
//!
//! ```text
//! {"attack_type":"print","origin":"DIR/PERSON/PHOTO.jpg","samples":[{"score":0.31,"similarity":1.0,"to_first":1.0,
//!  "openness":0.44,"landmarks":[[94.2,112.4],...],"matches":true},null,
//!  {"poor":true,"landmarks":[[94.2,112.4],...],...},...],"asked":[1,2,3],"step_ms":200}
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use eval::presentation::Seen;
use liveness::{STEPS, Sample};
use output_file::OutputFile;
use serde::{Deserialize, Serialize};
use vision::Point;

/// Milliseconds from one picture of a sequence to the next.
pub const STEP_MS: u64 = 200;

/// A presentation that was seen.
pub struct Presentation {
    /// What was presented.
    pub attack_type: String,
    /// The photograph that it was made of, or the first picture.
    pub origin: PathBuf,
    /// What every picture showed.
    pub seen: Vec<Seen>,
    /// The bytes of which a door drew the movements that it asked for; none if it asked for none.
    pub asked: Option<[u8; STEPS]>,
    /// Milliseconds from one picture to the next.
    pub step_ms: u64,
}

impl Presentation {
    /// Whose it is: the folder of the origin.
    pub fn person(&self) -> String {
        let folder = self.origin.parent().and_then(Path::file_name);
        folder.unwrap_or_default().to_string_lossy().into_owned()
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    attack_type: String,
    origin: PathBuf,
    samples: Vec<Option<Entry>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<[u8; STEPS]>,
    /// Older files have none: they are of five pictures a second.
    #[serde(default = "step")]
    step_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    score: f32,
    similarity: f32,
    /// Older files have none.
    #[serde(default = "one")]
    to_first: f32,
    /// Older files have none.
    #[serde(default)]
    openness: f32,
    landmarks: [[f32; 2]; 5],
    matches: Option<bool>,
    /// Whether the face is too poor to judge. Then place and time alone are known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    poor: bool,
}

/// The similarity of a face and itself.
fn one() -> f32 {
    1.0
}

/// Milliseconds from one picture to the next in older files.
fn step() -> u64 {
    STEP_MS
}

/// Writes presentations.
pub fn write(file: &OutputFile, presentations: &[Presentation]) -> anyhow::Result<()> {
    Ok(file.write(|to| {
        presentations.iter().try_for_each(|one| {
            let entry = |seen: &Seen| {
                seen.sample.or(seen.poor).map(|sample| Entry {
                    score: f32::from(sample.score) / 32768.0,
                    similarity: f32::from(sample.similarity) / 32768.0,
                    to_first: f32::from(sample.similarity_to_first) / 32768.0,
                    openness: f32::from(sample.openness) / 4096.0,
                    landmarks: sample
                        .landmarks
                        .map(|point| [point.x, point.y].map(|value| value as f32 / 1024.0)),
                    matches: seen.matches,
                    poor: seen.sample.is_none(),
                })
            };
            let samples = one.seen.iter().map(entry).collect();
            let line = Line {
                attack_type: one.attack_type.clone(),
                origin: one.origin.clone(),
                samples,
                asked: one.asked,
                step_ms: one.step_ms,
            };
            writeln!(to, "{}", serde_json::to_string(&line)?)
        })
    })?)
}

/// Reads what [`write()`] wrote; every number comes back as it was.
pub fn read(path: &Path) -> anyhow::Result<Vec<Presentation>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let parse = |(number, line): (usize, &str)| {
        let line: Line = serde_json::from_str(line)
            .with_context(|| format!("{}:{} is no line of samples", path.display(), number + 1))?;
        let Line { attack_type, origin, samples, asked, step_ms } = line;
        let seen = (0..).zip(samples).map(|(number, entry)| seen(number * step_ms, entry)).collect();
        Ok(Presentation { attack_type, origin, seen, asked, step_ms })
    };
    text.lines().enumerate().map(parse).collect()
}

/// Whether the samples of challenges contain the openness of the eyes.
pub fn show_eyes(presentations: &[Presentation]) -> bool {
    let shows = |one: &Presentation| {
        let mut samples = one.seen.iter().filter_map(|seen| seen.sample).peekable();
        samples.peek().is_none() || samples.any(|sample| sample.openness > 0)
    };
    presentations.iter().filter(|one| one.asked.is_some()).all(shows)
}

fn seen(at_ms: u64, entry: Option<Entry>) -> Seen {
    let Some(Entry { score, similarity, to_first, openness, landmarks, matches, poor }) = entry else {
        return Seen::default();
    };
    let sample = Sample {
        score: (score * 32768.0).round() as u16,
        similarity: (similarity * 32768.0).round() as i16,
        similarity_to_first: (to_first * 32768.0).round() as i16,
        openness: (openness * 4096.0).round() as u16,
        landmarks: landmarks.map(|[x, y]| {
            let [x, y] = [x, y].map(|value| (value * 1024.0).round() as i32);
            Point { x, y }
        }),
        at_ms,
    };
    match poor {
        true => Seen { poor: Some(sample), ..Seen::default() },
        false => Seen { sample: Some(sample), matches, poor: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_back_as_they_were_and_other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.jsonl");
        let landmarks = [1, -2, 300_001, 40_000, 5].map(|x| Point { x, y: 7 - x });
        let sample = Sample {
            score: 32_768,
            landmarks,
            openness: 1_803,
            at_ms: 125,
            similarity: -5,
            similarity_to_first: 7,
        };
        let poor = Seen { poor: Some(Sample { score: 0, at_ms: 250, ..sample }), ..Seen::default() };
        let seen = vec![
            Seen::default(),
            Seen { sample: Some(sample), matches: Some(true), ..Seen::default() },
            poor,
        ];
        let one = Presentation {
            attack_type: "print".to_owned(),
            origin: "faces/Ann/1.jpg".into(),
            seen,
            asked: Some([9, 0, 255]),
            step_ms: 125,
        };
        let file = OutputFile::new(&path, false, [&one.origin]).unwrap();
        write(&file, std::slice::from_ref(&one)).unwrap();
        let again = read(&path).unwrap();
        assert_eq!((again.len(), again[0].person(), &again[0].seen), (1, "Ann".to_owned(), &one.seen));
        assert_eq!((again[0].asked, again[0].step_ms), (one.asked, one.step_ms));
        assert!(show_eyes(&again));
        let old = fs::read_to_string(&path).unwrap().replace("\"openness\":", "\"anything else\":");
        fs::write(&path, old).unwrap();
        let again = read(&path).unwrap();
        assert!(again[0].seen[1].sample.is_some() && !show_eyes(&again));
        fs::write(&path, "{}\n").unwrap();
        assert!(read(&path).err().unwrap().to_string().ends_with("samples.jsonl:1 is no line of samples"));
    }
}
