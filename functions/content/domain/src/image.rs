//! Images: what is said of one, and what its first bytes tell.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The largest image that is taken.
pub const IMAGE_MAX_BYTES: u64 = 2 * 1024 * 1024;
/// The longest side of an image, in pixels: whoever shows it has to hold all of them.
pub const IMAGE_SIDE_MAX: u32 = 4_096;
/// As many of its first bytes are looked at. What stands before the size of a JPEG, such as a profile of its colours, takes less.
pub const IMAGE_HEAD_BYTES: u64 = 256 * 1024;
const SHA256_BYTES: usize = 32;

/// The media type of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ImageType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
}

/// A SHA-256 digest in base64, as the store takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageChecksum(String);

/// What its owner says of an image before its bytes come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFile {
    /// Its media type.
    pub content_type: ImageType,
    /// Its size, 1 to [`IMAGE_MAX_BYTES`].
    pub size_bytes: u64,
    /// Of the whole of it.
    pub checksum_sha256: ImageChecksum,
}

/// How large an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

/// Why what is said of an image will not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidImage {
    /// Another media type.
    #[error("must be one of image/jpeg, image/png, image/webp")]
    ContentTypeNotAllowed,
    /// No byte at all.
    #[error("must be at least 1")]
    SizeZero,
    /// More than [`IMAGE_MAX_BYTES`].
    #[error("must be at most {IMAGE_MAX_BYTES}")]
    SizeTooLarge,
    /// Not the base64 form of 32 bytes.
    #[error("must be a SHA-256 digest in base64 (RFC 4648 section 4)")]
    ChecksumMalformed,
}

/// Why what arrived is not the image that was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTheImage {
    /// Another size.
    #[error("the stored object has another size than declared")]
    Size,
    /// Another SHA-256, or none that the store knows.
    #[error("the stored object has another checksum than declared")]
    Checksum,
    /// The first bytes are those of another type.
    #[error("the stored object is not of the declared content type")]
    ContentType,
    /// Its first bytes do not say how large it is.
    #[error("the image does not say how large it is")]
    Unreadable,
    /// A side has no pixel, or more than [`IMAGE_SIDE_MAX`].
    #[error("the image's sides must have 1 to {IMAGE_SIDE_MAX} pixels")]
    Pixels,
}

impl InvalidImage {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            InvalidImage::ContentTypeNotAllowed => "content_type_not_allowed",
            InvalidImage::SizeZero => "too_small",
            InvalidImage::SizeTooLarge => "too_large",
            InvalidImage::ChecksumMalformed => "invalid_checksum",
        }
    }
}

impl ImageType {
    /// All that are taken.
    pub const ALL: [ImageType; 3] = [ImageType::Jpeg, ImageType::Png, ImageType::Webp];

    /// The media type's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            ImageType::Jpeg => "image/jpeg",
            ImageType::Png => "image/png",
            ImageType::Webp => "image/webp",
        }
    }

    /// Takes a name in any case (RFC 9110 section 8.3.1), without parameters.
    pub fn parse(text: &str) -> Result<Self, InvalidImage> {
        let named = Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(text));
        named.ok_or(InvalidImage::ContentTypeNotAllowed)
    }

    /// The type of the image that begins with these bytes, where it is one that is taken.
    fn sniff(head: &[u8]) -> Option<Self> {
        match imagesize::image_type(head).ok()? {
            imagesize::ImageType::Jpeg => Some(ImageType::Jpeg),
            imagesize::ImageType::Png => Some(ImageType::Png),
            imagesize::ImageType::Webp => Some(ImageType::Webp),
            _ => None,
        }
    }
}

impl ImageChecksum {
    /// Takes the base64 form of 32 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidImage> {
        let digest = STANDARD.decode(text).map_err(|_| InvalidImage::ChecksumMalformed)?;
        if digest.len() == SHA256_BYTES {
            Ok(ImageChecksum(text.to_owned()))
        } else {
            Err(InvalidImage::ChecksumMalformed)
        }
    }

    /// In base64.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ImageFile {
    /// Whether a size can be declared.
    pub const fn check_size(size_bytes: u64) -> Result<u64, InvalidImage> {
        match size_bytes {
            0 => Err(InvalidImage::SizeZero),
            1..=IMAGE_MAX_BYTES => Ok(size_bytes),
            _ => Err(InvalidImage::SizeTooLarge),
        }
    }

    /// Looks at what has arrived: its size, its checksum as the store knows it, and its first bytes, up to [`IMAGE_HEAD_BYTES`]
    /// (none where the size is wrong).
    pub fn check(
        &self,
        size_bytes: u64,
        checksum_sha256: Option<&str>,
        head: &[u8],
    ) -> Result<Pixels, NotTheImage> {
        if size_bytes != self.size_bytes {
            return Err(NotTheImage::Size);
        }
        if checksum_sha256 != Some(self.checksum_sha256.as_str()) {
            return Err(NotTheImage::Checksum);
        }
        if ImageType::sniff(head) != Some(self.content_type) {
            return Err(NotTheImage::ContentType);
        }
        let size = imagesize::blob_size(head).map_err(|_| NotTheImage::Unreadable)?;
        let side = |pixels: usize| u32::try_from(pixels).map_err(|_| NotTheImage::Pixels);
        let pixels = Pixels { width: side(size.width)?, height: side(size.height)? };
        if pixels.is_shown() { Ok(pixels) } else { Err(NotTheImage::Pixels) }
    }
}

