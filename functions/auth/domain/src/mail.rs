//! Mails to accounts: why they are sent, and for how long.

use crate::{Account, Email, State};
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::{MailId, UserId};

/// Why a mail is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// To prove that the account's address is its owner's.
    Verification,
    /// To set a new password.
    Recovery,
    /// To prove that the wanted address is the owner's. Goes to that one.
    EmailChange,
    /// Somebody has tried to register the address again.
    AlreadyRegistered,
    /// Another address is wanted. Goes to the present one, whose owner may know nothing of it.
    EmailChangeAsked,
    /// The password is another.
    PasswordChanged,
    /// The account was closed.
    Closed,
}

/// A mail that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The mail.
    pub id: MailId,
    /// Why.
    pub kind: MailKind,
    /// To whom; none where the answer must not tell that there is nobody: then nothing is sent.
    pub account: Option<UserId>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it is no longer worth sending, and its token no longer good.
    pub expires_at: Timestamp,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [MailKind; 7] = [
        MailKind::Verification,
        MailKind::Recovery,
        MailKind::EmailChange,
        MailKind::AlreadyRegistered,
        MailKind::EmailChangeAsked,
        MailKind::PasswordChanged,
        MailKind::Closed,
    ];

    /// The stable name, in rows and in what tokens are made of.
    pub const fn as_str(self) -> &'static str {
        match self {
            MailKind::Verification => "verification",
            MailKind::Recovery => "recovery",
            MailKind::EmailChange => "email_change",
            MailKind::AlreadyRegistered => "already_registered",
            MailKind::EmailChangeAsked => "email_change_asked",
            MailKind::PasswordChanged => "password_changed",
            MailKind::Closed => "closed",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<MailKind> {
        MailKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether there is a token in it.
    pub const fn has_token(self) -> bool {
        match self {
            MailKind::Verification | MailKind::Recovery | MailKind::EmailChange => true,
            MailKind::AlreadyRegistered
            | MailKind::EmailChangeAsked
            | MailKind::PasswordChanged
            | MailKind::Closed => false,
        }
    }

    /// How long it is worth sending, and its token good.
    pub const fn life(self) -> SignedDuration {
        match self {
            MailKind::Recovery => SignedDuration::from_mins(30),
            MailKind::Verification
            | MailKind::EmailChange
            | MailKind::AlreadyRegistered
            | MailKind::EmailChangeAsked
            | MailKind::PasswordChanged
            | MailKind::Closed => SignedDuration::from_hours(24),
        }
    }

    /// Whether somebody who only names the address may have it sent.
    pub fn may_be_asked_for(self, account: &Account) -> bool {
        match self {
            MailKind::Verification => account.state == State::Active && !account.email_verified,
            MailKind::Recovery => !matches!(account.state, State::Suspended { .. }),
            MailKind::EmailChange
            | MailKind::AlreadyRegistered
            | MailKind::EmailChangeAsked
            | MailKind::PasswordChanged
            | MailKind::Closed => false,
        }
    }

    /// Where it goes. None where it has become pointless.
    pub fn address(self, account: &Account) -> Option<&Email> {
        match self {
            MailKind::EmailChange => account.new_email.as_ref(),
            MailKind::Verification if account.email_verified => None,
            MailKind::Verification
            | MailKind::Recovery
            | MailKind::AlreadyRegistered
            | MailKind::EmailChangeAsked
            | MailKind::PasswordChanged
            | MailKind::Closed => Some(&account.email),
        }
    }
}

impl Mail {
    /// A mail to an account, or one to nobody.
    pub fn new(id: MailId, kind: MailKind, account: Option<UserId>, at: Timestamp) -> Mail {
        Mail { id, kind, account, created_at: at, expires_at: at + kind.life() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_its_name_and_by_no_other() {
        for kind in MailKind::ALL {
            assert_eq!(MailKind::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!(MailKind::from_name("Recovery"), None);
    }
}
