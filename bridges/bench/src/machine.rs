//! What the figures were measured on.

use std::fs;
use std::process::Command;

/// One line.
pub(crate) fn describe() -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism()?;
    let cpu = first_value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory_kib: u64 = first_value("/proc/meminfo", "MemTotal")
        .and_then(|value| value.trim_end_matches(" kB").parse().ok())
        .unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let rustc = Command::new("rustc").arg("--version").output()?;
    let rustc = String::from_utf8_lossy(&rustc.stdout);
    Ok(format!(
        "{cores} cores of {cpu}, {} GiB, Linux {}, {}",
        memory_kib.div_ceil(1 << 20),
        kernel.trim(),
        rustc.split(" (").next().unwrap_or_default().trim(),
    ))
}

fn first_value(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
