//! Typed ids.
//!
//! An id is a UUIDv7 in the database and a TypeID (`video_01h455vb4pex5vsknk084sn02q`) on the wire, so that
//! an id of the wrong kind is refused before anything is looked up.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

/// An entity that ids can name.
pub trait Entity: 'static {
    /// The TypeID prefix, `[a-z_]{1,63}`.
    const PREFIX: &'static str;
    /// Its name, for the schema of its ids.
    const NAME: &'static str;
    /// What it is.
    const MEANING: &'static str;
}

/// The id of one `E`.
pub struct Id<E> {
    uuid: Uuid,
    entity: PhantomData<fn() -> E>,
}

/// A text that is not the id of the expected entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id that begins with `{prefix}_`")]
pub struct InvalidId {
    prefix: &'static str,
}

impl<E: Entity> Id<E> {
    /// Takes a UUID as stored.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Id { uuid, entity: PhantomData }
    }

    /// The UUID, to be stored.
    pub const fn uuid(&self) -> Uuid {
        self.uuid
    }
}

impl<E: Entity> FromStr for Id<E> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { prefix: E::PREFIX };
        let id: TypeSafeId<DynamicType> = text.parse().map_err(|_| invalid)?;
        if id.type_prefix() == E::PREFIX { Ok(Id::from_uuid(id.uuid())) } else { Err(invalid) }
    }
}

impl<E: Entity> fmt::Display for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The prefix is a constant of this crate and valid: the tests print every entity's.
        let kind = DynamicType::new(E::PREFIX).map_err(|_| fmt::Error)?;
        TypeSafeId::from_type_and_uuid(kind, self.uuid).fmt(f)
    }
}

impl<E: Entity> fmt::Debug for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E> Clone for Id<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Id<E> {}
impl<E> PartialEq for Id<E> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<E> Eq for Id<E> {}
impl<E> PartialOrd for Id<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Id<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<E> Hash for Id<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<E: Entity> Serialize for Id<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, E: Entity> Deserialize<'de> for Id<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<E: Entity> JsonSchema for Id<E> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Id", E::NAME).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let prefix = E::PREFIX;
        json_schema!({
            "type": "string",
            "description": format!("`{prefix}_…`: {}", E::MEANING.trim()),
            // Base32 of 128 bits: the first digit holds three of them.
            "pattern": format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"),
            "examples": [format!("{prefix}_01kb5t4v00e8ptxz3kd07gq2sn")],
        })
    }
}

macro_rules! entities {
    ($(#[doc = $meaning:literal] $entity:ident, $id:ident, $prefix:literal;)*) => {
        $(
            #[doc = $meaning]
            #[derive(Debug)]
            pub enum $entity {}
            impl Entity for $entity {
                const PREFIX: &'static str = $prefix;
                const NAME: &'static str = stringify!($entity);
                const MEANING: &'static str = $meaning;
            }
            #[doc = concat!("`", $prefix, "_…`")]
            pub type $id = Id<$entity>;
        )*
        #[cfg(test)]
        const PREFIXES: &[&str] = &[$($prefix),*];
    };
}

entities! {
    /// A person's or a machine's account.
    User, UserId, "user";
    /// A signed-in device.
    AuthSession, AuthSessionId, "session";
    /// What a client was given in a session, and the refresh tokens that descend from it.
    RefreshFamily, RefreshFamilyId, "family";
    /// An application that may ask for tokens.
    Client, ClientId, "client";
    /// What protects an account beside its password.
    Factor, FactorId, "factor";
    /// A mail to an account, and the token in it.
    Mail, MailId, "mail";
    /// A file on its way into the platform.
    Upload, UploadId, "upload";
    /// What its owner says of a video before it is there.
    Draft, DraftId, "draft";
    /// A video.
    Video, VideoId, "video";
    /// One viewing of a video on one device.
    PlaybackSession, PlaybackSessionId, "playback";
    /// What an account plays on.
    Device, DeviceId, "device";
    /// What a player shows for the keys of a protected video.
    Licence, LicenceId, "licence";
    /// An image of a video.
    Thumbnail, ThumbnailId, "thumbnail";
    /// A domain event.
    Event, EventId, "event";
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIL: &str = "video_00000000000000000000000000";

    #[test]
    fn an_id_survives_the_way_through_text_and_json() {
        let id = VideoId::from_uuid(Uuid::from_u128(0x0190_7b7c_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<VideoId>(&json).unwrap(), id);
    }

    #[test]
    fn an_id_of_another_entity_is_refused() {
        let id = UserId::from_uuid(Uuid::from_u128(0x0190_7b7c_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string().parse::<VideoId>(), Err(InvalidId { prefix: "video" }));
    }

    #[test]
    fn what_is_no_type_id_is_refused() {
        let too_long = format!("{NIL}0");
        for text in [
            "",
            "video_",
            "video",
            "00000000000000000000000000",
            "VIDEO_00000000000000000000000000",
            &too_long,
        ] {
            assert!(text.parse::<VideoId>().is_err(), "{text}");
        }
        assert!(NIL.parse::<VideoId>().is_ok());
    }

    #[test]
    fn the_schema_says_what_an_id_looks_like() {
        let schema = schemars::schema_for!(VideoId);
        assert_eq!(schema.get("pattern").unwrap(), "^video_[0-7][0-9a-hjkmnp-tv-z]{25}$");
        let example = schema.get("examples").unwrap()[0].as_str().unwrap();
        assert_eq!(example.parse::<VideoId>().map(|id| id.to_string()).as_deref(), Ok(example));
    }

    #[test]
    fn every_prefix_is_valid_and_its_own() {
        let mut seen = std::collections::HashSet::new();
        for prefix in PREFIXES {
            assert!(DynamicType::new(prefix).is_ok(), "{prefix}");
            assert!(seen.insert(prefix), "{prefix} twice");
        }
    }
}
