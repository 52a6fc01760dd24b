//! The bill as a chart: what an instance of each component costs in a month, always there and dropped when nobody asks.

use super::bill::{Bill, Item};
use std::fmt::Write;

const WIDTH: f64 = 900.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 84.0;
/// Of one component, with its two bars.
const ROW: f64 = 40.0;
const BAR: f64 = 14.0;
const ALWAYS_ON: &str = "#b6c2cf";
const DROPPED: &str = "#1f6f54";

/// A document of its own. Names of components need no escaping: they are lower-case letters, digits and hyphens.
pub(super) fn svg(bill: &Bill) -> String {
    let height = TOP + ROW * bill.components.len() as f64 + 16.0;
    let most = bill.components.iter().map(|item| item.monthly.always_on).fold(0.0, f64::max);
    let scale = if most > 0.0 { (WIDTH - LEFT - RIGHT) / most } else { 0.0 };
    let mut out = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13" fill="#1c2733">
<title>What an instance of each function costs in a month</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="16" y="28" font-size="17" font-weight="bold">One instance of each function, for 30 days</text>
<rect x="16" y="44" width="{BAR}" height="{BAR}" fill="{ALWAYS_ON}"/><text x="36" y="56">always there: {:.2}</text>
<rect x="216" y="44" width="{BAR}" height="{BAR}" fill="{DROPPED}"/><text x="236" y="56">there while it is asked: {:.2}</text>
<text x="{WIDTH}" dx="-16" y="56" text-anchor="end" fill="#5b6875">as in the last {}</text>
"##,
        bill.total.monthly.always_on,
        bill.total.monthly.dropped,
        lasting(bill.up_s),
    );
    for (index, item) in bill.components.iter().enumerate() {
        bars(&mut out, item, TOP + ROW * index as f64, scale);
    }
    out.push_str("</svg>\n");
    out
}

fn bars(out: &mut String, item: &Item, top: f64, scale: f64) {
    let (always_on, dropped) = (item.monthly.always_on * scale, item.monthly.dropped * scale);
    let saved = item.saved_percent.map_or_else(|| "-".to_owned(), |saved| format!("{saved:.1} % saved"));
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        r#"<text x="{}" y="{}" text-anchor="end">{}</text><rect x="{LEFT}" y="{top}" width="{always_on:.1}" height="{BAR}" fill="{ALWAYS_ON}"/><rect x="{LEFT}" y="{}" width="{dropped:.1}" height="{BAR}" fill="{DROPPED}"/><text x="{:.1}" y="{}">{saved}</text>"#,
        LEFT - 10.0,
        top + BAR + 5.0,
        item.component,
        top + BAR + 1.0,
        LEFT + always_on + 8.0,
        top + BAR + 5.0,
    );
}

fn lasting(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3_600.0),
    }
}
