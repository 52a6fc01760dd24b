//! A tree of segments and manifests, made unreadable for whoever has no licence.

use super::cenc::{ContentKey, Track, protect_init, protect_segment, pssh_box};
use super::media::{DASH, HLS};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mcsp_playback_url::{Key, content_key, key_id};
use serde::Serialize;
use std::io;
use std::path::Path;
use uuid::Uuid;

/// ClearKey, as DASH-IF has it.
const CLEAR_KEY: &str = "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e";

/// What is told of a protected stream. The key is derived from the seed by whoever has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Protection {
    scheme: &'static str,
    key_ids: Vec<Uuid>,
    seed_id: String,
}

/// Why a tree stays readable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unprotected {
    /// The disk.
    #[error("a temporary file cannot be used")]
    Disk(#[from] io::Error),
    /// What ffmpeg has made is not as it is expected.
    #[error("{0} cannot be encrypted")]
    Form(String),
}

/// Encrypts all segments of a tree with one key, and says so in its manifests.
pub(crate) fn protect(tree: &Path, seed: &Key, upload_id: &str) -> Result<Protection, Unprotected> {
    let id = key_id(seed, upload_id);
    let key = ContentKey { id, key: content_key(seed, id) };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(tree)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    for name in &names {
        let Some(stream) = name.strip_prefix("init_").and_then(|rest| rest.strip_suffix(".mp4")) else {
            continue;
        };
        let track = rewrite(tree, name, |bytes| protect_init(bytes, &key))?;
        protect_segments(tree, &names, (stream, track), &key)?;
    }
    for name in names.iter().filter(|name| name.ends_with(".m3u8") && *name != HLS) {
        rewrite(tree, name, |bytes| {
            Some(((), in_playlist(std::str::from_utf8(bytes).ok()?, id)?.into_bytes()))
        })?;
    }
    rewrite(tree, DASH, |bytes| Some(((), in_manifest(std::str::from_utf8(bytes).ok()?, id)?.into_bytes())))?;
    Ok(Protection { scheme: "cenc", key_ids: vec![id], seed_id: seed.id().to_owned() })
}

fn protect_segments(
    tree: &Path,
    names: &[String],
    (stream, track): (&str, Track),
    key: &ContentKey,
) -> Result<(), Unprotected> {
    let prefix = format!("segment_{stream}_");
    // Of 2^64: streams under one key do not meet.
    let mut iv: u64 = rand::random();
    for name in names.iter().filter(|name| name.starts_with(&prefix)) {
        rewrite(tree, name, |bytes| Some(((), protect_segment(bytes, track, key, &mut iv)?)))?;
    }
    Ok(())
}

fn rewrite<T>(
    tree: &Path,
    name: &str,
    change: impl FnOnce(&[u8]) -> Option<(T, Vec<u8>)>,
) -> Result<T, Unprotected> {
    let file = tree.join(name);
    let (told, changed) = change(&std::fs::read(&file)?).ok_or_else(|| Unprotected::Form(name.to_owned()))?;
    std::fs::write(&file, changed)?;
    Ok(told)
}

/// Each set of representations says by which key it is encrypted.
fn in_manifest(manifest: &str, key_id: Uuid) -> Option<String> {
    let mut protected = String::with_capacity(manifest.len() + 1024);
    let mut sets = 0;
    for line in manifest.lines() {
        protected.push_str(line);
        protected.push('\n');
        if line.trim_start().starts_with("<AdaptationSet ") {
            sets += 1;
            protected.push_str(&format!(
                "\t\t\t<ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"cenc\" \
                 xmlns:cenc=\"urn:mpeg:cenc:2013\" cenc:default_KID=\"{key_id}\"/>\n\
                 \t\t\t<ContentProtection schemeIdUri=\"{CLEAR_KEY}\" value=\"ClearKey1.0\"/>\n"
            ));
        }
    }
    (sets > 0).then_some(protected)
}

/// The key stands before the init segment, and holds for all that follows.
fn in_playlist(playlist: &str, key_id: Uuid) -> Option<String> {
    let key = format!(
        "#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{}\",KEYID=0x{},\
         KEYFORMAT=\"urn:uuid:{}\",KEYFORMATVERSIONS=\"1\"\n#EXT-X-MAP:",
        STANDARD.encode(pssh_box(key_id)),
        key_id.simple(),
        super::cenc::COMMON_SYSTEM,
    );
    playlist.contains("#EXT-X-MAP:").then(|| playlist.replacen("#EXT-X-MAP:", &key, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_name_the_key() {
        let id = Uuid::from_u128(0xabcd);
        let manifest =
            "<MPD>\n\t\t<AdaptationSet id=\"0\">\n\t\t</AdaptationSet>\n\t\t<AdaptationSet id=\"1\">\n</MPD>";
        let protected = in_manifest(manifest, id).unwrap();
        assert_eq!(protected.matches("cenc:default_KID=\"00000000-0000-0000-0000-00000000abcd\"").count(), 2);
        let playlist = in_playlist("#EXTM3U\n#EXT-X-MAP:URI=\"init_0.mp4\"\n", id).unwrap();
        assert!(playlist.contains("KEYID=0x0000000000000000000000000000abcd"), "{playlist}");
        assert!(playlist.ends_with("\n#EXT-X-MAP:URI=\"init_0.mp4\"\n"), "{playlist}");
        assert_eq!((in_manifest("<MPD/>", id), in_playlist("#EXTM3U", id)), (None, None));
    }
}
