//! The table, and the page that keeps it.

use crate::rounds::Samples;
use crate::rows::Bench;
use anyhow::Context;
use std::fmt;
use std::path::Path;

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// One figure.
#[derive(Debug)]
pub(crate) struct Row {
    pub figure: String,
    pub samples: Samples,
    /// `""` for a ratio
    pub unit: &'static str,
    pub goal: Option<Goal>,
    /// What the figure was made of.
    pub made_of: String,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn met(self, value: f64) -> bool {
        match self {
            Goal::AtLeast(least) => value >= least,
            Goal::AtMost(most) => value <= most,
        }
    }
}

impl Row {
    fn verdict(&self) -> &'static str {
        match self.goal {
            None => "",
            Some(goal) if goal.met(self.samples.median()) => "yes",
            Some(_) => "**no**",
        }
    }

    fn goal(&self) -> String {
        match self.goal {
            None => String::new(),
            Some(Goal::AtLeast(least)) => format!("≥ {least}{}", self.unit),
            Some(Goal::AtMost(most)) => format!("≤ {most}{}", self.unit),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (goal, verdict) = (self.goal(), self.verdict());
        write!(f, "{} | {}{} | {goal} | {verdict} | {}", self.figure, self.samples, self.unit, self.made_of)
    }
}

/// The table, with what it was measured on and how.
pub(crate) fn render(rows: &[Row], machine: &str, bench: &Bench) -> String {
    let mut text = format!(
        "Measured on {machine}; {} rounds, {} s of load on each side in each. Median (least to greatest).\n\n\
         | figure | measured | goal | met | made of |\n|---|---|---|---|---|\n",
        bench.rounds,
        bench.load.as_secs(),
    );
    for row in rows {
        text.push_str(&format!("| {row} |\n"));
    }
    text
}

/// Puts the table between the page's markers.
pub(crate) fn keep(path: &Path, table: &str) -> anyhow::Result<()> {
    let page = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let kept = replaced(&page, table)
        .with_context(|| format!("{} does not have the lines {BEGIN} and {END}", path.display()))?;
    std::fs::write(path, kept).with_context(|| format!("cannot write {}", path.display()))
}

fn replaced(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let page = format!("# Title\n{BEGIN}\nold\n{END}\nprose\n");
        assert_eq!(replaced(&page, "new\n").unwrap(), format!("# Title\n{BEGIN}\nnew\n{END}\nprose\n"));
        assert_eq!(replaced("no markers", "new"), None);
    }

    #[test]
    fn a_goal_is_met_at_its_bound() {
        assert!(Goal::AtLeast(0.85).met(0.85) && !Goal::AtLeast(0.85).met(0.84));
        assert!(Goal::AtMost(5.0).met(5.0) && !Goal::AtMost(5.0).met(5.1));
    }
}
