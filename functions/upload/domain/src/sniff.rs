//! What a file is, by its first bytes (as WHATWG MIME Sniffing section 6.2 does, and stricter).

use crate::ContentType;

/// How many bytes it takes to tell: three packets of a transport stream.
pub const SNIFF_BYTES: u64 = 512;

const TS_PACKET_BYTES: usize = 188;
const TS_SYNC: u8 = 0x47;
const EBML_MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];
/// The EBML element DocType (RFC 8794 section 11.2.6).
const EBML_DOC_TYPE: [u8; 2] = [0x42, 0x82];

impl ContentType {
    /// The type of the file that begins with these bytes, where it is one that is taken.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        if head.starts_with(&EBML_MAGIC) {
            return ebml(head);
        }
        if let Some(kind) = head.get(4..8) {
            match kind {
                b"ftyp" if head.get(8..12) == Some(b"qt  ") => return Some(ContentType::QuickTime),
                b"ftyp" => return Some(ContentType::Mp4),
                // QuickTime files from before `ftyp` begin with one of these atoms.
                b"moov" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot" => {
                    return Some(ContentType::QuickTime);
                }
                _ => {}
            }
        }
        let synced = |packet: usize| head.get(packet * TS_PACKET_BYTES) == Some(&TS_SYNC);
        (synced(0) && synced(1) && synced(2)).then_some(ContentType::MpegTs)
    }
}

fn ebml(head: &[u8]) -> Option<ContentType> {
    let at = head.windows(2).position(|window| window == EBML_DOC_TYPE)?;
    // One byte of length, with its marker bit.
    let length = usize::from(*head.get(at + 2)? & 0x7f);
    let name = head.get(at + 3..at + 3 + length)?;
    match name.split(|byte| *byte == 0).next()? {
        b"webm" => Some(ContentType::WebM),
        b"matroska" => Some(ContentType::Matroska),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ebml_file(doc_type: &[u8]) -> Vec<u8> {
        let mut file = EBML_MAGIC.to_vec();
        file.extend([0xa3, 0x42, 0x86, 0x81, 0x01, 0x42, 0x82, 0x80 | doc_type.len() as u8]);
        file.extend(doc_type);
        file
    }

    #[test]
    fn each_type_is_known_by_its_first_bytes() {
        let mut ts = vec![0; 512];
        for packet in 0..3 {
            ts[packet * TS_PACKET_BYTES] = TS_SYNC;
        }
        let cases: [(&[u8], ContentType); 6] = [
            (b"\0\0\0\x20ftypisom\0\0\x02\0", ContentType::Mp4),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", ContentType::QuickTime),
            (b"\0\0\0\x08wide\0\0\0\0mdat", ContentType::QuickTime),
            (&ebml_file(b"webm"), ContentType::WebM),
            (&ebml_file(b"matroska"), ContentType::Matroska),
            (&ts, ContentType::MpegTs),
        ];
        for (head, expected) in cases {
            assert_eq!(ContentType::sniff(head), Some(expected));
        }
    }

    #[test]
    fn what_only_looks_like_it_is_nothing() {
        let heads: [&[u8]; 6] =
            [b"", b"<html><script>", b"G", b"\x89PNG\r\n\x1a\n", &EBML_MAGIC, &ebml_file(b"other")];
        for head in heads {
            assert_eq!(ContentType::sniff(head), None, "{head:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(head in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = ContentType::sniff(&head);
            let mut ebml = EBML_MAGIC.to_vec();
            ebml.extend(head);
            let _ = ContentType::sniff(&ebml);
        }
    }
}
