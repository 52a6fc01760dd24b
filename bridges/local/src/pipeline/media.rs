//! ffprobe and ffmpeg, fenced in: bounded time, local files only, containers that hold media only.

use crate::error::LocalError;
use crate::process::{Group, Process};
use crate::programs;
use serde::Deserialize;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const PROBE_TIMEOUT: Duration = Duration::from_secs(30);
const TRANSCODE_TIMEOUT: Duration = Duration::from_secs(300);
/// Playlists are not among them: they can name other files and addresses.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,ogg";
const SEGMENT_S: u32 = 2;
/// The tallest renditions, and what the encoder may spend on each.
const RENDITIONS: [(u32, &str); 2] = [(360, "700k"), (180, "250k")];

/// What ffprobe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) duration_ms: u64,
    pub(crate) height: u32,
    pub(crate) has_audio: bool,
}

/// Why a file becomes no stream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MediaError {
    /// Not a container that ffmpeg knows and this pipeline takes.
    #[error("not a media file")]
    NotMedia,
    /// Sound or data only.
    #[error("no video in it")]
    NoVideo,
    /// ffmpeg gave up.
    #[error("it cannot be transcoded")]
    Broken,
    /// ffmpeg was given up.
    #[error("transcoding takes too long")]
    TooLong,
    /// This machine's fault, not the file's.
    #[error("the tools do not work")]
    Machine(#[source] LocalError),
}

