//! Common encryption (ISO/IEC 23001-7, scheme `cenc`) of fragmented MP4. ffmpeg knows it for files in one piece only.

use super::boxes::{HEADER_BYTES, MediaBox, parse, write};
use aes::Aes128;
use ctr::Ctr64BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use uuid::Uuid;

/// The system that needs nothing but the ids of keys (W3C, "cenc" Initialization Data Format).
pub(crate) const COMMON_SYSTEM: Uuid = Uuid::from_u128(0x1077_efec_c0b2_4d02_ace3_3c1e_52e2_fb4b);
const SCHEME: &[u8; 4] = b"cenc";
const SCHEME_VERSION: u32 = 0x0001_0000;
const IV_BYTES: u8 = 8;
const BLOCK_BYTES: usize = 16;
/// Of a slice so much stays readable at least: players look into its header.
const CLEAR_LEAD_BYTES: usize = 32;
/// The part of a sample that stays readable is told in 16 bits.
const CLEAR_MAX: usize = u16::MAX as usize;

/// A key, by the id that files name it by.
#[derive(Clone)]
pub(crate) struct ContentKey {
    pub(crate) id: Uuid,
    pub(crate) key: [u8; BLOCK_BYTES],
}

/// What must be known of a track to encrypt its segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Track {
    /// H.264 in units of a length in so many bytes, of which all but the beginning is encrypted.
    Avc { length_bytes: usize },
    /// Sound, which is encrypted as a whole.
    Sound,
}

/// Says in an init segment that the segments are encrypted, and gives what kind of track it is of.
pub(crate) fn protect_init(bytes: &[u8], key: &ContentKey) -> Option<(Track, Vec<u8>)> {
    let mut file = parse(bytes)?;
    let movie = file.iter_mut().find(|one| one.kind == *b"moov")?;
    let table = movie.descendant(&[b"trak", b"mdia", b"minf", b"stbl", b"stsd"])?;
    let entry = table.children.first_mut()?;
    let track = match &entry.kind {
        b"avc1" => Track::Avc { length_bytes: usize::from(entry.child(b"avcC")?.head.get(4)? & 3) + 1 },
        b"mp4a" => Track::Sound,
        _ => return None,
    };
    entry.children.push(protection_of(entry.kind, key.id));
    entry.kind = if track == Track::Sound { *b"enca" } else { *b"encv" };
    movie.children.push(MediaBox::new(b"pssh", pssh(key.id)));
    Some((track, write(&file)))
}

/// What stood in the place of `encv` or `enca`, and how it is encrypted.
fn protection_of(original: [u8; 4], key_id: Uuid) -> MediaBox {
    let mut scheme = vec![0; 4];
    scheme.extend(SCHEME);
    scheme.extend(SCHEME_VERSION.to_be_bytes());
    // Version and flags, two bytes in reserve, that it is encrypted.
    let mut track = vec![0, 0, 0, 0, 0, 0, 1, IV_BYTES];
    track.extend(key_id.as_bytes());
    let information = MediaBox::with(b"schi", vec![MediaBox::new(b"tenc", track)]);
    MediaBox::with(
        b"sinf",
        vec![MediaBox::new(b"frma", original.to_vec()), MediaBox::new(b"schm", scheme), information],
    )
}

/// What a `pssh` box holds that names this key and no system in particular.
fn pssh(key_id: Uuid) -> Vec<u8> {
    let mut body = vec![1, 0, 0, 0];
    body.extend(COMMON_SYSTEM.as_bytes());
    body.extend(1_u32.to_be_bytes());
    body.extend(key_id.as_bytes());
    body.extend(0_u32.to_be_bytes());
    body
}

/// The whole box, for manifests.
pub(crate) fn pssh_box(key_id: Uuid) -> Vec<u8> {
    write(&[MediaBox::new(b"pssh", pssh(key_id))])
}

/// Encrypts a segment. The samples take one IV after the other from `iv`, which no other sample under this key may have.
pub(crate) fn protect_segment(bytes: &[u8], track: Track, key: &ContentKey, iv: &mut u64) -> Option<Vec<u8>> {
    let mut file = parse(bytes)?;
    // It would say where things were.
    file.retain(|one| one.kind != *b"sidx");
    let fragment = file.iter().position(|one| one.kind == *b"moof")?;
    let (before, after) = file.split_at_mut(fragment + 1);
    let (fragment, data) = (before.last_mut()?, after.first_mut().filter(|data| data.kind == *b"mdat")?);
    let sizes = sample_sizes(fragment)?;
    let mut told = Vec::new();
    let mut rest = data.head.as_mut_slice();
    for size in sizes {
        let (sample, others) = rest.split_at_mut_checked(size)?;
        rest = others;
        told.push(Told { iv: *iv, parts: encrypt(sample, track, key, *iv)? });
        *iv = iv.wrapping_add(1);
    }
    rest.is_empty().then_some(())?;
    tell(fragment, &told, track)?;
    Some(write(&file))
}

