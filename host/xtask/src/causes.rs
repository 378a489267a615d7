//! Errors that tell their cause twice.
//!
//! Whoever shows an error also shows its sources, one after the other. So a message that has its source's text in it says
//! that twice: "cannot read x: No such file: No such file". Either the field is a source, or the message has it.

use syn::{Attribute, Field, Item, LitStr, Variant};

/// The variants in a file's error types whose message repeats the source: line numbers and what to do.
pub fn check(text: &str) -> Vec<(usize, String)> {
    if !text.contains("thiserror") {
        return Vec::new();
    }
    // A file that does not parse does not compile either.
    let items = syn::parse_file(text).map(|file| file.items).unwrap_or_default();
    let enums = items.into_iter().filter_map(|item| match item {
        Item::Enum(item) => Some(item.variants),
        _ => None,
    });
    let repeating = enums.flatten().filter(repeats);
    repeating
        .map(|variant| {
            let starts = |line: &&str| line.trim_start().starts_with(&variant.ident.to_string());
            let line = text.lines().position(|line| starts(&line)).map_or(1, |index| index + 1);
            (line, format!("the message of `{}` repeats its source: leave one of them out", variant.ident))
        })
        .collect()
}

/// Whether the message of a variant has the text of a field that is its source.
fn repeats(variant: &Variant) -> bool {
    let Some(message) = variant.attrs.iter().find_map(message) else { return false };
    (0..).zip(&variant.fields).filter(|(_, field)| is_source(field)).any(|(number, field)| {
        let name = field.ident.as_ref().map_or_else(|| number.to_string(), ToString::to_string);
        [format!("{{{name}}}"), format!("{{{name}:")].iter().any(|use_of| message.contains(use_of))
    })
}

/// Whether `thiserror` makes a field the source.
fn is_source(field: &Field) -> bool {
    let marked = field.attrs.iter().any(|is| is.path().is_ident("from") || is.path().is_ident("source"));
    marked || field.ident.as_ref().is_some_and(|name| name == "source")
}

/// The message of an `#[error("…")]`.
fn message(attribute: &Attribute) -> Option<String> {
    if !attribute.path().is_ident("error") {
        return None;
    }
    let first = |input: syn::parse::ParseStream<'_>| {
        let message: LitStr = input.parse()?;
        input.step(|cursor| {
            let mut rest = *cursor;
            while let Some((_, next)) = rest.token_tree() {
                rest = next;
            }
            Ok(((), rest))
        })?;
        Ok(message.value())
    };
    attribute.parse_args_with(first).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_its_source_is_found() {
        let of = |variant: &str| check(&format!("#[derive(thiserror::Error)]\nenum Error {{\n{variant}\n}}"));
        for twice in [
            "#[error(\"no model: {0}\")]\nMessage(#[from] Other),",
            "#[error(\"{0}; go on\")]\nMessage(#[source] Other),",
            "#[error(\"cannot read {}: {source}\", path.display())]\nMessage { path: PathBuf, source: io::Error },",
            "#[error(\"{number} of {cause:?}\")]\nMessage { number: u8, #[source] cause: Other },",
        ] {
            assert_eq!(of(twice).iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4], "{twice}");
        }
        for once in [
            "#[error(\"no model\")]\nMessage(#[from] Other),",
            "#[error(transparent)]\nMessage(#[from] Other),",
            "#[error(\"no model: {0}\")]\nMessage(Other),",
            "#[error(\"{path}: {cause}\")]\nMessage { path: String, cause: Other },",
            "#[error(\"{0} of {1}\")]\nMessage(u8, u8, #[source] Other),",
        ] {
            assert!(of(once).is_empty(), "{once}");
        }
    }
}
