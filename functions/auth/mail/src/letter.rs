//! What stands in a mail.

use auth_domain::MailKind;
use serde::Serialize;

/// A mail, as the target `mail` takes it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Letter<'a> {
    pub(crate) to: &'a str,
    pub(crate) subject: &'static str,
    pub(crate) text: String,
    /// What it is about, for whoever counts or routes mails.
    pub(crate) category: &'static str,
}

/// Writes a mail. Tokens stand behind the `#` of a link, which browsers tell no server.
pub(crate) fn write<'a>(kind: MailKind, to: &'a str, app_url: &str, token: &str) -> Letter<'a> {
    let (subject, text) = match kind {
        MailKind::Verification => (
            "Confirm your e-mail address",
            format!(
                "Please confirm that this address is yours:\n\n{app_url}/verify-email#token={token}\n\n\
                 The link is good for 24 hours. If you have not registered, you need do nothing."
            ),
        ),
        MailKind::Recovery => (
            "Set a new password",
            format!(
                "Set a new password here:\n\n{app_url}/recover#token={token}\n\n\
                 The link is good for 30 minutes and once. If you did not ask for it, you need do nothing."
            ),
        ),
        MailKind::EmailChange => (
            "Confirm your new e-mail address",
            format!(
                "Please confirm that you want to sign in with this address from now on:\n\n\
                 {app_url}/verify-email#token={token}\n\n\
                 The link is good for 24 hours. If it was not you who asked for it, you need do nothing."
            ),
        ),
        MailKind::AlreadyRegistered => (
            "You already have an account",
            format!(
                "Somebody has tried to register this address, which already has an account. If it was you, \
                 just sign in, or set a new password:\n\n{app_url}/recover\n\nIf not, you need do nothing."
            ),
        ),
        MailKind::EmailChangeAsked => (
            "Your e-mail address is to be changed",
            format!(
                "Somebody who is signed in to your account wants it to have another address. If it was not \
                 you, set a new password, which ends it:\n\n{app_url}/recover"
            ),
        ),
        MailKind::PasswordChanged => (
            "Your password was changed",
            format!(
                "The password of your account was changed, and other devices were signed out. If it was not \
                 you, set a new one:\n\n{app_url}/recover"
            ),
        ),
        MailKind::Closed => (
            "Your account was closed",
            format!(
                "Your account is closed, and will be erased in 30 days. Until then you can take it back by \
                 signing in:\n\n{app_url}/sign-in"
            ),
        ),
    };
    Letter { to, subject, text, category: kind.as_str() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_only_in_mails_that_have_one() {
        for kind in MailKind::ALL {
            let letter = write(kind, "ada@example.com", "https://app.example", "t0ken");
            assert_eq!(letter.text.contains("#token=t0ken"), kind.has_token(), "{kind:?}");
            assert!(!letter.subject.is_empty() && letter.text.is_ascii());
        }
    }
}
