//! Boxes of ISO media files (ISO/IEC 14496-12), as deep as whoever encrypts them must look into them.

/// A box: what stands before the boxes in it, or all of it where nothing looks into it, and these boxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaBox {
    pub(crate) kind: [u8; 4],
    pub(crate) head: Vec<u8>,
    pub(crate) children: Vec<MediaBox>,
}

/// Size and type.
pub(crate) const HEADER_BYTES: usize = 8;

impl MediaBox {
    pub(crate) fn new(kind: &[u8; 4], head: Vec<u8>) -> Self {
        MediaBox { kind: *kind, head, children: Vec::new() }
    }

    pub(crate) fn with(kind: &[u8; 4], children: Vec<MediaBox>) -> Self {
        MediaBox { kind: *kind, head: Vec::new(), children }
    }

    /// The first box of a type in this one.
    pub(crate) fn child(&mut self, kind: &[u8; 4]) -> Option<&mut MediaBox> {
        self.children.iter_mut().find(|child| child.kind == *kind)
    }

    /// The first box at the end of a path.
    pub(crate) fn descendant(&mut self, path: &[&[u8; 4]]) -> Option<&mut MediaBox> {
        path.iter().try_fold(self, |found, kind| found.child(kind))
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> usize {
        HEADER_BYTES + self.head.len() + self.children.iter().map(MediaBox::size).sum::<usize>()
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        // A segment of 4 GiB is none that is made here.
        bytes.extend(u32::try_from(self.size()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(self.kind);
        bytes.extend(&self.head);
        self.children.iter().for_each(|child| child.write(bytes));
    }
}

/// Reads a file, or what a box holds.
pub(crate) fn parse(mut bytes: &[u8]) -> Option<Vec<MediaBox>> {
    let mut boxes = Vec::new();
    while !bytes.is_empty() {
        let size = usize::try_from(u32::from_be_bytes(*bytes.first_chunk()?)).ok()?;
        let kind: [u8; 4] = bytes.get(4..HEADER_BYTES)?.try_into().ok()?;
        let body = bytes.get(HEADER_BYTES..size)?;
        let (head, children) = match head_bytes(&kind) {
            Some(head_bytes) => (body.get(..head_bytes)?, parse(body.get(head_bytes..)?)?),
            None => (body, Vec::new()),
        };
        boxes.push(MediaBox { kind, head: head.to_vec(), children });
        bytes = bytes.get(size..)?;
    }
    Some(boxes)
}

/// Writes them one after the other.
pub(crate) fn write(boxes: &[MediaBox]) -> Vec<u8> {
    let mut bytes = Vec::new();
    boxes.iter().for_each(|one| one.write(&mut bytes));
    bytes
}

/// How much stands before the boxes in a box; none where nothing looks into it.
fn head_bytes(kind: &[u8; 4]) -> Option<usize> {
    match kind {
        b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"moof" | b"traf" => Some(0),
        b"stsd" => Some(8),
        // Entries for pictures and for sound.
        b"avc1" => Some(78),
        b"mp4a" => Some(28),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let entry = MediaBox {
            children: vec![MediaBox::new(b"avcC", vec![1; 9])],
            ..MediaBox::new(b"avc1", vec![0; 78])
        };
        let table = MediaBox { children: vec![entry], ..MediaBox::new(b"stsd", vec![0; 8]) };
        let file = [MediaBox::new(b"ftyp", vec![7; 16]), MediaBox::with(b"stbl", vec![table])];
        let bytes = write(&file);
        let mut again = parse(&bytes).unwrap();
        assert_eq!(again, file);
        assert_eq!(write(&again), bytes);
        assert_eq!(again[1].descendant(&[b"stsd", b"avc1", b"avcC"]).unwrap().head, [1; 9]);
    }

    #[test]
    fn what_is_cut_off_or_too_short_is_none() {
        let bytes = write(&[MediaBox::new(b"mdat", vec![1; 20])]);
        for length in 1..bytes.len() {
            assert_eq!(parse(&bytes[..length]), None, "{length}");
        }
        assert_eq!(parse(&[0, 0, 0, 4, b'm', b'd', b'a', b't']), None);
    }
}
