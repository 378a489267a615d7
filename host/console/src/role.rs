//! What the roles are called, and what each may do.

use client::protocol::Role;
use maud::{Markup, html};

use crate::text::Language;

const ROLES: [Role; 3] = [Role::Operator, Role::Auditor, Role::Installer];

/// The role of a form's field.
pub fn role(text: &str) -> Option<Role> {
    ROLES.into_iter().find(|role| role.to_string() == text)
}

/// What a role is called.
pub fn role_text(language: Language, role: Role) -> String {
    role_texts(language, role).0
}

/// What a role is called, and a sentence that says what it may do.
pub fn role_texts(language: Language, role: Role) -> (String, String) {
    match role {
        Role::Auditor => (language.say("role-auditor"), language.say("auditor-text")),
        Role::Operator => (language.say("role-operator"), language.say("operator-text")),
        Role::Installer => (language.say("role-installer"), language.say("installer-text")),
    }
}

/// A choice of roles.
pub fn choice(language: Language, first: Role) -> Markup {
    html! {
        label {
            (language.say("role"))
            select name="role" {
                @for role in ROLES {
                    option value=(role) selected[role == first] { (role_texts(language, role).0) }
                }
            }
            span.help { @for role in ROLES { (role_texts(language, role).1) " " } }
        }
    }
}
