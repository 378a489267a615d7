//! What this computer is to the board of a page, and what a page shows of a form that it cannot use.
//!
//! The board judges each request, whatever a page shows. The roles here follow its table of requests
//! (`firmware/door/src/session/table.rs`), so that nobody fills in a form in vain.

use client::protocol::Role;
use maud::{Markup, html};

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

    /// Whether the board does for this computer what needs the role `need`.
    pub fn may(self, need: Role) -> bool {
        matches!(self, Self::Paired(role) if role >= need)
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
    pub fn lacks(self, language: Language, need: Role) -> Option<Markup> {
        let role = match self {
            Self::Paired(role) if role < need => role_text(language, role),
            Self::Guest => language.say("role-none"),
            _ => return None,
        };
        let need = role_text(language, need);
        let values = [("need", need.as_str().into()), ("role", role.as_str().into())];
        Some(html! { p.help.lacks { (language.with("lacks-role", &values)) } })
    }

    /// A form that needs a role, or the reason why it is not here.
    pub fn form(self, language: Language, need: Role, form: impl FnOnce() -> Markup) -> Markup {
        self.lacks(language, need).unwrap_or_else(form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_role_may_what_a_lower_one_may() {
        let form = |standing: Standing, need| {
            standing.form(Language::English, need, || html! { "form" }).into_string()
        };
        for (standing, need, may) in [
            (Standing::Paired(Role::Installer), Role::Operator, true),
            (Standing::Paired(Role::Operator), Role::Operator, true),
            (Standing::Paired(Role::Auditor), Role::Operator, false),
            (Standing::Guest, Role::Auditor, false),
        ] {
            assert_eq!(
                (standing.may(need), form(standing, need) == "form"),
                (may, may),
                "{standing:?} {need}"
            );
        }
        let reason = form(Standing::Paired(Role::Auditor), Role::Installer);
        assert!(reason.contains("needs the role installer") && reason.contains("is auditor"), "{reason}");
    }
}
