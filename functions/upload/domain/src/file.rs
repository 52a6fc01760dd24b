//! What the uploader says of the file, parsed once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The longest file name, in characters.
pub const FILE_NAME_MAX_CHARS: usize = 255;
const SHA256_BYTES: usize = 32;

/// Why a file cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFile {
    /// A name without a character.
    #[error("must not be empty")]
    NameEmpty,
    /// A name longer than [`FILE_NAME_MAX_CHARS`].
    #[error("must have at most {FILE_NAME_MAX_CHARS} characters")]
    NameTooLong,
    /// A name with control characters or a path in it.
    #[error("must be a name without control characters and slashes")]
    NameUnusable,
    /// A media type that is not on the allow list.
    #[error("must be one of video/mp4, video/quicktime, video/webm, video/x-matroska, video/mp2t")]
    ContentTypeNotAllowed,
    /// Not the base64 form of 32 bytes.
    #[error("must be a SHA-256 digest in base64 (RFC 4648 section 4)")]
    ChecksumMalformed,
    /// A checksum of the whole of a file that comes in parts: no store can check it.
    #[error("is only for the method `put`; with parts, give a checksum for each part")]
    ChecksumOfWhole,
    /// No byte at all.
    #[error("must be at least 1")]
    SizeZero,
    /// More than the method can carry.
    #[error("must be at most {max_bytes}")]
    SizeTooLarge {
        /// What it can carry.
        max_bytes: u64,
    },
}

impl InvalidFile {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            InvalidFile::NameEmpty => "required",
            InvalidFile::NameTooLong => "too_long",
            InvalidFile::NameUnusable => "invalid_value",
            InvalidFile::ContentTypeNotAllowed => "content_type_not_allowed",
            InvalidFile::ChecksumMalformed => "invalid_checksum",
            InvalidFile::ChecksumOfWhole => "checksum_not_possible",
            InvalidFile::SizeZero => "too_small",
            InvalidFile::SizeTooLarge { .. } => "too_large",
        }
    }
}

/// The name that the file had where it came from. Kept to be shown to its owner; never part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Takes a name of 1 to 255 characters.
    pub fn parse(text: &str) -> Result<Self, InvalidFile> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidFile::NameEmpty);
        }
        if text.chars().count() > FILE_NAME_MAX_CHARS {
            return Err(InvalidFile::NameTooLong);
        }
        if text.chars().any(|c| c.is_control() || matches!(c, '/' | '\\')) {
            return Err(InvalidFile::NameUnusable);
        }
        Ok(FileName(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The media types that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// `video/mp4`
    Mp4,
    /// `video/quicktime`
    QuickTime,
    /// `video/webm`
    WebM,
    /// `video/x-matroska`
    Matroska,
    /// `video/mp2t`
    MpegTs,
}

impl ContentType {
    /// All of them.
    pub const ALL: [ContentType; 5] = [
        ContentType::Mp4,
        ContentType::QuickTime,
        ContentType::WebM,
        ContentType::Matroska,
        ContentType::MpegTs,
    ];

    /// The media type's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            ContentType::Mp4 => "video/mp4",
            ContentType::QuickTime => "video/quicktime",
            ContentType::WebM => "video/webm",
            ContentType::Matroska => "video/x-matroska",
            ContentType::MpegTs => "video/mp2t",
        }
    }

    /// Takes a name on the allow list, in any case (RFC 9110 section 8.3.1), without parameters.
    pub fn parse(text: &str) -> Result<Self, InvalidFile> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text))
            .ok_or(InvalidFile::ContentTypeNotAllowed)
    }
}

/// A SHA-256 digest in base64, as the store takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum(String);

impl Checksum {
    /// Takes the base64 form of 32 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidFile> {
        let digest = STANDARD.decode(text).map_err(|_| InvalidFile::ChecksumMalformed)?;
        if digest.len() == SHA256_BYTES {
            Ok(Checksum(text.to_owned()))
        } else {
            Err(InvalidFile::ChecksumMalformed)
        }
    }

    /// In base64.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the uploader says of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: FileName,
    /// Its size.
    pub size_bytes: u64,
    /// Its media type.
    pub content_type: ContentType,
    /// Of the whole file, where it was given.
    pub checksum_sha256: Option<Checksum>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_and_no_path() {
        assert_eq!(FileName::parse(" Urlaub 2026.mp4 ").unwrap().as_str(), "Urlaub 2026.mp4");
        assert!(FileName::parse(&"ü".repeat(FILE_NAME_MAX_CHARS)).is_ok());
        assert_eq!(FileName::parse(&"ü".repeat(FILE_NAME_MAX_CHARS + 1)), Err(InvalidFile::NameTooLong));
        assert_eq!(FileName::parse("  "), Err(InvalidFile::NameEmpty));
        for bad in ["../a", "a\\b", "a\u{0}b", "a\nb"] {
            assert_eq!(FileName::parse(bad), Err(InvalidFile::NameUnusable), "{bad:?}");
        }
    }

    #[test]
    fn only_listed_types_are_taken() {
        for known in ContentType::ALL {
            assert_eq!(ContentType::parse(known.as_str()), Ok(known));
        }
        assert_eq!(ContentType::parse("Video/MP4"), Ok(ContentType::Mp4));
        for other in ["", "video/*", "text/html", "video/mp4; codecs=x", "image/svg+xml"] {
            assert_eq!(ContentType::parse(other), Err(InvalidFile::ContentTypeNotAllowed), "{other}");
        }
    }

    #[test]
    fn a_checksum_is_32_bytes_in_base64() {
        assert!(Checksum::parse("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").is_ok());
        for bad in ["", "47DEQpj8", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", &"e3".repeat(32)] {
            assert_eq!(Checksum::parse(bad), Err(InvalidFile::ChecksumMalformed), "{bad}");
        }
    }
}
