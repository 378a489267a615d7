//! What the camera of a door gives, in words.

use client::protocol::CameraState;

/// What there is to say where all pictures are dark.
pub const ALL_DARK: &str =
    "all pictures of the door's camera are dark: is there light, and is the lens free?";

/// In a word, for programs.
pub fn word(camera: CameraState) -> &'static str {
    match camera {
        CameraState::Pictures => "pictures",
        CameraState::Dark => "dark",
        CameraState::Nothing { .. } => "nothing",
    }
}

/// For how many milliseconds it gives no picture; `None` if it gives some.
pub fn nothing_ms(camera: CameraState) -> Option<u32> {
    match camera {
        CameraState::Nothing { for_ms } => Some(for_ms),
        CameraState::Pictures | CameraState::Dark => None,
    }
}

/// What is wrong with it, for people.
pub fn trouble(camera: CameraState) -> Option<String> {
    match camera {
        CameraState::Pictures => None,
        CameraState::Dark => Some(format!("DARK: {ALL_DARK}")),
        CameraState::Nothing { for_ms } => Some(format!(
            "GIVES NOTHING for {} s, so that nobody is let in: what the door says on its computer has the reason",
            for_ms / 1000
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_gives_nothing_or_is_dark_is_said_and_another_one_is_not() {
        assert_eq!(trouble(CameraState::Pictures), None);
        let nothing = CameraState::Nothing { for_ms: 12_345 };
        assert!(trouble(nothing).is_some_and(|said| said.contains("NOTHING for 12 s")));
        assert!(trouble(CameraState::Dark).is_some_and(|said| said.contains("is there light")));
        assert_eq!((word(nothing), nothing_ms(nothing)), ("nothing", Some(12_345)));
        assert_eq!((word(CameraState::Dark), nothing_ms(CameraState::Dark)), ("dark", None));
    }
}
