//! Turns of phrase that this project does not use: they are old English, and a reader of data sheets stumbles.
//!
//! `docs/glossary.md` lists them with what to write instead, and is exempt. Names count as prose: in code, underscores
//! and hyphens are read as spaces.

/// The turns, each in two halves so that this file does not find itself, and what to write instead.
const TURNS: &[(&str, &str)] = &[
    (concat!("wh", "om"), "name the person, or say `who`"),
    (concat!("an", "ew"), "say `again`"),
    (concat!("in fo", "rce"), "say `active`"),
    (concat!("is to", "ld of"), "say `receives` or `is notified of`"),
    (concat!("who is", " to"), "name the person"),
    (concat!("its k", "in"), "name what is meant"),
];

/// The glossary, which has to name them.
const GLOSSARY: &str = "docs/glossary.md";

/// The turns in one line of a file, each as a sentence.
pub fn check(path: &str, line: &str) -> Vec<String> {
    let is_prose = [".rs", ".md", ".toml"].iter().any(|ending| path.ends_with(ending));
    if !is_prose || path == GLOSSARY {
        return Vec::new();
    }
    let line = line.to_lowercase().replace(['_', '-'], " ");
    let found = TURNS.iter().filter(|(turn, _)| contains(&line, turn));
    found.map(|(turn, instead)| format!("\"{turn}\": {instead}")).collect()
}

/// Whether whole words of the line are `turn`.
fn contains(line: &str, turn: &str) -> bool {
    line.match_indices(turn).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + turn.len()..].chars().next();
        [before, after].iter().all(|side| side.is_none_or(|c| !c.is_alphanumeric()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_found_in_prose_and_in_names() {
        let turn = TURNS[2].0;
        assert_eq!(check("a.md", &format!("The slot {turn}.")).len(), 1);
        assert_eq!(check("a.rs", &format!("fn slot_{}() {{}}", turn.replace(' ', "_"))).len(), 1);
        assert_eq!(check("a.rs", &format!("{}d", turn)).len(), 0, "another word");
        assert_eq!(check("a.png", turn).len(), 0);
        assert_eq!(check(GLOSSARY, turn).len(), 0);
    }
}
