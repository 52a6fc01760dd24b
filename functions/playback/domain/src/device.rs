//! What plays, and how many of them an account may have.

use mcsp_ids::{DeviceId, UserId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const ID_MAX_BYTES: usize = 128;
const NAME_MAX_CHARS: usize = 100;

/// A device, as the player names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    id: String,
    name: Option<String>,
}

/// The devices of an account, as one that wants to play finds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Devices {
    /// Whether it is one of them.
    pub is_known: bool,
    /// How many there are.
    pub count: u32,
}

impl Devices {
    /// Of a device that was counted before.
    pub const COUNTED: Devices = Devices { is_known: true, count: 1 };
}

/// By what an account's device is known to others: always the same, and another's is another.
pub fn device_id(user: UserId, id: &str) -> DeviceId {
    let digest = Sha256::new().chain_update(user.uuid()).chain_update(id).finalize();
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = <[u8; 32]>::from(digest);
    DeviceId::from_uuid(Uuid::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]))
}

/// Why a device is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDevice {
    /// The id is not 1 to 128 visible ASCII characters.
    #[error("must have 1 to 128 visible ASCII characters")]
    Id,
    /// The name is not 1 to 100 characters, or has control characters.
    #[error("must have 1 to 100 characters, none of them control characters")]
    Name,
}

impl Device {
    /// Reads a device.
    pub fn parse(id: String, name: Option<String>) -> Result<Self, InvalidDevice> {
        if id.is_empty() || id.len() > ID_MAX_BYTES || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(InvalidDevice::Id);
        }
        let fits = |name: &String| {
            let length = name.chars().take(NAME_MAX_CHARS + 1).count();
            (1..=NAME_MAX_CHARS).contains(&length) && !name.chars().any(char::is_control)
        };
        if name.as_ref().is_some_and(|name| !fits(name)) {
            return Err(InvalidDevice::Name);
        }
        Ok(Device { id, name })
    }

    /// The id that the player made up.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What people call it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_by_the_same_name_to_its_account_alone() {
        let user = |number| UserId::from_uuid(Uuid::from_u128(number));
        assert_eq!(device_id(user(1), "tv"), device_id(user(1), "tv"));
        assert_ne!(device_id(user(1), "tv"), device_id(user(1), "tw"));
        assert_ne!(device_id(user(1), "tv"), device_id(user(2), "tv"));
    }

    #[test]
    fn bounds_are_kept_to_the_character() {
        let device = |id: &str, name: &str| Device::parse(id.to_owned(), Some(name.to_owned())).map(drop);
        assert_eq!(device(&"a".repeat(ID_MAX_BYTES), &"\u{e9}".repeat(NAME_MAX_CHARS)), Ok(()));
        for id in ["", "a b", "\u{e9}", &"a".repeat(ID_MAX_BYTES + 1)] {
            assert_eq!(device(id, "TV"), Err(InvalidDevice::Id), "{id:?}");
        }
        for name in ["", "a\nb", &"a".repeat(NAME_MAX_CHARS + 1)] {
            assert_eq!(device("tv", name), Err(InvalidDevice::Name), "{name:?}");
        }
    }
}
