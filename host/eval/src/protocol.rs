//! The pairs file of Labeled Faces in the Wild.
//!
//! ```text
//! 10      300                       folds, and pairs of each kind in a fold
//! Abel_Pacheco    1    4            same person: name, two picture numbers      (300 of these,
//! Abdel_Madi_Shabneh 1 Dean_Barker 1   two people: name, number, name, number    then 300 of these)
//! ```
//! Fields are separated by tabs. With one field in the first line there is one fold.

use std::collections::BTreeSet;

use crate::Error;

/// One picture of one person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Picture {
    /// The person's name as the folders spell it.
    pub person: String,
    /// The picture's number, from 1.
    pub number: u32,
}

impl Picture {
    /// Its path below the folder of pictures: `NAME/NAME_0001.jpg`.
    pub fn path(&self) -> String {
        format!("{0}/{0}_{1:04}.jpg", self.person, self.number)
    }
}

/// Two pictures to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The two pictures.
    pub pictures: [Picture; 2],
    /// Which fold it is in, from 0.
    pub fold: usize,
}

impl Pair {
    /// Whether both show one person.
    pub fn is_genuine(&self) -> bool {
        self.pictures[0].person == self.pictures[1].person
    }
}

/// The pairs of a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// How many folds there are.
    pub folds: usize,
    /// The pairs, fold after fold.
    pub pairs: Vec<Pair>,
}

impl Protocol {
    /// Reads a pairs file.
    ///
    /// # Errors
    /// [`Error::Pairs`] names the first line that does not follow the format.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let wrong = |line: usize, problem: &str| Error::Pairs { line: line + 1, problem: problem.into() };
        let (at, header) = lines.next().ok_or_else(|| wrong(0, "the file is empty"))?;
        let counts: Vec<usize> = header
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| wrong(at, "expected the number of folds and of pairs"))?;
        let (folds, each) = match counts[..] {
            [each] => (1, each),
            [folds, each] => (folds, each),
            _ => return Err(wrong(at, "expected the number of folds and of pairs")),
        };
        if folds == 0 || each == 0 {
            return Err(wrong(at, "no folds or no pairs"));
        }
        let mut pairs = Vec::new();
        for (at, line) in lines {
            let fold = pairs.len() / (2 * each);
            let pictures = pictures(line).map_err(|problem| wrong(at, problem))?;
            let pair = Pair { pictures, fold };
            if pair.is_genuine() != (pairs.len() % (2 * each) < each) {
                return Err(wrong(at, "same and different people are not in the order announced"));
            }
            pairs.push(pair);
        }
        if Some(pairs.len()) != folds.checked_mul(2 * each) {
            let problem = format!("{folds} folds of 2 x {each} pairs announced, {} found", pairs.len());
            return Err(Error::Pairs { line: at + 1, problem });
        }
        Ok(Self { folds, pairs })
    }

    /// Every picture that a pair names, once, in order.
    pub fn pictures(&self) -> Vec<Picture> {
        let unique: BTreeSet<&Picture> = self.pairs.iter().flat_map(|pair| &pair.pictures).collect();
        unique.into_iter().cloned().collect()
    }

    /// The protocol of the first `count` pairs of each kind in each fold, for a quick look.
    pub fn limited(&self, count: usize) -> Self {
        let mut kept = vec![[0usize; 2]; self.folds];
        let mut pairs = self.pairs.clone();
        pairs.retain(|pair| {
            let seen = &mut kept[pair.fold][usize::from(pair.is_genuine())];
            *seen += 1;
            *seen <= count
        });
        Self { folds: self.folds, pairs }
    }
}

fn pictures(line: &str) -> Result<[Picture; 2], &'static str> {
    let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
    let picture = |person: &str, number: &str| match number.parse() {
        Ok(number) => Ok(Picture { person: person.to_owned(), number }),
        Err(_) => Err("a picture's number is not a number"),
    };
    match fields[..] {
        [person, a, b] => Ok([picture(person, a)?, picture(person, b)?]),
        [one, a, other, b] if one != other => Ok([picture(one, a)?, picture(other, b)?]),
        [_, _, _, _] => Err("one person stands where two are announced"),
        _ => Err("expected three or four fields, separated by tabs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_FOLDS: &str = "2\t1\nAnn\t1\t4\nAnn\t1\tBob\t2\nBob\t2\t3\nAnn\t4\tCy\t12\n";

    #[test]
    fn reads_folds_pairs_and_pictures() {
        let protocol = Protocol::parse(TWO_FOLDS).unwrap();
        assert_eq!((protocol.folds, protocol.pairs.len()), (2, 4));
        assert!(protocol.pairs[0].is_genuine() && !protocol.pairs[1].is_genuine());
        assert_eq!(protocol.pairs[2].fold, 1);
        let paths: Vec<String> = protocol.pictures().iter().map(Picture::path).collect();
        assert_eq!(
            paths,
            [
                "Ann/Ann_0001.jpg",
                "Ann/Ann_0004.jpg",
                "Bob/Bob_0002.jpg",
                "Bob/Bob_0003.jpg",
                "Cy/Cy_0012.jpg"
            ]
        );
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let wrong = |text: &str| match Protocol::parse(text) {
            Err(Error::Pairs { line, .. }) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(wrong(""), 1);
        assert_eq!(wrong("ten\n"), 1);
        assert_eq!(wrong("1\t1\nAnn\t1\tx\nAnn\t1\tBob\t2\n"), 2);
        assert_eq!(wrong("1\t1\nAnn\t1\t2\nAnn\t1\n"), 3);
        assert_eq!(wrong("1\t1\nAnn\t1\t2\nAnn\t1\t3\n"), 3, "an impostor pair was announced");
        assert_eq!(wrong("2\t1\nAnn\t1\t2\nAnn\t1\tBob\t2\n"), 1, "a fold is missing");
    }

    #[test]
    fn a_limit_keeps_both_kinds_in_every_fold() {
        let limited = Protocol::parse(TWO_FOLDS).unwrap().limited(1);
        assert_eq!(limited.pairs.len(), 4);
        assert_eq!(Protocol::parse(TWO_FOLDS).unwrap().limited(0).pairs.len(), 0);
    }
}
