//! Where and how a cue is shown: what stands behind its times.

use super::is_number;

/// A setting's name, and what it may say.
type Setting = (&'static str, fn(&str) -> bool);

const SETTINGS: [Setting; 6] = [
    ("vertical", |value| matches!(value, "rl" | "lr")),
    ("line", |value| {
        is_aligned(value, |line| is_line(line) || is_percentage(line), &["start", "center", "end"])
    }),
    ("position", |value| is_aligned(value, is_percentage, &["line-left", "center", "line-right"])),
    ("size", is_percentage),
    ("align", |value| matches!(value, "start" | "center" | "end" | "left" | "right")),
    ("region", |name| !name.is_empty()),
];

/// Whether these are settings, each once.
pub(super) fn are_settings(text: &str) -> bool {
    let mut left = SETTINGS.to_vec();
    text.split_ascii_whitespace().all(|setting| {
        let Some((name, value)) = setting.split_once(':') else { return false };
        let place = left.iter().position(|(known, _)| *known == name);
        place.is_some_and(|place| (left.swap_remove(place).1)(value))
    })
}

/// Whether it is a place, alone or with what of the cue is to be there.
fn is_aligned(value: &str, is_place: impl Fn(&str) -> bool, alignments: &[&str]) -> bool {
    match value.split_once(',') {
        None => is_place(value),
        Some((place, alignment)) => is_place(place) && alignments.contains(&alignment),
    }
}

/// A line of the picture, from its top or from its bottom.
fn is_line(value: &str) -> bool {
    is_number(value.strip_prefix('-').unwrap_or(value))
}

fn is_percentage(value: &str) -> bool {
    let Some(number) = value.strip_suffix('%') else { return false };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    is_number(whole) && is_number(fraction) && number.parse::<f64>().is_ok_and(|number| number <= 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_those_of_webvtt_each_once() {
        for good in [
            "",
            "align:start",
            "line:0 position:10%,line-left align:left size:35%",
            "line:-1,end vertical:rl region:fred",
            "line:12.5%,center\tposition:100%",
        ] {
            assert!(are_settings(good), "{good}");
        }
        for bad in [
            "align",
            "align:",
            "align:middle",
            "align:start align:end",
            "colour:red",
            "size:101%",
            "size:10",
            "size:.5%",
            "size:1e1%",
            "position:10%,start",
            "line:--1",
            "vertical:up",
            "region:",
            "X1:40 X2:600",
        ] {
            assert!(!are_settings(bad), "{bad}");
        }
    }
}