/// The sizes of a fragment's samples, in their order. They must lie where the fragment ends.
fn sample_sizes(fragment: &mut MediaBox) -> Option<Vec<usize>> {
    const BASE_DATA_OFFSET: u32 = 0x1;
    const DESCRIPTION_INDEX: u32 = 0x2;
    const DEFAULT_DURATION: u32 = 0x8;
    const DEFAULT_SIZE: u32 = 0x10;
    let header = &fragment.descendant(&[b"traf", b"tfhd"])?.head;
    let flags = word(header, 0)?;
    if flags & BASE_DATA_OFFSET != 0 {
        return None;
    }
    let before = [DESCRIPTION_INDEX, DEFAULT_DURATION].into_iter().filter(|flag| flags & flag != 0).count();
    let default_size = if flags & DEFAULT_SIZE == 0 { None } else { Some(word(header, 2 + before)?) };
    let run = Run::read(&fragment.descendant(&[b"traf", b"trun"])?.head)?;
    (0..run.samples).map(|sample| usize::try_from(run.size(sample).or(default_size)?).ok()).collect()
}

/// A list of samples, `trun`.
struct Run<'a> {
    head: &'a [u8],
    samples: usize,
    /// In words, as the next two.
    first: usize,
    step: usize,
    /// Where the size stands in each entry, where it does.
    size: Option<usize>,
}

impl<'a> Run<'a> {
    fn read(head: &'a [u8]) -> Option<Self> {
        const DATA_OFFSET: u32 = 0x1;
        const FIRST_FLAGS: u32 = 0x4;
        const DURATION: u32 = 0x100;
        const SIZE: u32 = 0x200;
        const FLAGS: u32 = 0x400;
        const COMPOSITION: u32 = 0x800;
        let flags = word(head, 0)?;
        let count = |of: &[u32]| of.iter().filter(|flag| flags & **flag != 0).count();
        (flags & DATA_OFFSET != 0).then_some(())?;
        Some(Run {
            head,
            samples: usize::try_from(word(head, 1)?).ok()?,
            first: 3 + count(&[FIRST_FLAGS]),
            step: count(&[DURATION, SIZE, FLAGS, COMPOSITION]),
            size: (flags & SIZE != 0).then(|| count(&[DURATION])),
        })
    }

    fn size(&self, sample: usize) -> Option<u32> {
        word(self.head, self.first + sample * self.step + self.size?)
    }
}

/// A word of a box; of the first one the flags, without the version before them.
fn word(head: &[u8], index: usize) -> Option<u32> {
    let bytes = head.get(4 * index..4 * index + 4)?;
    let word = u32::from_be_bytes(bytes.try_into().ok()?);
    Some(if index == 0 { word & 0x00ff_ffff } else { word })
}

/// What players are told of a sample.
struct Told {
    iv: u64,
    parts: Vec<Part>,
}

/// So many bytes that are readable, and then so many that are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Part {
    clear: usize,
    encrypted: usize,
}

fn encrypt(sample: &mut [u8], track: Track, key: &ContentKey, iv: u64) -> Option<Vec<Part>> {
    let mut block = [0; BLOCK_BYTES];
    block.first_chunk_mut().map(|start: &mut [u8; 8]| *start = iv.to_be_bytes())?;
    let mut cipher = Ctr64BE::<Aes128>::new(&key.key.into(), &block.into());
    let Track::Avc { length_bytes } = track else {
        cipher.apply_keystream(sample);
        return Some(Vec::new());
    };
    let parts = parts(sample, length_bytes)?;
    let mut rest = sample;
    for Part { clear, encrypted } in &parts {
        let (_, after) = rest.split_at_mut_checked(*clear)?;
        let (part, after) = after.split_at_mut_checked(*encrypted)?;
        cipher.apply_keystream(part);
        rest = after;
    }
    Some(parts)
}

/// Of each slice all but its beginning, in whole blocks.
fn parts(sample: &[u8], length_bytes: usize) -> Option<Vec<Part>> {
    let (mut parts, mut clear, mut rest) = (Vec::new(), 0, sample);
    while !rest.is_empty() {
        let (length, after) = rest.split_at_checked(length_bytes)?;
        let length = length.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte));
        let (unit, after) = after.split_at_checked(length)?;
        let is_slice = unit.first().is_some_and(|first| (1..=5).contains(&(first & 0x1f)));
        let encrypted =
            if is_slice { length.saturating_sub(CLEAR_LEAD_BYTES) & !(BLOCK_BYTES - 1) } else { 0 };
        clear += length_bytes + length - encrypted;
        if encrypted > 0 {
            push(&mut parts, clear, encrypted);
            clear = 0;
        }
        rest = after;
    }
    if clear > 0 {
        push(&mut parts, clear, 0);
    }
    Some(parts)
}

