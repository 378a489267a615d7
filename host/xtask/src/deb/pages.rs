//! The pages of the package: those of `docs` that whoever installs it needs. A link to another page would lead nowhere there, so it
//! becomes its text.

use std::fs;

use anyhow::Context;

use crate::debian_package::Entry;
use crate::workspace;

/// Where they are installed.
const FOLDER: &str = "usr/share/doc/postern-door";

/// What is installed, by its path in `docs`.
const PAGES: [&str; 3] = ["images/raspberry-pi.svg", "linux.md", "raspberry-pi.md"];

/// The pages, in their order.
///
/// # Errors
/// One cannot be read.
pub fn all() -> anyhow::Result<Vec<Entry>> {
    PAGES
        .iter()
        .map(|page| {
            let path = workspace::root().join("docs").join(page);
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let text = if page.ends_with(".md") { without_dead_links(&text) } else { text };
            Ok(Entry { path: format!("{FOLDER}/{page}"), mode: 0o644, bytes: text.into_bytes() })
        })
        .collect()
}

/// The page with the text of each link in its place that leads to none of the [`PAGES`].
fn without_dead_links(page: &str) -> String {
    let mut parts = page.split("](");
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (Some((target, rest)), Some(from)) = (part.split_once(')'), written.rfind('[')) else {
            written += "](";
            written += part;
            continue;
        };
        if is_there(target) {
            written += &format!("]({target})");
        } else {
            written.remove(from);
        }
        written += rest;
    }
    written
}

/// Whether the target of a link is in the package, or elsewhere in the world.
fn is_there(target: &str) -> bool {
    let file = target.split('#').next().unwrap_or_default();
    file.is_empty() || file.contains("://") || PAGES.contains(&file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The anchor of a heading.
    fn anchor(heading: &str) -> String {
        let kept = heading.to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    }

    #[test]
    fn each_link_of_an_installed_page_leads_somewhere() {
        let pages = all().expect("pages");
        let text = |path: &str| {
            let page = pages.iter().find(|page| page.path == format!("{FOLDER}/{path}"));
            page.map(|page| String::from_utf8(page.bytes.clone()).expect("text"))
        };
        let mut links = 0;
        for page in ["linux.md", "raspberry-pi.md"] {
            let here = text(page).expect("it is installed");
            for target in here.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let (file, part) = target.split_once('#').unwrap_or((target, ""));
                if file.contains("://") {
                    continue;
                }
                links += 1;
                let there = if file.is_empty() { Some(here.clone()) } else { text(file) };
                let there = there.unwrap_or_else(|| panic!("{page}: {target} is not installed"));
                let headings = there.lines().filter_map(|line| line.strip_prefix('#'));
                let mut anchors = headings.map(|line| anchor(line.trim_start_matches('#').trim()));
                assert!(part.is_empty() || anchors.any(|anchor| anchor == part), "{page}: {target}");
            }
        }
        assert!(links > 10, "{links}");
    }

    #[test]
    fn a_link_that_leads_nowhere_is_its_text() {
        let page = "[a](linux.md#x) and [`b`](security.md#y), ![c](images/raspberry-pi.svg) [d](https://e.example) [f](#g)";
        let kept = "[a](linux.md#x) and `b`, ![c](images/raspberry-pi.svg) [d](https://e.example) [f](#g)";
        assert_eq!(without_dead_links(page), kept);
    }

    #[test]
    fn the_page_shows_the_configuration_that_is_installed() {
        let read = |path: &str| fs::read_to_string(workspace::root().join(path)).expect(path);
        let installed = read("firmware/linux/package/postern-door.toml");
        assert!(read("docs/linux.md").contains(&format!("```toml\n{installed}```\n")), "docs/linux.md");
    }
}
