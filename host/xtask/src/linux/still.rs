//! What a busy computer does to a door: it stands still for a second, and the picture that is looked at next counts for nothing.
//! A command about a picture fails then, once, and says why. So it is run again.

/// What the door says of such a picture.
const SAID: &str = "stood still";

/// How often a command may meet that.
const TRIES: usize = 20;

/// Does `work`, again where the door stood still meanwhile.
///
/// # Errors
/// As `work`.
pub fn again_if_it_was<T>(mut work: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    for _ in 1..TRIES {
        match work() {
            Err(error) if format!("{error:#}").contains(SAID) => {
                println!("  the door stood still, because this computer is busy: once more");
            }
            done => return done,
        }
    }
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_because_the_door_stood_still_is_done_again_and_nothing_else() {
        let (mut still, mut other, mut ever) = (0, 0, 0);
        let done = again_if_it_was(|| {
            still += 1;
            if still < 3 { Err(anyhow::anyhow!("it stood still: no").context("enroll")) } else { Ok(still) }
        });
        assert_eq!(done.ok(), Some(3));
        let failed = again_if_it_was(|| {
            other += 1;
            Err::<(), _>(anyhow::anyhow!("no face"))
        });
        assert!(failed.is_err() && other == 1);
        let failed = again_if_it_was(|| {
            ever += 1;
            Err::<(), _>(anyhow::anyhow!("it stood still"))
        });
        assert!(failed.is_err() && ever == TRIES);
    }
}
