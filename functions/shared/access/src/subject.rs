//! Who a token speaks for, and how sure that is.

use mcsp_ids::{ClientId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;

/// Who acts with a token (RFC 9068 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A person.
    User(UserId),
    /// A client in its own name (RFC 6749 section 4.4).
    Client(ClientId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::User(user) => user.fmt(f),
            Subject::Client(client) => client.fmt(f),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let user = text.parse().map(Subject::User);
        user.or_else(|_| text.parse().map(Subject::Client)).map_err(de::Error::custom)
    }
}

/// How strongly a person was authenticated: the values of `acr` (RFC 9470).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Acr {
    /// With one factor.
    #[serde(rename = "1")]
    One,
    /// With two factors of different kinds.
    #[serde(rename = "2")]
    Two,
}

impl Acr {
    /// All of them, the weakest first.
    pub const ALL: [Acr; 2] = [Acr::One, Acr::Two];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Acr::One => "1",
            Acr::Two => "2",
        }
    }

    /// The strength of that name.
    pub fn from_name(name: &str) -> Option<Acr> {
        Acr::ALL.into_iter().find(|acr| acr.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strength_has_one_name_in_tokens_and_rows() {
        for acr in Acr::ALL {
            assert_eq!(Acr::from_name(acr.as_str()), Some(acr));
            assert_eq!(serde_json::to_value(acr).unwrap(), acr.as_str());
        }
        assert_eq!(Acr::from_name("0"), None);
        assert!(Acr::One < Acr::Two);
    }

    #[test]
    fn a_subject_is_told_by_its_prefix() {
        for text in ["user_00000000000000000000000001", "client_00000000000000000000000001"] {
            let subject: Subject = serde_json::from_value(text.into()).unwrap();
            assert_eq!(subject.to_string(), text);
            assert_eq!(matches!(subject, Subject::User(_)), text.starts_with("user"));
        }
        for text in ["", "video_00000000000000000000000001", "user"] {
            assert!(serde_json::from_value::<Subject>(text.into()).is_err(), "{text}");
        }
    }
}
