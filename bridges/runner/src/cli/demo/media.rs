//! The video: made with ffmpeg, and played as a player would.

use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::process::Command;

/// Eight seconds of moving picture and a tone, of more than one part's size.
const MAKE: &str = "-f lavfi -i testsrc2=size=1280x720:rate=25:duration=8 -f lavfi -i sine=frequency=440:duration=8 \
    -c:v libx264 -preset ultrafast -b:v 8M -minrate 8M -maxrate 8M -bufsize 8M -pix_fmt yuv420p -c:a aac -shortest \
    -movflags +faststart -y";

/// The named video, or one that is made.
pub(super) async fn video(named: Option<PathBuf>, directory: &Path) -> anyhow::Result<PathBuf> {
    if let Some(path) = named {
        ensure!(path.is_file(), "{} is not a file", path.display());
        return Ok(path);
    }
    let begun = Instant::now();
    let path = directory.join("demo.mp4");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-hide_banner", "-loglevel", "error"]).args(MAKE.split_whitespace()).arg(&path);
    output(ffmpeg).await?;
    let length = std::fs::metadata(&path)?.len();
    println!("{:>6.0} ms  make a video of {length} bytes", begun.elapsed().as_secs_f64() * 1e3);
    Ok(path)
}

/// Reads what the manifest says.
pub(super) async fn probe(url: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut ffprobe = Command::new("ffprobe");
    ffprobe.args(["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", url]);
    let streams = output(ffprobe).await?;
    let streams: Vec<&str> = streams.split_whitespace().collect();
    ensure!(!streams.is_empty(), "ffprobe finds no stream");
    println!("\n{:>6.0} ms  ffprobe reads the signed manifest", begun.elapsed().as_secs_f64() * 1e3);
    println!("     {}", streams.join(" | "));
    Ok(())
}

/// Decodes everything.
pub(super) async fn decode(url: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-hide_banner", "-loglevel", "error", "-xerror", "-i", url, "-f", "null", "-"]);
    output(ffmpeg).await?;
    println!("\n{:>6.0} ms  the whole stream decodes", begun.elapsed().as_secs_f64() * 1e3);
    Ok(())
}

async fn output(mut command: Command) -> anyhow::Result<String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output =
        command.output().await.with_context(|| format!("cannot run {program}: run scripts/setup"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program}: {}", said.lines().next_back().unwrap_or("failed"));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
