//! Numbers of things in sentences: "1 door", "2 doors".

/// So many things: `one` is the word for one of them, `many` for another number.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// So many people.
#[must_use]
pub fn people(count: u32) -> String {
    counted(count.into(), "person", "people")
}

/// So many doors.
#[must_use]
pub fn doors(count: u32) -> String {
    counted(count.into(), "door", "doors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!([0, 1, 2].map(people), ["0 people", "1 person", "2 people"]);
        assert_eq!([1, 12].map(doors), ["1 door", "12 doors"]);
    }
}