fn push(parts: &mut Vec<Part>, mut clear: usize, encrypted: usize) {
    while clear > CLEAR_MAX {
        parts.push(Part { clear: CLEAR_MAX, encrypted: 0 });
        clear -= CLEAR_MAX;
    }
    parts.push(Part { clear, encrypted });
}

/// Tells in the fragment how each sample is encrypted: `senc`, and where it stands in it: `saiz` and `saio`.
fn tell(fragment: &mut MediaBox, told: &[Told], track: Track) -> Option<()> {
    const HAS_PARTS: u32 = 0x2;
    const ENTRY_BYTES: usize = 6;
    let has_parts = track != Track::Sound;
    let samples = u32::try_from(told.len()).ok()?.to_be_bytes();
    let mut information = if has_parts { HAS_PARTS } else { 0 }.to_be_bytes().to_vec();
    information.extend(samples);
    // Version and flags, and the size where it is the same for all.
    let mut sizes = vec![0, 0, 0, 0, if has_parts { 0 } else { IV_BYTES }];
    sizes.extend(samples);
    for Told { iv, parts } in told {
        information.extend(iv.to_be_bytes());
        if has_parts {
            information.extend(u16::try_from(parts.len()).ok()?.to_be_bytes());
            for Part { clear, encrypted } in parts {
                information.extend(u16::try_from(*clear).ok()?.to_be_bytes());
                information.extend(u32::try_from(*encrypted).ok()?.to_be_bytes());
            }
            sizes.push(u8::try_from(usize::from(IV_BYTES) + 2 + ENTRY_BYTES * parts.len()).ok()?);
        }
    }
    let (size_before, offset) = (fragment.size(), place_of_entries(fragment, sizes.len())?);
    // Version and flags, one entry.
    let mut place = vec![0, 0, 0, 0, 0, 0, 0, 1];
    place.extend(u32::try_from(offset).ok()?.to_be_bytes());
    let own = fragment.child(b"traf")?;
    own.children.push(MediaBox::new(b"saiz", sizes));
    own.children.push(MediaBox::new(b"saio", place));
    own.children.push(MediaBox::new(b"senc", information));
    let grown = u32::try_from(fragment.size() - size_before).ok()?;
    let run = &mut fragment.descendant(&[b"traf", b"trun"])?.head;
    let data_offset = word(run, 2)?.checked_add(grown)?;
    run.get_mut(8..12)?.copy_from_slice(&data_offset.to_be_bytes());
    Some(())
}

/// Where the first sample's entry will stand in the fragment, once there are a `saiz` of this size, a `saio` and a `senc`
/// at the end of its `traf`.
fn place_of_entries(fragment: &MediaBox, sizes_bytes: usize) -> Option<usize> {
    const PLACE_BYTES: usize = 12;
    const COUNT_BYTES: usize = 8;
    let own = fragment.children.iter().position(|child| child.kind == *b"traf")?;
    let until_own_end = fragment.children.iter().take(own + 1).map(MediaBox::size).sum::<usize>();
    Some(
        HEADER_BYTES
            + until_own_end
            + HEADER_BYTES
            + sizes_bytes
            + HEADER_BYTES
            + PLACE_BYTES
            + HEADER_BYTES
            + COUNT_BYTES,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_slice_the_beginning_stays_readable_and_all_else_of_it_in_whole_blocks_is_not() {
        let unit = |kind: u8, length: u8| {
            let mut unit = vec![0, 0, 0, length, kind];
            unit.resize(4 + usize::from(length), 0xaa);
            unit
        };
        let sample = [unit(6, 20), unit(0x65, 100), unit(0x41, 40)].concat();
        let expected = [Part { clear: 24 + 4 + 36, encrypted: 64 }, Part { clear: 44, encrypted: 0 }];
        assert_eq!(parts(&sample, 4).unwrap(), expected);
        assert_eq!(parts(&sample[..sample.len() - 1], 4), None, "cut off");
        let long =
            [0, 1, 0x11, 0x70, 6].into_iter().chain(std::iter::repeat_n(0, 69_999)).collect::<Vec<u8>>();
        let expected = [Part { clear: 65_535, encrypted: 0 }, Part { clear: 4_469, encrypted: 0 }];
        assert_eq!(parts(&long, 4).unwrap(), expected);
    }
}
