//! The number of a person, of what a board answers about their rule.
//!
//! The rule is asked for, since a list of thousands of people takes long. A board that has lost the rule, or that has two people of the
//! name, does not tell it: then the list is read.

use client::protocol::Error as Refusal;

/// The person's number, `Some(None)` if the board has nobody of the name; `None` if the list of people tells it. Of two people of one name it
/// is that of one: a removal takes both.
pub fn told_number(answer: Result<u32, client::Error>) -> Result<Option<Option<u32>>, client::Error> {
    match answer {
        Ok(number) => Ok(Some(Some(number))),
        Err(client::Error::Refused(Refusal::UnknownPerson { .. })) => Ok(Some(None)),
        Err(client::Error::Refused(Refusal::RuleLost | Refusal::DuplicateName { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_not_told_leaves_the_number_to_the_list() {
        let name = client::protocol::Name::try_from("Ada").unwrap();
        let told = |refusal| told_number(Err(client::Error::Refused(refusal))).ok();
        assert_eq!(told(Refusal::DuplicateName { name: name.clone() }), Some(None));
        assert_eq!(told(Refusal::RuleLost), Some(None));
        assert_eq!(told(Refusal::UnknownPerson { name }), Some(Some(None)));
        assert_eq!(told(Refusal::Busy), None);
        assert_eq!(told_number(Ok(7)).ok(), Some(Some(Some(7))));
    }
}
