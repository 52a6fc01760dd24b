//! What the authenticator says of itself and of a passkey (WebAuthn section 6.1), as octets.

use crate::{CREDENTIAL_ID_MAX_BYTES, Refused, RelyingParty};
use ciborium::Value;

const MALFORMED: Refused = Refused::Malformed("the authenticator data");
/// No authenticator nests deeper than this, and no stack ends before.
const NESTED_MAX: usize = 16;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENDED: u8 = 1 << 7;

const AAGUID_BYTES: usize = 16;

/// The authenticator data, taken apart.
pub(crate) struct AuthenticatorData<'a> {
    party: &'a [u8],
    flags: u8,
    pub(crate) sign_count: u32,
    /// A new passkey: the id and the key.
    pub(crate) credential: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> AuthenticatorData<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Refused> {
        let (party, rest) = bytes.split_at_checked(32).ok_or(MALFORMED)?;
        let (&[flags], rest) = rest.split_first_chunk::<1>().ok_or(MALFORMED)?;
        let (count, mut rest) = rest.split_first_chunk::<4>().ok_or(MALFORMED)?;
        let mut credential = None;
        if flags & ATTESTED != 0 {
            let (found, after) = attested(rest)?;
            (credential, rest) = (Some(found), after);
        }
        if flags & EXTENDED != 0 {
            let (extensions, after) = item(rest)?;
            if !extensions.is_map() {
                return Err(MALFORMED);
            }
            rest = after;
        }
        if !rest.is_empty() {
            return Err(MALFORMED);
        }
        Ok(AuthenticatorData { party, flags, sign_count: u32::from_be_bytes(*count), credential })
    }

    /// What both ceremonies ask of it (sections 7.1 and 7.2).
    pub(crate) fn check(&self, party: &RelyingParty) -> Result<(), Refused> {
        if self.party != party.id_hash() {
            return Err(Refused::OtherRelyingParty);
        }
        if self.flags & USER_PRESENT == 0 {
            return Err(Refused::NotPresent);
        }
        if self.flags & USER_VERIFIED == 0 {
            return Err(Refused::NotVerified);
        }
        if self.is_backed_up() && !self.is_backup_eligible() {
            return Err(Refused::BackupFlags);
        }
        Ok(())
    }

    pub(crate) fn is_backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    pub(crate) fn is_backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

/// Id and key of a new passkey (section 6.5.1), and what follows.
#[expect(clippy::type_complexity, reason = "two slices and a rest")]
fn attested(bytes: &[u8]) -> Result<((&[u8], &[u8]), &[u8]), Refused> {
    let (_, rest) = bytes.split_at_checked(AAGUID_BYTES).ok_or(MALFORMED)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(MALFORMED)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if !(1..=CREDENTIAL_ID_MAX_BYTES).contains(&length) {
        return Err(MALFORMED);
    }
    let (id, key_and_more) = rest.split_at_checked(length).ok_or(MALFORMED)?;
    let (_, rest) = item(key_and_more)?;
    let key = key_and_more.get(..key_and_more.len() - rest.len()).ok_or(MALFORMED)?;
    Ok(((id, key), rest))
}

/// One item of CBOR, and what follows it.
pub(crate) fn item(bytes: &[u8]) -> Result<(Value, &[u8]), Refused> {
    let mut rest = bytes;
    let read = ciborium::de::from_reader_with_recursion_limit(&mut rest, NESTED_MAX);
    Ok((read.map_err(|_| MALFORMED)?, rest))
}
