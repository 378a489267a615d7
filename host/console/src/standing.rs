//! What this computer is to the board of a page, and what a page shows of a form that it cannot use.
//!
//! The board judges each request, whatever a page shows.

use client::protocol::Role;
use maud::{Markup, html};

use crate::offer::Offer;
use crate::role::role_text;
use crate::text::Language;

/// What this computer is to a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no board on the page, or it does not answer.
    Unknown,
    /// It is not paired with the board.
    Guest,
    /// It is paired, with this role.
    Paired(Role),
}

impl Standing {
    /// By the role that the board knows this computer by.
    pub fn of(role: Option<Role>) -> Self {
        role.map_or(Self::Guest, Self::Paired)
    }

    /// Whether the board does for this computer what a page offers.
    pub fn may(self, offer: Offer) -> bool {
        matches!(self, Self::Paired(role) if role >= offer.need())
    }

    /// In words; `None` if it is not known.
    pub fn text(self, language: Language) -> Option<String> {
        match self {
            Self::Unknown => None,
            Self::Guest => Some(language.say("is-guest")),
            Self::Paired(role) => {
                Some(language.with("is-paired", &[("role", role_text(language, role).as_str().into())]))
            }
        }
    }

    /// Why this computer cannot use the form of the page, if it cannot.
    pub fn lacks(self, language: Language, offer: Offer) -> Option<Markup> {
        let need = offer.need();
        let role = match self {
            Self::Paired(role) if role < need => role_text(language, role),
            Self::Guest => language.say("role-none"),
            _ => return None,
        };
        let need = role_text(language, need);
        let values = [("need", need.as_str().into()), ("role", role.as_str().into())];
        Some(html! { p.help.lacks { (language.with("lacks-role", &values)) } })
    }

    /// A form, or the reason why it is not here.
    pub fn form(self, language: Language, offer: Offer, form: impl FnOnce() -> Markup) -> Markup {
        self.lacks(language, offer).unwrap_or_else(form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_role_may_what_a_lower_one_may() {
        let form = |standing: Standing, offer| {
            standing.form(Language::English, offer, || html! { "form" }).into_string()
        };
        for (standing, offer, may) in [
            (Standing::Paired(Role::Installer), Offer::Change, true),
            (Standing::Paired(Role::Operator), Offer::Enrol, true),
            (Standing::Paired(Role::Operator), Offer::Settings, false),
            (Standing::Paired(Role::Auditor), Offer::Change, false),
            (Standing::Guest, Offer::Enrol, false),
        ] {
            let is_shown = form(standing, offer) == "form";
            assert_eq!((standing.may(offer), is_shown), (may, may), "{standing:?} {offer:?}");
        }
        let reason = form(Standing::Paired(Role::Auditor), Offer::Flash);
        assert!(reason.contains("needs the role installer") && reason.contains("is auditor"), "{reason}");
    }
}
