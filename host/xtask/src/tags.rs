//! Tags are compared in constant time, through `keys::Tag`, and nowhere else.
//!
//! A comparison that ends at the first difference tells by its time how much of a forged tag is right. The compiler cannot
//! find one, as tags are bytes before and after; so this looks for comparisons of what is named like a tag. Tests forge
//! tags and may compare them as they like.

/// Words in names that stand for something secret or authenticating.
const WORDS: &[&str] = &["tag", "mac", "hmac", "proof", "cryptogram", "expected_tag"];

/// Folders whose code runs on boards.
const CODE: &[&str] = &["shared/", "firmware/"];

/// What is wrong with one line of code in a file.
pub fn check(path: &str, code: &str) -> Option<&'static str> {
    let is_checked = CODE.iter().any(|folder| path.starts_with(folder)) && !path.contains("/tests/");
    let compares = code.split_once("==").or_else(|| code.split_once("!="));
    let through_type = code.contains("Tag::new") || code.contains("assert");
    let found = is_checked
        && !through_type
        && compares.is_some_and(|(left, right)| {
            last_name(left).is_some_and(is_tag) || first_name(right).is_some_and(is_tag)
        });
    let starts = is_checked
        && code.split_once(".starts_with(").is_some_and(|(left, right)| {
            last_name(left).is_some_and(is_tag) || first_name(right).is_some_and(is_tag)
        });
    (found || starts).then_some("compare a tag in constant time, as a `keys::Tag`")
}

/// Whether one of the words of a name is of [`WORDS`].
fn is_tag(name: &str) -> bool {
    name.split('_').any(|word| WORDS.contains(&word))
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The name with which an expression ends: that of a variable, a field or a called function.
fn last_name(expression: &str) -> Option<&str> {
    let mut rest = expression.trim_end();
    while let Some(inner) = rest.strip_suffix(')') {
        rest = inner.rsplit_once('(')?.0;
    }
    rest.rsplit(|c| !is_part(c)).next().filter(|name| !name.is_empty())
}

/// The name of the first variable, field or function of an expression that begins with it.
fn first_name(expression: &str) -> Option<&str> {
    let path = expression.trim_start_matches(|c: char| !is_part(c));
    let end = path.find(|c: char| !is_part(c) && c != '.').unwrap_or(path.len());
    path.get(..end)?.rsplit('.').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_of_tags_are_found_on_boards_and_nowhere_else() {
        for found in [
            "if tag == other {",
            "self.tag_of(number, text) == *tag",
            "if bytes != record.tag {",
            "mac.starts_with(own)",
            "derived.starts_with(mac)",
            "*proof == self.expected",
        ] {
            assert!(check("shared/x/src/a.rs", found).is_some(), "{found}");
        }
        for allowed in
            ["self.0.tag(salt, text) == Tag::new(tag)", "stage == 1", "if tag.matches(own) {", "machine == a"]
        {
            assert_eq!(check("shared/x/src/a.rs", allowed), None, "{allowed}");
        }
        assert_eq!(check("shared/x/tests/a.rs", "tag == other"), None);
        assert_eq!(check("host/x/src/a.rs", "tag == other"), None);
    }
}
