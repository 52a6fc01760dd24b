//! How secrets that only have to be recognized again are spelled, and the digests by which they are known.

/// How many characters [`spelled`] gives.
pub const SPELLED_CHARS: usize = 64;

/// 32 bytes in lowercase hexadecimal: what goes through headers, forms, shells and keys of Redis as it is.
pub fn spelled(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_its_two_digits() {
        let mut bytes = [0xab; 32];
        bytes[..3].copy_from_slice(&[0x00, 0x0f, 0xf0]);
        assert_eq!(spelled(&bytes), format!("000ff0{}", "ab".repeat(29)));
        assert_eq!(spelled(&bytes).len(), SPELLED_CHARS);
    }
}
