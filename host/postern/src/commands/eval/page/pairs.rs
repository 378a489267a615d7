//! The worst pairs, for inspection.

use std::path::Path;

use eval::{Picture, Scored, worst as worst_of};
use imaging::{Photo, Tile, sheet as lay_out};
use schemars::JsonSchema;
use serde::Serialize;

use crate::commands::eval::material::Measured;

/// Pairs of each kind.
const COUNT: usize = 12;
/// Pixels of a picture on a sheet.
const SIDE: u32 = 170;

/// Two pictures that an encoder takes for what they are not.
#[derive(JsonSchema, Serialize)]
pub struct WorstPair {
    /// Paths below the folder of pictures.
    pub pictures: [String; 2],
    /// Their cosine.
    pub similarity: f64,
}

/// The worst of both kinds.
pub struct WorstPairs {
    pub misses: Vec<WorstPair>,
    pub false_matches: Vec<WorstPair>,
}

/// Finds them.
pub fn worst(measured: &Measured) -> WorstPairs {
    let found = worst_of(&measured.embeddings, &measured.people, COUNT);
    let name = |scored: &Scored| WorstPair {
        pictures: scored.pictures.map(|picture| Picture::path(&measured.pictures[picture])),
        similarity: f64::from(scored.score) / f64::from(measured.embeddings.one()),
    };
    WorstPairs {
        misses: found.misses.iter().map(name).collect(),
        false_matches: found.false_matches.iter().map(name).collect(),
    }
}

/// Lays pairs out on a sheet, two pictures beside each other.
pub fn sheet(folder: &Path, pairs: &[WorstPair]) -> anyhow::Result<Photo> {
    let mut tiles = Vec::new();
    for pair in pairs {
        let [left, right] = [&pair.pictures[0], &pair.pictures[1]].map(|path| Photo::open(folder.join(path)));
        let photo = Photo::beside(&left?, &right?);
        tiles.push(Tile { photo, label: format!("{:.2} {}", pair.similarity, label(&pair.pictures)) });
    }
    Ok(lay_out(&tiles, 2 * SIDE))
}

/// The people in the pictures: the person's name and the numbers, or both names.
fn label(pictures: &[String; 2]) -> String {
    let [left, right] = [&pictures[0], &pictures[1]].map(|path| {
        let (person, file) = path.split_once('/').unwrap_or((path, ""));
        (person, file.rsplit('_').next().and_then(|end| end.strip_suffix(".jpg")).unwrap_or(file))
    });
    if left.0 == right.0 {
        return format!("{} {} | {}", left.0, left.1, right.1);
    }
    format!("{} {} | {} {}", left.0, left.1, right.0, right.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_a_person_once() {
        let of = |left: &str, right: &str| label(&[left.into(), right.into()]);
        assert_eq!(of("Ann_B/Ann_B_0001.jpg", "Ann_B/Ann_B_0012.jpg"), "Ann_B 0001 | 0012");
        assert_eq!(of("Ann_B/Ann_B_0001.jpg", "Cy/Cy_0002.jpg"), "Ann_B 0001 | Cy 0002");
    }
}