impl Pixels {
    /// Whether an image of this size is taken.
    pub fn is_shown(self) -> bool {
        let sides = 1..=IMAGE_SIDE_MAX;
        sides.contains(&self.width) && sides.contains(&self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIGEST: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        head.extend(width.to_be_bytes());
        head.extend(height.to_be_bytes());
        head
    }

    /// With a segment of this length before its size.
    fn jpeg(width: u16, height: u16, before: u16) -> Vec<u8> {
        let mut head = b"\xff\xd8\xff\xe1".to_vec();
        head.extend(before.to_be_bytes());
        head.resize(4 + usize::from(before), 0);
        head.extend(b"\xff\xc0\0\x11\x08");
        head.extend(height.to_be_bytes());
        head.extend(width.to_be_bytes());
        head
    }

    fn webp(width: u32, height: u32) -> Vec<u8> {
        let mut head = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
        head.extend(&(width - 1).to_le_bytes()[..3]);
        head.extend(&(height - 1).to_le_bytes()[..3]);
        head
    }

    fn file(content_type: ImageType) -> ImageFile {
        let checksum_sha256 = ImageChecksum::parse(DIGEST).unwrap();
        ImageFile { content_type, size_bytes: 1_000, checksum_sha256 }
    }

    fn check(content_type: ImageType, head: &[u8]) -> Result<(u32, u32), NotTheImage> {
        let pixels = file(content_type).check(1_000, Some(DIGEST), head)?;
        Ok((pixels.width, pixels.height))
    }

    #[test]
    fn each_type_tells_its_size() {
        assert_eq!(check(ImageType::Png, &png(1_280, 720)), Ok((1_280, 720)));
        assert_eq!(check(ImageType::Jpeg, &jpeg(1_280, 720, 60_000)), Ok((1_280, 720)));
        assert_eq!(check(ImageType::Webp, &webp(1_280, 720)), Ok((1_280, 720)));
    }

    #[test]
    fn what_is_something_else_is_refused() {
        for (content_type, head) in [
            (ImageType::Jpeg, png(1, 1)),
            (ImageType::Png, jpeg(1, 1, 2)),
            (ImageType::Webp, b"RIFF\0\0\0\0WAVEfmt ".to_vec()),
            (ImageType::Png, b"<svg xmlns=\"http://www.w3.org/2000/svg\">".to_vec()),
            (ImageType::Png, b"GIF89a\x01\0\x01\0".to_vec()),
            (ImageType::Png, Vec::new()),
        ] {
            assert_eq!(check(content_type, &head), Err(NotTheImage::ContentType), "{head:?}");
        }
        assert_eq!(check(ImageType::Jpeg, &jpeg(1, 1, 60)[..40]), Err(NotTheImage::Unreadable));
    }

    #[test]
    fn sides_are_bounded() {
        assert!(check(ImageType::Png, &png(IMAGE_SIDE_MAX, 1)).is_ok());
        for (width, height) in
            [(IMAGE_SIDE_MAX + 1, 1), (1, IMAGE_SIDE_MAX + 1), (0, 1), (u32::MAX, u32::MAX)]
        {
            assert_eq!(check(ImageType::Png, &png(width, height)), Err(NotTheImage::Pixels));
        }
    }

    #[test]
    fn size_and_checksum_are_those_that_were_declared() {
        let (file, head) = (file(ImageType::Png), png(1, 1));
        assert_eq!(file.check(999, Some(DIGEST), &head), Err(NotTheImage::Size));
        assert_eq!(file.check(1_000, None, &head), Err(NotTheImage::Checksum));
        assert_eq!(file.check(1_000, Some("other"), &head), Err(NotTheImage::Checksum));
        assert_eq!(ImageFile::check_size(0), Err(InvalidImage::SizeZero));
        assert_eq!(ImageFile::check_size(IMAGE_MAX_BYTES), Ok(IMAGE_MAX_BYTES));
        assert_eq!(ImageFile::check_size(IMAGE_MAX_BYTES + 1), Err(InvalidImage::SizeTooLarge));
        assert_eq!(ImageChecksum::parse("47DEQpj8"), Err(InvalidImage::ChecksumMalformed));
        assert_eq!(ImageType::parse("Image/PNG"), Ok(ImageType::Png));
        assert_eq!(ImageType::parse("image/svg+xml"), Err(InvalidImage::ContentTypeNotAllowed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for (content_type, magic) in [
                (ImageType::Jpeg, &b"\xff\xd8\xff"[..]),
                (ImageType::Png, b"\x89PNG"),
                (ImageType::Webp, b"RIFF\0\0\0\0WEBPVP8"),
            ] {
                let head: Vec<u8> = magic.iter().copied().chain(bytes.iter().copied()).collect();
                let _ = check(content_type, &head);
            }
        }
    }
}
