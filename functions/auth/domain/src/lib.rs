//! User & Auth, pure: e-mail addresses, passwords, accounts, mails, sessions and clients, and what may become of them.

mod account;
mod authentication;
mod birth_date;
mod breach;
mod client;
mod email;
mod mail;
mod mail_token;
mod oauth;
mod password;
mod recovery_code;
mod role;
mod session;
mod totp;

pub use account::{Account, Inactive, REOPENABLE_FOR, Registration, State, TransitionRefused};
pub use authentication::{Authentication, Factor};
pub use birth_date::{BirthDate, BirthDateTold, InvalidBirthDate};
pub use breach::{PasswordDigest, UnusableRange};
pub use client::{
    Client, ClientDetails, ClientKind, ClientName, ClientSecret, GrantType, InvalidClient, InvalidUri,
    LogoutUri, NoSecret, REDIRECT_URIS_MAX, RedirectUri, SCOPES_MAX, SECRET_OVERLAP_MAX, Scope, SecretDigest,
    Secrets,
};
pub use email::{EMAIL_MAX_BYTES, Email, InvalidEmail};
pub use mail::{Mail, MailKind};
pub use mail_token::{MailTokenKey, UnfitKey};
pub use oauth::{
    AuthorizationError, AuthorizationRequest, CodeChallenge, InvalidScope, Known, Parameters, PkceFault,
    Repeated, Scopes, Step, Untaken, UserCode,
};
pub use password::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS, Password, UnfitPassword};
pub use recovery_code::{RECOVERY_CODES, RecoveryCode};
pub use role::{
    AnyRole, Authority, CUSTOM_ROLES_PER_ACCOUNT_MAX, CustomRole, GrantedRole, RoleDescription, RoleName,
    RoleOutcome, RoleRefusal,
};
pub use session::{ACCESS_TOKEN_LIFE, Device, RefreshFamily, SESSION_IDLE_MAX, SESSION_MAX, Session};
pub use totp::TotpSecret;
