//! What a click on the pairing button of an emulated board is: a press, a hold, or nothing.
//!
//! The button answers whatever the board shows, whoever asked for it. So it is held for this console's own code alone, at the step
//! at which the console compares, and pressed only where the console asks for a code and the board shows nothing.

use anyhow::bail;
use console::station::Pairing;
use emulator::Shown;

/// What is done with the button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// It asks for a code.
    Short,
    /// It confirms the code that is shown.
    Hold,
}

/// What a click is at this step of the console's own pairing.
///
/// # Errors
/// The button would answer something else than this console asked for: what that is.
pub fn press_at(step: &Pairing, shown: Shown) -> anyhow::Result<Press> {
    match (step, shown) {
        (_, Shown::Erase) => bail!(
            "the board shows that it is to be erased, which this page did not ask for: its button was not pressed"
        ),
        (Pairing::Press, Shown::Nothing) => Ok(Press::Short),
        (Pairing::Compare { own, .. }, Shown::Code(code)) if code == *own => Ok(Press::Hold),
        (_, Shown::Code(_)) => bail!(
            "the board shows a code that this page did not ask for: its button was not pressed, as that would answer somebody \
             else. Wait for a minute, and begin again"
        ),
        (_, Shown::Nothing) => bail!("nothing waits for the pairing button now: it was not pressed"),
    }
}

#[cfg(test)]
mod tests {
    use client::protocol::Role;

    use super::*;

    fn compare(own: u32, confirm: bool) -> Pairing {
        Pairing::Compare { own, board: Some(own), confirm }
    }

    #[test]
    fn a_click_confirms_the_own_code_alone_and_presses_for_one_where_nothing_is_shown() {
        for confirm in [false, true] {
            assert_eq!(press_at(&compare(123_456, confirm), Shown::Code(123_456)).ok(), Some(Press::Hold));
        }
        assert_eq!(press_at(&Pairing::Press, Shown::Nothing).ok(), Some(Press::Short));
    }

    #[test]
    fn a_click_answers_nothing_that_another_computer_asked_for() {
        let steps = [
            Pairing::None,
            Pairing::Asking,
            Pairing::Press,
            compare(123_456, true),
            Pairing::Done(Role::Installer),
            Pairing::Failed("it failed".to_owned()),
        ];
        for step in &steps {
            let refused = press_at(step, Shown::Code(654_321)).expect_err("another's code");
            assert!(
                refused.to_string().contains("a code that this page did not ask for"),
                "{step:?}: {refused}"
            );
            let refused = press_at(step, Shown::Erase).expect_err("another's erasure");
            assert!(refused.to_string().contains("to be erased"), "{step:?}: {refused}");
            if *step != Pairing::Press {
                let refused = press_at(step, Shown::Nothing).expect_err("nothing to answer");
                assert!(refused.to_string().contains("nothing waits"), "{step:?}: {refused}");
            }
        }
    }
}
