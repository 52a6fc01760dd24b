//! Which traces are recorded: decided once, where a trace begins.

use crate::context::SpanContext;
use std::str::FromStr;

/// Which traces are recorded. The names are those of `OTEL_TRACES_SAMPLER`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    /// Of a trace that begins here. `1.0` is all, `0.0` is none.
    ratio: f64,
    /// Whether whoever asks decides instead.
    follows_parent: bool,
}

/// A name that is none of a sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown sampler")]
pub struct UnknownSampler;

impl Sampler {
    /// The sampler without its argument: of those that take one, all traces.
    pub const fn new(ratio: f64, follows_parent: bool) -> Self {
        Sampler { ratio, follows_parent }
    }

    /// The same for another part of the traces, where it is for a part.
    pub(crate) fn with_ratio(self, ratio: f64) -> Self {
        Sampler { ratio, ..self }
    }

    /// Whether a span is recorded. The trace's id decides, so that all that decide by the same ratio decide alike.
    pub(crate) fn samples(self, trace_id: u128, parent: Option<&SpanContext>) -> bool {
        match parent {
            Some(parent) if self.follows_parent => parent.sampled,
            // The lower half alone must be random (W3C Trace Context, section 3.2.2.3.1). Its upper 53 bits are a fraction of 1
            // that a number holds exactly, and below the ratio as often as the ratio says.
            Some(_) | None => (((trace_id as u64) >> 11) as f64) / ((1_u64 << 53) as f64) < self.ratio,
        }
    }
}

impl FromStr for Sampler {
    type Err = UnknownSampler;

    fn from_str(name: &str) -> Result<Self, UnknownSampler> {
        Ok(match name {
            "always_on" | "traceidratio" => Sampler::new(1.0, false),
            "always_off" => Sampler::new(0.0, false),
            "parentbased_always_on" | "parentbased_traceidratio" => Sampler::new(1.0, true),
            "parentbased_always_off" => Sampler::new(0.0, true),
            _ => return Err(UnknownSampler),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parent(sampled: bool) -> Option<SpanContext> {
        Some(SpanContext { trace_id: 1, span_id: 1, sampled, state: None })
    }

    #[test]
    fn a_parent_decides_where_it_is_followed() {
        let by_parent: Sampler = "parentbased_always_off".parse().unwrap();
        assert!(by_parent.samples(1, parent(true).as_ref()) && !by_parent.samples(1, None));
        let by_parent: Sampler = "parentbased_always_on".parse().unwrap();
        assert!(!by_parent.samples(u128::MAX, parent(false).as_ref()) && by_parent.samples(u128::MAX, None));
        let by_itself: Sampler = "always_off".parse().unwrap();
        assert!(!by_itself.samples(0, parent(true).as_ref()) && !by_itself.samples(0, None));
        let by_itself: Sampler = "always_on".parse().unwrap();
        assert!(by_itself.samples(u128::MAX, parent(false).as_ref()));
        assert_eq!("sometimes".parse::<Sampler>(), Err(UnknownSampler));
    }

    #[test]
    fn a_ratio_is_of_the_traces() {
        let tenth = Sampler::new(1.0, false).with_ratio(0.1);
        // Evenly spread over all ids.
        let step = u128::from(u64::MAX) / 1_000;
        let ids = (0..1_000).map(|n| n * step + step / 2);
        let sampled = ids.filter(|id| tenth.samples(*id, None)).count();
        assert_eq!(sampled, 100);
    }
}
