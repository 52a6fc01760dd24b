//! Which paths can be signed and asked for: plain names only, so that there is one spelling of each path.

/// The longest path, in bytes.
const MAX_PATH_BYTES: usize = 1024;

/// Whether every segment is a plain name. Percent signs, backslashes, dot segments and empty segments are out:
/// whoever serves the file must not understand a path in another way than whoever checked it.
pub(crate) fn is_plain(path: &str) -> bool {
    path.len() <= MAX_PATH_BYTES && path.split('/').all(is_plain_segment)
}

/// Whether this is a plain path of a directory, with the slash at its end: without it the prefix `video_1`
/// would open `video_10` too.
pub(crate) fn is_plain_directory(prefix: &str) -> bool {
    prefix.strip_suffix('/').is_some_and(is_plain)
}

fn is_plain_segment(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(plain)
}