#[derive(Deserialize)]
struct Probe {
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Stream {
    codec_type: Option<String>,
    height: Option<u32>,
}

#[derive(Deserialize)]
struct Format {
    duration: Option<String>,
}

/// Looks into a file.
pub(crate) async fn probe(file: &Path, scratch: &Path) -> Result<Source, MediaError> {
    let mut command = Command::new(programs::find("ffprobe").map_err(MediaError::Machine)?);
    command
        .args(["-v", "error", "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS])
        .args(["-show_entries", "stream=codec_type,height:format=duration", "-of", "json"])
        .arg(file);
    let output = scratch.join("probe.json");
    if !run(command, &output, PROBE_TIMEOUT).await? {
        return Err(MediaError::NotMedia);
    }
    let json =
        std::fs::read(&output).map_err(LocalError::file("read", &output)).map_err(MediaError::Machine)?;
    let probe: Probe = serde_json::from_slice(&json).map_err(|_| MediaError::NotMedia)?;
    let of_type = |kind: &str| probe.streams.iter().find(|stream| stream.codec_type.as_deref() == Some(kind));
    let height = of_type("video").and_then(|stream| stream.height).ok_or(MediaError::NoVideo)?;
    let seconds: f64 = probe
        .format
        .and_then(|format| format.duration?.parse().ok())
        .filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
        .unwrap_or_default();
    let duration_ms = Duration::from_secs_f64(seconds.min(f64::from(u32::MAX))).as_millis();
    Ok(Source {
        duration_ms: u64::try_from(duration_ms).unwrap_or_default(),
        height,
        has_audio: of_type("audio").is_some(),
    })
}

/// The HLS manifest.
pub(crate) const HLS: &str = "master.m3u8";
/// The HLS manifest of players that are steered.
pub(crate) const HLS_STEERED: &str = "steered.m3u8";
/// The DASH manifest of the same segments.
pub(crate) const DASH: &str = "manifest.mpd";

/// Makes segments in `directory` (fragmented MP4), with a manifest for HLS and one for DASH.
pub(crate) async fn package(
    file: &Path,
    source: Source,
    directory: &Path,
    scratch: &Path,
) -> Result<(), MediaError> {
    let mut command = Command::new(programs::find("ffmpeg").map_err(MediaError::Machine)?);
    command
        .current_dir(directory)
        .args(["-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file"])
        .args(["-format_whitelist", CONTAINERS, "-i"])
        .arg(file);
    for (index, (height, bit_rate)) in renditions(source.height).iter().enumerate() {
        // Both sides must be even; a source that is smaller is not blown up.
        command.args(["-map", "0:v:0", &format!("-filter:v:{index}"), &format!("scale=-2:{height}")]);
        // The first one is what the manifests say of it.
        for limit in ["b", "maxrate", "bufsize"] {
            command.args([format!("-{limit}:v:{index}").as_str(), bit_rate]);
        }
    }
    let mut sets = "id=0,streams=v".to_owned();
    if source.has_audio {
        command.args(["-map", "0:a:0"]);
        sets.push_str(" id=1,streams=a");
    }
    let key_frames = format!("expr:gte(t,n_forced*{SEGMENT_S})");
    command
        .args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-pix_fmt", "yuv420p"])
        .args(["-force_key_frames", &key_frames, "-sc_threshold", "0"])
        .args(["-c:a", "aac", "-b:a", "64k", "-ac", "2"])
        .args(["-f", "dash", "-seg_duration", &SEGMENT_S.to_string(), "-adaptation_sets", &sets])
        .args(["-init_seg_name", "init_$RepresentationID$.mp4"])
        .args(["-media_seg_name", "segment_$RepresentationID$_$Number%05d$.m4s"])
        .args(["-hls_playlist", "1", "-hls_master_name", HLS, DASH]);
    match run(command, &scratch.join("ffmpeg.log"), TRANSCODE_TIMEOUT).await? {
        true => Ok(()),
        false => Err(MediaError::Broken),
    }
}

/// How an image is scaled: it fits into this, and is not blown up. A JPEG has the whole range of colours, whatever the video has.
const PICTURE_SCALE: &str = "scale=w=min(640\\,iw):h=min(360\\,ih):force_original_aspect_ratio=decrease\
     :force_divisible_by=2:out_range=full";

/// Writes what a video shows at a time as a JPEG. A time at which it shows nothing gives no file, and is no reason to give the video up.
pub(crate) async fn picture(
    file: &Path,
    time_ms: u64,
    image: &Path,
    scratch: &Path,
) -> Result<(), MediaError> {
    let mut command = Command::new(programs::find("ffmpeg").map_err(MediaError::Machine)?);
    let at = format!("{time_ms}ms");
    command
        .args(["-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file"])
        .args(["-format_whitelist", CONTAINERS, "-ss", &at, "-i"])
        .arg(file)
        .args(["-map", "0:v:0", "-frames:v", "1", "-vf", PICTURE_SCALE])
        .args(["-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "4", "-f", "image2", "-update", "1"])
        .arg(image);
    run(command, &scratch.join("picture.log"), PROBE_TIMEOUT).await.map(drop)
}

/// The renditions for a source of this height: none is taller than the source, one there always is.
fn renditions(source_height: u32) -> Vec<(u32, &'static str)> {
    let (smallest, bit_rate) = (source_height.max(2) & !1, RENDITIONS[1].1);
    let fitting: Vec<_> = RENDITIONS.into_iter().filter(|(height, _)| *height <= source_height).collect();
    if fitting.is_empty() { vec![(smallest, bit_rate)] } else { fitting }
}

/// Runs a command with its output in a file; says whether it succeeded.
async fn run(mut command: Command, output: &Path, patience: Duration) -> Result<bool, MediaError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let file =
        File::create(output).map_err(LocalError::file("create", output)).map_err(MediaError::Machine)?;
    command.stdin(Stdio::null()).stdout(file).stderr(Stdio::null());
    let process = Process::spawn(command, Group::Own)
        .await
        .map_err(|source| MediaError::Machine(LocalError::Spawn { program, source }))?;
    match tokio::time::timeout(patience, process.wait()).await {
        Ok(status) => Ok(status.success()),
        Err(_) => {
            process.kill().await;
            Err(MediaError::TooLong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::renditions;

    #[test]
    fn no_rendition_is_taller_than_its_source() {
        let heights = |source| renditions(source).into_iter().map(|(height, _)| height).collect::<Vec<_>>();
        assert_eq!(heights(1080), [360, 180]);
        assert_eq!(heights(360), [360, 180]);
        assert_eq!(heights(240), [180]);
        assert_eq!(heights(121), [120]);
    }
}
