//! What Kafka refuses: it waits apart from the rest, by key or by topic, and is tried again with growing waits.

use crate::backoff::wait_after;
use crate::batch::Refusal;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Keys that are held one by one, per topic. Where more are refused, the topic is the reason, and is held
/// whole. Topics are few: they are granted by name.
const MAX_KEYS: usize = 16;

/// How much of a topic is held.
#[derive(Debug)]
enum Extent {
    Keys(BTreeSet<String>),
    Whole,
}

/// The keys and topics that are not read from the outbox for now. Only this relay's memory: another relay, or
/// the next process, finds out for itself.
#[derive(Debug, Default)]
pub(crate) struct Held {
    topics: BTreeMap<String, Extent>,
    /// The highest row that was refused.
    refused_to: i64,
    /// Up to this row events are published one at a time. Kafka takes or refuses as a whole what is sent to
    /// it together; alone, only the event that is refused is held.
    careful_to: Option<i64>,
    retry_at: Option<Instant>,
    failures: u32,
}

/// What a read of the outbox passes over.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Exclusions<'a> {
    pub topics: Vec<&'a str>,
    /// With `keys`, element by element.
    pub topics_of_keys: Vec<&'a str>,
    pub keys: Vec<&'a str>,
}

impl Held {
    pub(crate) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// Whether the next event is to be published alone.
    pub(crate) fn is_careful(&self) -> bool {
        self.careful_to.is_some()
    }

    /// When to let go what is held.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    pub(crate) fn exclusions(&self) -> Exclusions<'_> {
        let mut all = Exclusions::default();
        for (topic, extent) in &self.topics {
            match extent {
                Extent::Whole => all.topics.push(topic),
                Extent::Keys(keys) => {
                    all.topics_of_keys.extend(keys.iter().map(|_| topic.as_str()));
                    all.keys.extend(keys.iter().map(String::as_str));
                }
            }
        }
        all
    }

    /// The topics that are held whole.
    pub(crate) fn whole_topics(&self) -> Vec<String> {
        let whole = self.topics.iter().filter(|(_, extent)| matches!(extent, Extent::Whole));
        whole.map(|(topic, _)| topic.clone()).collect()
    }

    /// Takes note of what Kafka refused of a batch that ended with the row `last_id`, and of nothing having
    /// been refused.
    pub(crate) fn settle(&mut self, refusals: &[Refusal], last_id: i64, now: Instant) {
        for refusal in refusals {
            if refusal.is_own {
                self.hold(refusal, now);
            } else {
                self.careful_to = self.careful_to.max(Some(last_id));
            }
        }
        if refusals.is_empty() && self.topics.is_empty() && self.careful_to.is_none() {
            self.failures = 0;
        }
    }

    /// Takes note of how far the outbox was read; none where nothing was left to read.
    pub(crate) fn has_read(&mut self, last_id: Option<i64>) {
        self.careful_to = self.careful_to.filter(|to| last_id.is_some_and(|last| last <= *to));
    }

    /// Lets go what is held, but for the topics that are known to be missing.
    pub(crate) fn release(&mut self, missing: &[String], now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.topics.retain(|topic, _| missing.contains(topic));
        self.retry_at = (!self.topics.is_empty()).then(|| now + wait_after(self.failures));
        self.careful_to = self.careful_to.max(Some(self.refused_to));
    }

    /// The outbox is empty.
    pub(crate) fn forget(&mut self) {
        *self = Held::default();
    }

    fn hold(&mut self, refusal: &Refusal, now: Instant) {
        let extent =
            self.topics.entry(refusal.topic.clone()).or_insert_with(|| Extent::Keys(BTreeSet::new()));
        if let Extent::Keys(keys) = extent {
            keys.insert(refusal.key.clone());
            if refusal.fault.is_of_topic() || keys.len() > MAX_KEYS {
                *extent = Extent::Whole;
            }
        }
        self.refused_to = self.refused_to.max(refusal.id);
        // Later with each, so that all that must be held is held before any of it is let go.
        self.retry_at = Some(now + wait_after(self.failures));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcsp_kafka::KafkaFault;
    use std::time::Duration;

    fn refusal(id: i64, topic: &str, key: &str, code: &'static str) -> Refusal {
        Refusal {
            id,
            event_id: String::new(),
            topic: topic.to_owned(),
            key: key.to_owned(),
            fault: KafkaFault::Refused { code },
            is_own: true,
        }
    }

    fn too_large(id: i64, key: &str) -> Refusal {
        refusal(id, "t", key, "event-too-large")
    }

    #[test]
    fn a_refused_event_holds_its_key_and_a_refused_topic_all_of_its_keys() {
        let (mut held, now) = (Held::default(), Instant::now());
        held.settle(&[too_large(7, "a"), refusal(8, "u", "a", "unknown-topic")], 9, now);
        let expected = Exclusions { topics: vec!["u"], topics_of_keys: vec!["t"], keys: vec!["a"] };
        assert_eq!(held.exclusions(), expected);
        assert!(held.retry_at().is_some_and(|at| at > now) && !held.is_careful());
    }

    #[test]
    fn many_refused_keys_hold_their_topic_so_that_what_is_kept_is_bounded() {
        let (mut held, now) = (Held::default(), Instant::now());
        for n in 0..1_000 {
            held.settle(&[too_large(n, &n.to_string())], n, now);
        }
        assert_eq!(held.exclusions(), Exclusions { topics: vec!["t"], ..Exclusions::default() });
    }

    #[test]
    fn what_was_refused_together_is_tried_one_by_one_and_not_held() {
        let (mut held, now) = (Held::default(), Instant::now());
        held.settle(&[Refusal { is_own: false, ..too_large(7, "a") }], 9, now);
        assert!(held.is_empty() && held.is_careful());
        held.has_read(Some(9));
        assert!(held.is_careful());
        held.has_read(Some(10));
        assert!(!held.is_careful());
    }

    #[test]
    fn what_is_let_go_is_tried_one_by_one_and_a_missing_topic_stays() {
        let (mut held, now) = (Held::default(), Instant::now());
        held.settle(&[too_large(7, "a"), refusal(8, "u", "a", "unknown-topic")], 9, now);
        held.release(&["u".to_owned()], now);
        assert_eq!(held.exclusions(), Exclusions { topics: vec!["u"], ..Exclusions::default() });
        assert!(held.retry_at().is_some() && held.is_careful());
        held.release(&[], now);
        assert!(held.is_empty() && held.retry_at().is_none());
        held.has_read(None);
        assert!(!held.is_careful());
    }

    #[test]
    fn waits_grow_until_a_round_without_refusals() {
        let (mut held, now) = (Held::default(), Instant::now());
        for _ in 0..20 {
            held.settle(&[too_large(7, "a")], 7, now);
            held.release(&[], now);
        }
        held.settle(&[too_large(7, "a")], 7, now);
        assert!(held.retry_at().is_some_and(|at| at >= now + Duration::from_secs(2)));
        held.release(&[], now);
        held.has_read(None);
        held.settle(&[], 8, now);
        held.settle(&[too_large(9, "a")], 9, now);
        assert!(held.retry_at().is_some_and(|at| at <= now + Duration::from_millis(50)));
    }
}
