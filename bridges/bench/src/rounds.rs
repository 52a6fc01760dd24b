//! Rounds: the sides of a comparison take turns, so that what else the machine does hits both alike.

use std::fmt;

/// Values of one side over the rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// A figure that is made of many, of which only the result is kept.
    pub fn one(value: f64) -> Self {
        Samples(vec![value])
    }

    /// The first one, and those after it.
    pub fn first_and_rest(self) -> (f64, Samples) {
        let mut samples = self.0.into_iter();
        (samples.next().unwrap_or(f64::NAN), Samples(samples.collect()))
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The quartiles alone: of many samples the extremes tell of the machine only.
    pub fn quartiles(&self) -> Self {
        Samples(vec![self.quantile(0.25), self.quantile(0.5), self.quantile(0.75)])
    }

    /// Between the two nearest samples, in proportion.
    fn quantile(&self, quantile: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let place = quantile * sorted.len().saturating_sub(1) as f64;
        let at = |index: f64| sorted.get(index as usize).copied().unwrap_or(f64::NAN);
        let (below, above) = (at(place.floor()), at(place.ceil()));
        below + (above - below) * place.fract()
    }

    /// The least and the greatest.
    fn spread(&self) -> (f64, f64) {
        let fold = |pick: fn(f64, f64) -> f64| self.0.iter().copied().reduce(pick).unwrap_or(f64::NAN);
        (fold(f64::min), fold(f64::max))
    }

    /// Round by round, this over the other: what both sides suffered together cancels out.
    pub fn over(&self, other: &Samples) -> Self {
        Samples(self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect())
    }

    /// Round by round, this without the other.
    pub fn minus(&self, other: &Samples) -> Self {
        Samples(self.0.iter().zip(&other.0).map(|(a, b)| a - b).collect())
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.median() {
            value if value >= 100.0 => 0,
            value if value >= 10.0 => 1,
            // A cost of some per mille must be seen.
            value if (0.98..1.02).contains(&value) => 4,
            _ => 2,
        };
        write!(f, "{:.digits$}", self.median())?;
        let (least, greatest) = self.spread();
        if self.0.len() > 1 {
            write!(f, " ({least:.digits$} to {greatest:.digits$})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_the_ratio_goes_by_rounds() {
        let a = Samples(vec![2.0, 8.0, 4.0]);
        let b = Samples(vec![1.0, 4.0, 4.0]);
        assert_eq!(a.median(), 4.0);
        assert_eq!(Samples(vec![1.0, 2.0]).median(), 1.5);
        assert_eq!(a.over(&b).to_string(), "2.00 (1.00 to 2.00)");
    }

    #[test]
    fn quartiles_leave_the_extremes_out() {
        let samples = Samples((1..=9).map(f64::from).chain([1000.0]).collect());
        assert_eq!(samples.quartiles().0, [3.25, 5.5, 7.75]);
        assert!(Samples::default().median().is_nan());
    }
}
